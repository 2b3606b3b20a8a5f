// One tick of the stage machine, a function a phase: rollback beats hold, hold beats promote.
#include <algorithm>

#include "runtime/stage/gates.h"
#include "runtime/stage/permission.h"
#include "runtime/stage/stage_end.h"
#include "runtime/stage/step_parts.h"

namespace rel {
namespace {

using stage::DecisionCause;
using TickStep = stage::Step;

// Bits of TriggerState::alerted: an alert for being true, and one for each cause of being unknown.
constexpr uint8_t alerted_true = 8;
// Decisions of a tick kept free of alerts, so that a hold and a raise always fit.
constexpr uint32_t decisions_reserved = 8;

struct Hold {
  bool any = false;
  DecisionCause why;
};

Verdict verdict_of(const TickStep& step, PredicateId predicate) {
  return step.verdicts->predicates[predicate.value];
}

const Stage& present_stage(const TickStep& step) {
  return step.plan.stages[step.state.stage.value];
}

int64_t time_in_stage(const TickStep& step) {
  return step.now_ns - step.state.stage_entered_ns;
}

// A trigger that a person has overruled is still read, but does nothing.
bool is_overruled(const TickStep& step, TriggerId id) {
  return step.now_ns < step.state.overruled_until_ns[id.value];
}

bool acts(const TickStep& step, TriggerId id) {
  const Trigger& trigger = step.plan.triggers[id.value];
  if (!stage::belongs_to(trigger, step.state.stage)) return false;
  if (trigger.after_share_millionths == 0) return time_in_stage(step) >= trigger.after_ns;
  const int64_t since_ns = step.state.triggers[id.value].share_since_ns;
  return since_ns != 0 && step.now_ns - since_ns >= trigger.after_ns;
}

// Calls `visit(trigger, state, id)` for the triggers of one action that act now, in order.
template <typename Visit>
void each_trigger(TickStep& step, TriggerAction action, Visit visit) {
  for (uint32_t i = 0; i < step.plan.triggers.size(); ++i) {
    const Trigger& trigger = step.plan.triggers[i];
    if (trigger.action == action && acts(step, TriggerId{i}) &&
        !is_overruled(step, TriggerId{i})) {
      visit(trigger, step.state.triggers[i], TriggerId{i});
    }
  }
}

bool is_true(const TickStep& step, const Trigger& trigger) {
  return verdict_of(step, trigger.when) == Verdict::is_true;
}

// An outage of what both arms share: the condition is true of the baseline as well.
bool is_shared(const TickStep& step, const Trigger& trigger) {
  if (trigger.even_if_baseline || trigger.baseline_when.is_none()) return false;
  return is_true(step, trigger) && verdict_of(step, trigger.baseline_when) == Verdict::is_true;
}

// -- time

// After a clock gap nothing has been watched; when the clock was set back, durations stay right.
void settle_clock(TickStep& step) {
  EngineState& state = step.state;
  if (!stage::is_clock_gap(state, step.now_ns)) return;
  for (uint32_t i = 0; i < step.plan.triggers.size(); ++i) {
    state.triggers[i].since_ns = 0;
    state.triggers[i].unknown_since_ns = 0;
  }
  if (step.now_ns >= state.last_tick_ns) return;
  const int64_t set_back = state.last_tick_ns - step.now_ns;
  for (uint32_t i = 0; i < step.plan.triggers.size(); ++i) {
    int64_t& since_ns = state.triggers[i].share_since_ns;
    if (since_ns != 0) since_ns -= set_back;
  }
  state.stage_entered_ns -= set_back;
  state.step_entered_ns -= set_back;
  state.held_since_ns -= set_back;
  state.raise_not_before_ns -= set_back;
}

void advance_clocks(TickStep& step) {
  EngineState& state = step.state;
  if (stage::is_clock_gap(state, step.now_ns)) return;
  state.stage_clock_ns += step.now_ns - std::max(state.last_tick_ns, state.stage_entered_ns);
  state.step_clock_ns += step.now_ns - std::max(state.last_tick_ns, state.step_entered_ns);
}

// -- triggers

void observe_trigger(const TickStep& step, TriggerId id) {
  const Trigger& trigger = step.plan.triggers[id.value];
  TriggerState& state = step.state.triggers[id.value];
  if (trigger.after_share_millionths != 0 && state.share_since_ns == 0 &&
      stage::share_of(step.plan, step.state.stage, step.state.step) >=
          trigger.after_share_millionths) {
    state.share_since_ns = step.state.step_entered_ns;
  }
  const Verdict when = verdict_of(step, trigger.when);
  const bool pending = verdict_of(step, trigger.condition) == Verdict::is_true;
  if (!pending) state.since_ns = 0;
  else if (state.since_ns == 0) state.since_ns = step.now_ns;

  if (!is_unknown(when) || !acts(step, id) || is_overruled(step, id)) {
    state.unknown_since_ns = 0;
  } else if (state.unknown_since_ns == 0 || state.verdict != static_cast<uint8_t>(when)) {
    state.unknown_since_ns = step.now_ns;
  }
  if (when == Verdict::is_false) state.alerted = 0;
  if (!is_unknown(when)) state.alerted &= alerted_true;
  if (when != Verdict::is_true) state.shared = 0;
  state.verdict = static_cast<uint8_t>(when);
}

void observe_triggers(TickStep& step) {
  for (uint32_t i = 0; i < step.plan.triggers.size(); ++i) {
    const Trigger& trigger = step.plan.triggers[i];
    if (stage::belongs_to(trigger, step.state.stage)) {
      observe_trigger(step, TriggerId{i});
    }
  }
}

// -- the way back

void go_back(TickStep& step, const DecisionCause& why) {
  Decision& decision = stage::roll_back(step, why);
  if (why.trigger.is_none()) return;
  const Trigger& trigger = step.plan.triggers[why.trigger.value];
  stage::add_alone_evidence(step, trigger.baseline_when, decision);
  stage::add_evidence(step, trigger.when, decision);
}

bool roll_back_if_true(TickStep& step) {
  DecisionCause why;
  each_trigger(step, TriggerAction::rollback, [&](const Trigger& trigger, TriggerState& state,
                                                  TriggerId id) {
    if (!why.trigger.is_none() || !is_true(step, trigger) || is_shared(step, trigger)) return;
    why = {Reason::trigger_true, id, cause_none, state.since_ns};
  });
  if (why.trigger.is_none()) return false;
  go_back(step, why);
  return true;
}

// -- unknown

struct UnknownEffect {
  UnknownAction action = UnknownAction::hold;
  bool also_hold = false;  // an alert while the hold goes on
  bool long_enough = false;
};

// The inner rule wins: that of the trigger, of the stage, of the release. Overrides of triggers
// stand before those of stages.
const UnknownRule& rule_for(const TickStep& step, TriggerId trigger, Cause cause) {
  const uint8_t index = cause == cause_source_error ? 2 : cause == cause_no_data ? 1 : 0;
  for (const UnknownOverride& inner : step.plan.unknown_overrides) {
    if (inner.cause != index) continue;
    if (inner.trigger.is_none() ? inner.stage == step.state.stage : inner.trigger == trigger) {
      return inner.rule;
    }
  }
  return step.plan.unknown[index];
}

UnknownEffect effect_of(const UnknownRule& rule, int64_t unknown_ns) {
  if (rule.up_to_ns == 0 || unknown_ns < rule.up_to_ns) return {.action = rule.action};
  return {.action = rule.then, .also_hold = rule.action == UnknownAction::hold,
          .long_enough = true};
}

// Calls `visit(effect, why, state)` for every rollback and hold trigger that is unknown.
template <typename Visit>
void each_unknown(TickStep& step, Visit visit) {
  for (const TriggerAction action : {TriggerAction::rollback, TriggerAction::hold}) {
    each_trigger(step, action, [&](const Trigger& trigger, TriggerState& state, TriggerId id) {
      const Cause cause = cause_of(verdict_of(step, trigger.when));
      if (cause == cause_none) return;
      const UnknownEffect effect =
          effect_of(rule_for(step, id, cause), step.now_ns - state.unknown_since_ns);
      const Reason reason =
          effect.long_enough ? Reason::trigger_unknown_long : Reason::trigger_unknown;
      visit(effect, DecisionCause{reason, id, cause, state.unknown_since_ns}, state);
    });
  }
}

bool roll_back_if_unknown(TickStep& step) {
  DecisionCause why;
  each_unknown(step, [&](const UnknownEffect& effect, const DecisionCause& cause, TriggerState&) {
    if (why.trigger.is_none() && effect.action == UnknownAction::rollback) why = cause;
  });
  if (why.trigger.is_none()) return false;
  go_back(step, why);
  return true;
}

// -- hold

// The tick at which `at most` is full may still leave the stage; a hold begins after it.
bool is_overdue_hold(const TickStep& step) {
  const Stage& row = present_stage(step);
  return row.otherwise == Otherwise::hold && stage::has_limit(row, step.state) &&
         time_in_stage(step) > row.at_most_ns;
}

// What holds the release at this tick; the first in the order of precedence is named.
Hold find_hold(TickStep& step) {
  Hold hold;
  const auto hold_because = [&](const DecisionCause& why) {
    if (!hold.any) hold = {true, why};
  };
  each_trigger(step, TriggerAction::rollback, [&](const Trigger& trigger, TriggerState& state,
                                                  TriggerId id) {
    if (!is_shared(step, trigger)) return;
    hold_because({Reason::baseline_also_true, id, cause_none, state.since_ns});
  });
  each_trigger(step, TriggerAction::hold, [&](const Trigger& trigger, TriggerState& state,
                                              TriggerId id) {
    if (!is_true(step, trigger)) return;
    hold_because({Reason::trigger_true, id, cause_none, state.since_ns});
  });
  each_unknown(step, [&](const UnknownEffect& effect, const DecisionCause& why, TriggerState&) {
    if (effect.action == UnknownAction::hold || effect.also_hold) hold_because(why);
  });
  if (is_overdue_hold(step)) {
    hold_because({.reason = Reason::stage_overdue, .since_ns = step.state.stage_entered_ns});
  }
  return hold;
}

void add_trigger_evidence(const TickStep& step, TriggerId trigger, Decision& decision) {
  if (trigger.is_none()) return;
  stage::add_evidence(step, step.plan.triggers[trigger.value].when, decision);
}

void begin_hold(TickStep& step, const DecisionCause& why) {
  EngineState& state = step.state;
  state.held_by = why.trigger;
  state.pending = Raise{};  // hold beats promote, also when its record is still being written
  stage::void_wish(state, HandRefusal::held);
  if (state.holding) return;
  state.holding = 1;
  state.held_since_ns = step.now_ns;
  add_trigger_evidence(step, why.trigger, stage::emit(step, DecisionKind::held, why));
}

void end_hold(TickStep& step) {
  EngineState& state = step.state;
  if (!state.holding) return;
  const DecisionCause why{Reason::nothing_holds, state.held_by, cause_none, state.held_since_ns};
  state.holding = 0;
  state.held_by = TriggerId{};
  state.held_since_ns = 0;
  add_trigger_evidence(step, why.trigger, stage::emit(step, DecisionKind::resumed, why));
}

// -- alerts: once a run of what they are about

void alert(TickStep& step, DecisionKind kind, const DecisionCause& why, uint8_t& given,
           uint8_t bit) {
  if (given & bit) return;
  // No room: the alert is given at the next tick.
  if (step.output.decision_count + decisions_reserved >= decisions_per_step_max) return;
  given |= bit;
  add_trigger_evidence(step, why.trigger, stage::emit(step, kind, why));
}

void give_alerts(TickStep& step) {
  each_trigger(step, TriggerAction::rollback, [&](const Trigger& trigger, TriggerState& state,
                                                  TriggerId id) {
    if (!is_shared(step, trigger)) return;
    alert(step, DecisionKind::shared_degradation,
          {Reason::baseline_also_true, id, cause_none, state.since_ns}, state.shared, 1);
  });
  each_unknown(step, [&](const UnknownEffect& effect, const DecisionCause& why,
                         TriggerState& state) {
    if (effect.action != UnknownAction::alert) return;
    alert(step, DecisionKind::alerted, why, state.alerted, why.cause);
  });
  each_trigger(step, TriggerAction::alert, [&](const Trigger& trigger, TriggerState& state,
                                               TriggerId id) {
    if (!is_true(step, trigger)) return;
    alert(step, DecisionKind::alerted, {Reason::trigger_true, id, cause_none, state.since_ns},
          state.alerted, alerted_true);
  });
}

// -- going on

// A rollback condition that is true and waits for its `for` stops increases, not the clock.
bool rollback_is_pending(TickStep& step) {
  bool pending = false;
  each_trigger(step, TriggerAction::rollback,
               [&](const Trigger& trigger, TriggerState&, TriggerId) {
                 pending |= verdict_of(step, trigger.condition) == Verdict::is_true;
               });
  return pending;
}

bool all_true(TickStep& step, TriggerAction action) {
  bool all = true;
  each_trigger(step, action, [&](const Trigger& trigger, TriggerState&, TriggerId) {
    all &= is_true(step, trigger);
  });
  // A gate that does not act yet is not passed.
  for (uint32_t i = 0; i < step.plan.triggers.size(); ++i) {
    const Trigger& trigger = step.plan.triggers[i];
    const bool here = stage::belongs_to(trigger, step.state.stage);
    all &= trigger.action != action || !here || acts(step, TriggerId{i});
  }
  return all;
}

// `at most` counts all time in the stage, held or not.
bool is_overdue(const TickStep& step) {
  const Stage& row = present_stage(step);
  return row.otherwise != Otherwise::none && stage::has_limit(row, step.state) &&
         time_in_stage(step) >= row.at_most_ns;
}

bool step_is_over(TickStep& step) {
  const Stage& here = present_stage(step);
  const Step& row = step.plan.steps[here.steps.at(step.state.step).value];
  if (step.state.step_clock_ns < row.duration_ns) return false;
  if (step.state.step_samples < here.step_samples_min) return false;
  // The gate of a switch has been passed with it.
  return stage::is_switched(here, step.state) || all_true(step, TriggerAction::step);
}

bool stage_is_over(TickStep& step) {
  const Stage& row = present_stage(step);
  return step.state.stage_clock_ns >= row.soak_ns &&
         step.state.stage_clock_ns >= row.at_least_ns && all_true(step, TriggerAction::promote);
}

// The first gate of an action is named as the rule; the numbers of all of them are the evidence.
DecisionCause gate_cause(TickStep& step, TriggerAction action, Reason reason) {
  DecisionCause why{.reason = reason};
  each_trigger(step, action, [&](const Trigger&, TriggerState&, TriggerId id) {
    if (why.trigger.is_none()) why.trigger = id;
  });
  return why;
}

void add_gate_evidence(TickStep& step, TriggerAction action, Decision& decision) {
  each_trigger(step, action, [&](const Trigger& trigger, TriggerState&, TriggerId) {
    stage::add_evidence(step, trigger.when, decision);
  });
}

// Members of a set go back together. This one's candidate has not failed: it is withdrawn.
bool go_back_with_set(TickStep& step) {
  if (!step.peers.back) return false;
  stage::end_release(step.state, Phase::withdrawn);
  stage::emit(step, DecisionKind::withdrawn, {.reason = Reason::set_went_back});
  return true;
}

// Members of a set go on together: each says that it is due, and asks once all are.
bool waits_for_set(TickStep& step) {
  step.state.set_ready = 1;
  return !step.peers.ready;
}

void ask_for_next_step(TickStep& step) {
  const StageId here = step.state.stage;
  const Raise next{.kind = RaiseKind::step, .stage = here, .step = step.state.step + 1};
  if (!stage::is_permitted(step.plan, step.state, next, step.now_ns)) return;
  if (!stage::gates_open(step.plan, step.state, next)) return;
  if (waits_for_set(step)) return;
  const Reason reason = present_stage(step).step_samples_min > 0 ? Reason::step_samples_full
                                                                 : Reason::step_time_full;
  const DecisionCause why = gate_cause(step, TriggerAction::step, reason);
  stage::ask_for(step, RaiseKind::step, here, step.state.step + 1);
  add_gate_evidence(step, TriggerAction::step,
                    stage::emit_raise(step, DecisionKind::step_advanced, here, why));
}

void ask_to_leave_stage(TickStep& step) {
  const StageId here = step.state.stage;
  const bool last = here.value + 1 == step.plan.stages.size();
  const Raise next = last ? Raise{.kind = RaiseKind::complete, .stage = here}
                          : Raise{.kind = RaiseKind::stage, .stage = StageId{here.value + 1}};
  if (!stage::is_permitted(step.plan, step.state, next, step.now_ns)) return;
  if (!stage::gates_open(step.plan, step.state, next)) return;
  const DecisionCause why = gate_cause(step, TriggerAction::promote, Reason::stage_complete);
  if (waits_for_set(step)) return;
  if (last) stage::ask_for(step, RaiseKind::complete, here, step.state.step);
  else stage::ask_for(step, RaiseKind::stage, StageId{here.value + 1}, 0);
  const DecisionKind kind = last ? DecisionKind::completed : DecisionKind::promoted;
  add_gate_evidence(step, TriggerAction::promote, stage::emit_raise(step, kind, here, why));
  if (last) return;
  stage::emit_raise(step, DecisionKind::stage_entered, StageId{here.value + 1},
                    {.reason = Reason::stage_complete});
}

// The way up is at its end and nothing is raised any more, but triggers still act.
void begin_watch(TickStep& step) {
  stage::begin_watch(step.state);
  const DecisionCause why = gate_cause(step, TriggerAction::promote, Reason::watch_begins);
  add_gate_evidence(step, TriggerAction::promote,
                    stage::emit(step, DecisionKind::promoted, why));
}

// Where an ordered promotion leads.
Raise wished_raise(const TickStep& step) {
  const EngineState& state = step.state;
  const StageId wished = state.wish.stage;
  if (wished.is_none() && state.step + 1 < present_stage(step).steps.count) {
    return {.kind = RaiseKind::step, .stage = state.stage, .step = state.step + 1};
  }
  const StageId next = wished.is_none() ? StageId{state.stage.value + 1} : wished;
  const bool last = next.value == step.plan.stages.size();
  if (last) return {.kind = RaiseKind::complete, .stage = state.stage, .step = state.step};
  return {.kind = RaiseKind::stage, .stage = next};
}

// A promotion that a person ordered does not wait for clocks and conditions; it goes through the
// journal as any other, and the numbers its gates rest on are its evidence. Windows of increase
// bind people as well.
void ask_for_wish(TickStep& step) {
  const uint64_t sequence = step.state.wish.sequence;
  const Raise raise = wished_raise(step);
  if (!stage::is_permitted(step.plan, step.state, raise, step.now_ns)) {
    return stage::void_wish(step.state, HandRefusal::outside_windows);
  }
  if (!stage::gates_open(step.plan, step.state, raise)) {
    // Hooks are carried out for it; what people or the world must answer first is refused.
    const uint64_t closed =
        stage::gates_needed(step.plan, step.state, raise) & ~step.state.gates_passed;
    if ((closed & ~stage::gates_of_hooks(step.plan)) == 0) return;
    return stage::void_wish(step.state, HandRefusal::gate_closed);
  }
  const StageId here = step.state.stage;
  const DecisionCause why{.reason = Reason::by_hand};
  stage::ask_for(step, raise.kind, raise.stage, raise.step);
  if (raise.kind == RaiseKind::step) {
    Decision& decision = stage::emit_raise(step, DecisionKind::step_advanced, here, why);
    decision.hand = sequence;
    return add_gate_evidence(step, TriggerAction::step, decision);
  }
  const bool last = raise.kind == RaiseKind::complete;
  const DecisionKind kind = last ? DecisionKind::completed : DecisionKind::promoted;
  Decision& left = stage::emit_raise(step, kind, here, why);
  left.hand = sequence;
  add_gate_evidence(step, TriggerAction::promote, left);
  if (!last) {
    stage::emit_raise(step, DecisionKind::stage_entered, raise.stage, why).hand = sequence;
  }
}

void raise_if_due(TickStep& step) {
  EngineState& state = step.state;
  if (state.paused) return;
  if (state.pending.kind != RaiseKind::none || step.now_ns < state.raise_not_before_ns) return;
  if (rollback_is_pending(step)) return stage::void_wish(state, HandRefusal::rollback_pending);
  if (state.watching) {
    stage::void_wish(state, HandRefusal::not_ahead);
    return stage::complete_if_watched(step);
  }
  if (state.wish.state == WishState::open) {
    return waits_for_set(step) ? void() : ask_for_wish(step);
  }
  if (!step_is_over(step)) return;
  if (state.step + 1 == present_stage(step).steps.count) {
    if (!stage_is_over(step)) return;
    if (present_stage(step).watch_ns == 0) return ask_to_leave_stage(step);
    if (!waits_for_set(step)) begin_watch(step);
  } else if (!is_overdue(step)) {
    ask_for_next_step(step);
  }
}

// A raise out of the stage that waits for its record has been decided in time.
void otherwise_if_overdue(TickStep& step) {
  const Stage& row = present_stage(step);
  if (!is_overdue(step)) return;
  const RaiseKind asked = step.state.pending.kind;
  if (asked == RaiseKind::stage || asked == RaiseKind::complete) return;
  const DecisionCause why{.reason = Reason::stage_overdue,
                          .since_ns = step.state.stage_entered_ns};
  switch (row.otherwise) {
    case Otherwise::none: return;
    case Otherwise::hold:
      if (!step.state.holding) begin_hold(step, why);
      return;
    case Otherwise::withdraw:
      stage::end_release(step.state, Phase::withdrawn);
      stage::emit(step, DecisionKind::withdrawn, why);
      return;
    case Otherwise::rollback: go_back(step, why); return;
  }
}

// What is done before the first stage is not done while the calendar keeps it closed.
bool start_is_open(TickStep& step) {
  const Raise first{.kind = RaiseKind::start, .stage = StageId{0}};
  if (stage::is_permitted(step.plan, step.state, first, step.now_ns)) {
    return stage::gates_open(step.plan, step.state, first);
  }
  return stage::gates_permit(step.plan, step.state, first);
}

void tick_running(TickStep& step) {
  ++step.state.ticks_since_stage;
  step.state.set_ready = step.state.pending.kind != RaiseKind::none;
  settle_clock(step);
  observe_triggers(step);
  stage::count_step_samples(step);
  if (roll_back_if_true(step)) return;
  if (roll_back_if_unknown(step)) return;
  if (go_back_with_set(step)) return;
  const Hold hold = find_hold(step);
  if (hold.any) begin_hold(step, hold.why);
  else end_hold(step);
  give_alerts(step);
  if (!hold.any) {
    advance_clocks(step);
    raise_if_due(step);
  }
  otherwise_if_overdue(step);
}

}  // namespace

void engine_tick(const Plan& plan, EngineState& state, const TickVerdicts& verdicts,
                 const EvidenceSource& frame, int64_t now_ns, StepOutput& output,
                 const SetPeers& peers) {
  TickStep step{plan, state, now_ns, output, &verdicts, &frame, peers};
  stage::begin_output(step);
  state.awaited = RaiseKind::none;
  state.awaited_stage = StageId{};
  switch (state.phase) {
    case Phase::idle:
      state.set_ready = state.start_wanted && !state.paused && start_is_open(step);
      if (state.set_ready && state.pending.kind == RaiseKind::none && peers.ready &&
          now_ns >= state.raise_not_before_ns) {
        stage::ask_for_start(step);
      }
      break;
    case Phase::running: tick_running(step); break;
    case Phase::completed: stage::release_baseline_if_due(step); break;
    case Phase::rolled_back:
    case Phase::withdrawn: break;
  }
  state.last_tick_ns = now_ns;
  stage::end_output(step);
}

}  // namespace rel
