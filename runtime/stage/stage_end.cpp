#include "runtime/stage/stage_end.h"

#include "runtime/stage/gates.h"

namespace rel::stage {

bool belongs_to(const Trigger& trigger, StageId stage) {
  if (!trigger.stage.is_none()) return trigger.stage == stage;
  return stage.is_none() || (trigger.replaced_in >> stage.value & 1) == 0;
}

bool reads_shadow(const Plan& plan, const EngineState& state) {
  if (state.stage.is_none()) return false;
  const Stage& row = plan.stages[state.stage.value];
  return row.kind == StageKind::mirror ||
         (row.kind == StageKind::blue_green && !is_switched(row, state));
}

bool is_switched(const Stage& row, const EngineState& state) {
  return row.kind == StageKind::blue_green && state.step > 0;
}

bool has_limit(const Stage& row, const EngineState& state) {
  return row.at_most_ns > 0 && !state.watching && !is_switched(row, state);
}

void count_step_samples(Step& step) {
  EngineState& state = step.state;
  const Stage& row = step.plan.stages[state.stage.value];
  if (row.step_samples_min == 0) return;
  const uint32_t place = step.plan.aggregates[row.step_samples.value].frame_first;
  if (step.frame->causes[place] != 0) return;
  const uint64_t read = static_cast<uint64_t>(step.frame->values[place]);
  state.step_samples += read >= state.step_samples_read ? read - state.step_samples_read : read;
  state.step_samples_read = read;
}

void begin_watch(EngineState& state) {
  state.watching = 1;
  state.step_clock_ns = 0;
}

void complete_if_watched(Step& step) {
  EngineState& state = step.state;
  if (state.step_clock_ns < step.plan.stages[state.stage.value].watch_ns) return;
  const Raise last{.kind = RaiseKind::complete, .stage = state.stage};
  if (!gates_open(step.plan, state, last)) return;
  ask_for(step, RaiseKind::complete, state.stage, state.step);
  emit_raise(step, DecisionKind::completed, state.stage, {.reason = Reason::watch_over});
}

int64_t baseline_release_ns(const Plan& plan, const EngineState& state) {
  const int64_t warm_ns = plan.stages[state.stage.value].keep_warm_ns;
  if (warm_ns == 0 || state.warm_told) return INT64_MAX;
  return state.step_entered_ns + warm_ns;
}

void release_baseline_if_due(Step& step) {
  if (step.now_ns < baseline_release_ns(step.plan, step.state)) return;
  step.state.warm_told = 1;
  emit(step, DecisionKind::alerted,
       {.reason = Reason::baseline_released, .since_ns = step.state.step_entered_ns});
}

}  // namespace rel::stage
