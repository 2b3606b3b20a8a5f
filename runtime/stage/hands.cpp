// What a person may order, and how far it reaches: a pause stops increases only, a promotion goes
// through the journal and past no hold, a trigger is stopped by name, until a time.
#include "runtime/stage/step_parts.h"

namespace rel::stage {
namespace {

Decision& emit_hand(Step& step, DecisionKind kind, const HandCommand& command) {
  Decision& decision = emit(step, kind, {.reason = Reason::by_hand});
  decision.hand = command.sequence;
  return decision;
}

bool has_ended(Phase phase) {
  return phase == Phase::rolled_back || phase == Phase::withdrawn || phase == Phase::completed;
}

HandRefusal pause(Step& step, const HandCommand& command) {
  EngineState& state = step.state;
  if (has_ended(state.phase)) return HandRefusal::not_running;
  if (state.paused) return HandRefusal::already_paused;
  state.paused = 1;
  state.pending = Raise{};  // also what is being written: it has not taken effect
  void_wish(state, HandRefusal::paused);
  emit_hand(step, DecisionKind::paused, command);
  return HandRefusal::none;
}

HandRefusal resume(Step& step, const HandCommand& command) {
  if (has_ended(step.state.phase)) return HandRefusal::not_running;
  if (!step.state.paused) return HandRefusal::not_paused;
  step.state.paused = 0;
  emit_hand(step, DecisionKind::resumed, command);
  return HandRefusal::none;
}

// Only noted here: the tick that follows asks for the raise, with its evidence, or says why not.
HandRefusal promote(Step& step, const HandCommand& command) {
  EngineState& state = step.state;
  if (state.phase != Phase::running) return HandRefusal::not_running;
  if (state.paused) return HandRefusal::paused;
  const bool ahead = command.stage.is_none() || (command.stage > state.stage &&
                                                 command.stage.value < step.plan.stages.size());
  if (!ahead) return HandRefusal::not_ahead;
  state.pending = Raise{};  // a person decides how far, not what was about to happen
  state.wish = {.sequence = command.sequence, .stage = command.stage, .state = WishState::open};
  return HandRefusal::none;
}

bool stops_something(const Trigger& trigger) {
  switch (trigger.action) {
    case TriggerAction::rollback:
    case TriggerAction::hold:
    case TriggerAction::alert: return true;
    case TriggerAction::promote:
    case TriggerAction::step: return false;
  }
  return false;
}

HandRefusal overrule(Step& step, const HandCommand& command) {
  EngineState& state = step.state;
  if (has_ended(state.phase)) return HandRefusal::not_running;
  const uint32_t id = command.trigger.value;
  if (id >= step.plan.triggers.size() || !stops_something(step.plan.triggers[id])) {
    return HandRefusal::no_such_trigger;
  }
  const bool in_range = command.until_ns > step.now_ns &&
                        command.until_ns - step.now_ns <= limits::duration_ns_max;
  if (!in_range) return HandRefusal::end_out_of_range;
  state.overruled_until_ns[id] = command.until_ns;
  emit_hand(step, DecisionKind::overridden, command).trigger = command.trigger;
  return HandRefusal::none;
}

HandRefusal go_back(Step& step, const HandCommand& command) {
  const Phase phase = step.state.phase;
  const bool exposed = phase == Phase::running || phase == Phase::completed;
  if (command.kind == HandKind::abort) {
    if (has_ended(phase)) return HandRefusal::not_running;
    end_release(step.state, Phase::withdrawn);
    emit_hand(step, DecisionKind::aborted, command);
    return HandRefusal::none;
  }
  if (!exposed) return HandRefusal::not_running;
  if (command.kind == HandKind::rollback) {
    roll_back(step, {.reason = Reason::by_hand}).hand = command.sequence;
    return HandRefusal::none;
  }
  end_release(step.state, Phase::withdrawn);
  emit_hand(step, DecisionKind::withdrawn, command);
  return HandRefusal::none;
}

HandRefusal take(Step& step, const HandCommand& command) {
  if (command.epoch != step.state.epoch) return HandRefusal::epoch_passed;
  switch (command.kind) {
    case HandKind::none: return HandRefusal::none;
    case HandKind::pause: return pause(step, command);
    case HandKind::resume: return resume(step, command);
    case HandKind::promote: return promote(step, command);
    case HandKind::overrule: return overrule(step, command);
    case HandKind::rollback:
    case HandKind::withdraw:
    case HandKind::abort: return go_back(step, command);
  }
  return HandRefusal::none;
}

}  // namespace

void take_hand(Step& step, const HandCommand& command) {
  HandTaken& taken = step.state.hands_taken[static_cast<size_t>(lane_of(command.kind))];
  if (command.sequence <= taken.sequence) return;
  taken = {.sequence = command.sequence, .refusal = take(step, command)};
}

}  // namespace rel::stage
