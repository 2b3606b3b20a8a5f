// What metrics say of their samples, as part of plan verification.
// Input: a plan whose strings are already verified. Output: the first rule a metric breaks. Owner:
// verify_plan.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

// Unit, maturity and derivation go together, and runtime/joins knows how to make it.
Status verify_joined(const Plan& plan);

}  // namespace rel
