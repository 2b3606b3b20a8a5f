#include "runtime/stage/permission.h"

#include <algorithm>

#include "runtime/stage/calendar.h"
#include "runtime/stage/step_parts.h"

namespace rel::stage {
namespace {

bool gives_more(const Plan& plan, const EngineState& state, const Raise& raise) {
  if (raise.kind == RaiseKind::none || raise.kind == RaiseKind::complete) return false;
  const Route present = decided_route(plan, state);
  return share_of(plan, raise.stage, raise.step) > present.share_millionths ||
         mirror_of(plan, raise.stage, raise.step) > present.mirror_millionths;
}

// Calls `visit` with each set of windows that has a say in a raise.
template <typename Visit>
void each_calendar(const Plan& plan, const EngineState& state, const Raise& raise, Visit visit) {
  visit(plan.increase);
  visit(plan.stages[raise.stage.value].increase);
  if (state.phase == Phase::running && state.stage != raise.stage) {
    visit(plan.stages[state.stage.value].increase);
  }
}

}  // namespace

bool is_permitted(const Plan& plan, const EngineState& state, const Raise& raise, int64_t now_ns) {
  if (plan.increase_windows.empty() || !gives_more(plan, state, raise)) return true;
  bool permitted = true;
  each_calendar(plan, state, raise, [&](Rows<IncreaseWindowId> windows) {
    permitted = permitted && calendar_permits(plan, windows, now_ns);
  });
  return permitted;
}

Raise next_raise(const Plan& plan, const EngineState& state) {
  if (state.phase == Phase::idle) return {.kind = RaiseKind::start, .stage = StageId{0}};
  if (state.phase != Phase::running || state.watching) return {};
  if (state.step + 1 < plan.stages[state.stage.value].steps.count) {
    return {.kind = RaiseKind::step, .stage = state.stage, .step = state.step + 1};
  }
  if (state.stage.value + 1 == plan.stages.size()) return {};
  return {.kind = RaiseKind::stage, .stage = StageId{state.stage.value + 1}};
}

int64_t next_calendar_ns(const Plan& plan, const EngineState& state, int64_t now_ns) {
  const Raise raise = next_raise(plan, state);
  int64_t next_ns = INT64_MAX;
  if (plan.increase_windows.empty() || !gives_more(plan, state, raise)) return next_ns;
  each_calendar(plan, state, raise, [&](Rows<IncreaseWindowId> windows) {
    next_ns = std::min(next_ns, next_calendar_change_ns(plan, windows, now_ns));
  });
  return next_ns;
}

}  // namespace rel::stage
