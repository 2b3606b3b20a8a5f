// An engine state as bytes: the plain struct as it stands in memory, without the sustains and
// triggers that its plan does not have. The journal keeps it, a recorded tick begins with it.
// Input: a state and its plan. Output: bytes, and back. Pure. Owner: the caller.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/engine.h"

namespace rel {

// The part that does not depend on the plan.
inline constexpr size_t state_head_bytes = offsetof(EngineState, sustains);

std::string encode_state(const Plan& plan, const EngineState& state);
// Adds them to `bytes`, whose room is used again.
void append_state(std::string& bytes, const Plan& plan, const EngineState& state);
Result<EngineState> decode_state(const Plan& plan, std::string_view bytes);

}  // namespace rel
