#include "runtime/stage/gates.h"

namespace rel::stage {
namespace {

bool stands_before(const Gate& gate, const EngineState& state, const Raise& raise) {
  switch (gate.at) {
    case GateAt::every_raise: return true;
    case GateAt::leaving:
      return (raise.kind == RaiseKind::stage || raise.kind == RaiseKind::complete) &&
             gate.stage == state.stage;
    case GateAt::entering:
      return (raise.kind == RaiseKind::start || raise.kind == RaiseKind::stage) &&
             gate.stage == raise.stage;
    case GateAt::left: return was_left(state, gate.stage);
  }
  return true;
}

}  // namespace

bool was_left(const EngineState& state, StageId stage) {
  const bool entered = (state.stages_entered >> stage.value & 1) != 0;
  return entered && (state.stage != stage || state.phase == Phase::completed);
}

uint64_t gates_needed(const Plan& plan, const EngineState& state, const Raise& raise) {
  if (raise.kind == RaiseKind::none) return 0;
  uint64_t needed = 0;
  for (size_t i = 0; i < plan.gates.size(); ++i) {
    if (stands_before(plan.gates[i], state, raise)) needed |= uint64_t{1} << i;
  }
  return needed;
}

uint64_t gates_of_hooks(const Plan& plan) {
  uint64_t gates = 0;
  for (const Hook& hook : plan.hooks) gates |= uint64_t{1} << hook.gate.value;
  return gates;
}

bool gates_open(const Plan& plan, EngineState& state, const Raise& raise) {
  if (gates_permit(plan, state, raise)) return true;
  state.awaited = raise.kind;
  state.awaited_stage = raise.stage;
  return false;
}

}  // namespace rel::stage
