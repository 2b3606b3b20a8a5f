// When the machine may act next by the passing of time alone: what lets a simulation of quiet weeks
// pass over ticks at which nothing can happen.
// Input: a plan and a state just after a tick. Output: a time. Pure.
#pragma once

#include <cstdint>

#include "runtime/stage/engine.h"

namespace rel {

inline constexpr int64_t never_ns = INT64_MAX;

// The earliest time at or after `now_ns` at which a timer of the machine is due, given that no
// number of the frame changes and no host event comes; never_ns when there is none. A timer may be
// due without a consequence.
int64_t next_change_ns(const Plan& plan, const EngineState& state, int64_t now_ns);

}  // namespace rel
