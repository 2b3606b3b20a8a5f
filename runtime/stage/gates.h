// Which gates a raise needs. Internal to stage/; the host asks it which ones to read.
// Input: a plan, a state, where a raise leads. Output: a bit for each gate of the plan. Pure.
#pragma once

#include <cstdint>

#include "runtime/stage/engine.h"

namespace rel::stage {

// The checklist, before every raise; the reviews of a stage, before it is left.
uint64_t gates_needed(const Plan& plan, const EngineState& state, const Raise& raise);

inline bool gates_permit(const Plan& plan, const EngineState& state, const Raise& raise) {
  return (gates_needed(plan, state, raise) & ~state.gates_passed) == 0;
}

}  // namespace rel::stage
