// What ticks and host events of the stage machine share: the output of a call and its decisions.
#include "runtime/stage/step_parts.h"

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/stage/permission.h"

namespace rel {

Route route_of(const Plan& plan, const EngineState& state) {
  Route route = stage::decided_route(plan, state);
  if (plan.observe_only) route.share_millionths = route.mirror_millionths = 0;
  return route;
}

namespace stage {

Route decided_route(const Plan& plan, const EngineState& state) {
  Route route;
  route.epoch = state.epoch;
  switch (state.phase) {
    case Phase::idle:
    case Phase::rolled_back:
    case Phase::withdrawn: return route;
    case Phase::running:
    case Phase::completed: break;
  }
  route.stage = state.stage;
  route.step = state.step;
  route.share_millionths = share_of(plan, state.stage, state.step);
  route.mirror_millionths = mirror_of(plan, state.stage, state.step);
  return route;
}

// After its switch a `blue_green` stage copies nothing more.
uint32_t mirror_of(const Plan& plan, StageId stage, uint32_t step_index) {
  const Stage& row = plan.stages[stage.value];
  const bool switched = row.kind == StageKind::blue_green && step_index > 0;
  return switched ? 0 : row.mirror_millionths;
}

uint32_t share_of(const Plan& plan, StageId stage, uint32_t step_index) {
  constexpr uint32_t everybody = 1'000'000;
  const Stage& row = plan.stages[stage.value];
  const uint32_t share = plan.steps[row.steps.at(step_index).value].share_millionths;
  return std::min(share, everybody - row.holdback_millionths);
}

bool is_clock_gap(const EngineState& state, int64_t now_ns) {
  if (now_ns < state.last_tick_ns) return true;
  const int64_t watched_until = std::max(state.last_tick_ns, state.stage_entered_ns);
  return watched_until != 0 && now_ns - watched_until > clock_gap_ns_max;
}

void begin_output(Step& step) {
  StepOutput& output = step.output;
  output.decision_count = 0;
  output.route_changed = 0;
  output.stage_changed = 0;
  output.raise = Raise{};
  output.route = route_of(step.plan, step.state);
}

void end_output(Step& step) {
  const Route route = route_of(step.plan, step.state);
  step.output.route_changed = route == step.output.route ? 0 : 1;
  step.output.route = route;
}

Decision& emit(Step& step, DecisionKind kind, const DecisionCause& cause) {
  REL_CHECK(step.output.decision_count < decisions_per_step_max);
  Decision& decision = step.output.decisions[step.output.decision_count++];
  decision = Decision{};
  decision.id = step.state.next_decision_id++;
  decision.time_ns = step.now_ns;
  decision.since_ns = cause.since_ns;
  decision.epoch = step.state.epoch;
  decision.kind = kind;
  decision.reason = cause.reason;
  decision.cause = cause.cause;
  decision.trigger = cause.trigger;
  decision.stage = step.state.stage;
  decision.share_millionths = decided_route(step.plan, step.state).share_millionths;
  return decision;
}

void void_wish(EngineState& state, HandRefusal why) {
  if (state.wish.state != WishState::open) return;
  state.wish.state = WishState::void_;
  state.wish.refusal = why;
}

void end_release(EngineState& state, Phase phase) {
  state.phase = phase;
  state.pending = Raise{};
  state.start_wanted = 0;
  state.paused = 0;
  state.holding = 0;
  state.held_by = TriggerId{};
  state.held_since_ns = 0;
  void_wish(state, HandRefusal::not_running);
}

Decision& roll_back(Step& step, const DecisionCause& cause) {
  end_release(step.state, Phase::rolled_back);
  ++step.state.epoch;
  return emit(step, DecisionKind::rolled_back, cause);
}

void ask_for(Step& step, RaiseKind kind, StageId stage, uint32_t step_index) {
  Raise& pending = step.state.pending;
  pending = Raise{};
  pending.id = step.state.next_raise_id++;
  pending.kind = kind;
  pending.stage = stage;
  pending.step = step_index;
  step.output.raise = pending;
}

Decision& emit_raise(Step& step, DecisionKind kind, StageId stage, const DecisionCause& cause) {
  Decision& decision = emit(step, kind, cause);
  const Raise& raise = step.state.pending;
  decision.durable_first = 1;
  decision.stage = stage;
  decision.share_millionths = share_of(step.plan, raise.stage, raise.step);
  return decision;
}

void ask_for_start(Step& step) {
  if (!is_permitted(step.plan, step.state, {.kind = RaiseKind::start, .stage = StageId{0}},
                    step.now_ns)) {
    return;
  }
  ask_for(step, RaiseKind::start, StageId{0}, 0);
  emit_raise(step, DecisionKind::stage_entered, StageId{0},
             {.reason = Reason::release_started});
}

}  // namespace stage
}  // namespace rel
