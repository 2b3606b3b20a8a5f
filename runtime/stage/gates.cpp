#include "runtime/stage/gates.h"

namespace rel::stage {

uint64_t gates_needed(const Plan& plan, const EngineState& state, const Raise& raise) {
  if (raise.kind == RaiseKind::none) return 0;
  const bool leaves = raise.kind == RaiseKind::stage || raise.kind == RaiseKind::complete;
  uint64_t needed = 0;
  for (size_t i = 0; i < plan.gates.size(); ++i) {
    const Gate& gate = plan.gates[i];
    const bool here = gate.at == GateAt::every_raise || (leaves && gate.stage == state.stage);
    if (here) needed |= uint64_t{1} << i;
  }
  return needed;
}

}  // namespace rel::stage
