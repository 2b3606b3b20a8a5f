// Which gates a raise needs. Internal to stage/; the host asks it which ones to read.
// Input: a plan, a state, where a raise leads. Output: a bit for each gate of the plan. Pure.
#pragma once

#include <cstdint>

#include "runtime/stage/engine.h"

namespace rel::stage {

// The checklist, before every raise; the reviews of a stage, before it is left; what is done before
// a stage, before it is entered; what is done after one, before every raise that follows.
uint64_t gates_needed(const Plan& plan, const EngineState& state, const Raise& raise);

// Those of a hook, a bit each.
uint64_t gates_of_hooks(const Plan& plan);

// Whether the stage was entered and is over.
bool was_left(const EngineState& state, StageId stage);

inline bool gates_permit(const Plan& plan, const EngineState& state, const Raise& raise) {
  return (gates_needed(plan, state, raise) & ~state.gates_passed) == 0;
}

// The same of a raise that is due otherwise: while its gates are closed, the state says so.
bool gates_open(const Plan& plan, EngineState& state, const Raise& raise);

}  // namespace rel::stage
