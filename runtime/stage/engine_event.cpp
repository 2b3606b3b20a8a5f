// Host events of the stage machine: the start, and the answers to what a tick asked for.
#include <algorithm>

#include "runtime/stage/gates.h"
#include "runtime/stage/permission.h"
#include "runtime/stage/step_parts.h"

namespace rel {
namespace {

using EventStep = stage::Step;

// Everything that is measured from the start of a stage starts anew.
void enter_stage(EventStep& step, StageId stage) {
  EngineState& state = step.state;
  state.stage = stage;
  state.stages_entered |= uint32_t{1} << stage.value;
  state.step = 0;
  state.stage_entered_ns = step.now_ns;
  state.step_entered_ns = step.now_ns;
  state.stage_clock_ns = 0;
  state.step_clock_ns = 0;
  state.holding = 0;
  state.held_by = TriggerId{};
  state.held_since_ns = 0;
  state.ticks_since_stage = 0;
  state.watching = 0;
  state.step_samples = 0;
  state.step_samples_read = 0;
  std::fill_n(state.sustains, step.plan.sustains.size(), SustainState{});
  std::fill_n(state.triggers, step.plan.triggers.size(), TriggerState{});
  step.output.stage_changed = 1;
}

// The switch of a `blue_green` stage changes the lane the candidate is read from: what has been
// seen of its copies is no evidence about its answers.
void enter_step(EventStep& step, const Raise& raise) {
  EngineState& state = step.state;
  if (step.plan.stages[raise.stage.value].kind == StageKind::blue_green) {
    enter_stage(step, raise.stage);
  }
  state.step = raise.step;
  state.step_entered_ns = step.now_ns;
  state.step_clock_ns = 0;
  state.step_samples = 0;
  // Another wave is another population: its evidence begins with it.
  if (step.plan.stages[state.stage.value].kind == StageKind::waves) {
    std::fill_n(state.sustains, step.plan.sustains.size(), SustainState{});
    step.output.stage_changed = 1;
  }
}

void take_effect(EventStep& step) {
  EngineState& state = step.state;
  const Raise raise = state.pending;
  state.pending = Raise{};
  if (state.wish.state == WishState::open) state.wish.state = WishState::granted;
  switch (raise.kind) {
    case RaiseKind::none: return;
    case RaiseKind::start:
      state.phase = Phase::running;
      state.start_wanted = 0;
      state.started_ns = step.now_ns;
      enter_stage(step, raise.stage);
      return;
    case RaiseKind::step: return enter_step(step, raise);
    case RaiseKind::stage: enter_stage(step, raise.stage); return;
    case RaiseKind::complete: state.phase = Phase::completed; return;
  }
}

// A raise that was asked for while its gates were passed is taken back when one is not any more.
void take_gates(EventStep& step, uint64_t passed) {
  EngineState& state = step.state;
  state.gates_passed = passed;
  if (stage::gates_permit(step.plan, state, state.pending)) return;
  state.pending = Raise{};
  stage::void_wish(state, HandRefusal::gate_closed);
}

// Answers to a raise that was taken back or asked anew name another id.
bool answers_pending(const EngineState& state, const HostEvent& event) {
  return state.pending.kind != RaiseKind::none && state.pending.id == event.raise_id;
}

void start(EventStep& step) {
  EngineState& state = step.state;
  if (state.phase != Phase::idle || state.start_wanted) return;
  state.start_wanted = 1;
  const bool permitted = stage::gates_permit(
      step.plan, state, {.kind = RaiseKind::start, .stage = StageId{0}});
  // A member of a set asks at a tick, when the others are there.
  if (!state.paused && permitted && step.plan.set.is_none()) stage::ask_for_start(step);
}

}  // namespace

void engine_event(const Plan& plan, EngineState& state, const HostEvent& event, int64_t now_ns,
                  StepOutput& output) {
  EventStep step{plan, state, now_ns, output};
  stage::begin_output(step);
  switch (event.kind) {
    case HostEventKind::none: break;
    case HostEventKind::start: start(step); break;
    case HostEventKind::raise_durable:
      if (!answers_pending(state, event)) break;
      // Decided in time, written too late: the window in which exposure may grow has closed.
      if (stage::is_permitted(plan, state, state.pending, now_ns)) take_effect(step);
      else state.pending = Raise{};
      break;
    case HostEventKind::raise_refused:
      if (answers_pending(state, event)) {
        state.pending = Raise{};
        state.raise_not_before_ns = now_ns + raise_retry_ns;
      }
      break;
    case HostEventKind::hand: stage::take_hand(step, event.hand); break;
    case HostEventKind::gates: take_gates(step, event.gates); break;
  }
  stage::end_output(step);
}

}  // namespace rel
