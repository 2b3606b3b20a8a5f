// The checklist's part of plan verification: points and reviews.
// Input: a plan whose strings, stages and predicates are already verified. Output: the first rule a
// row breaks. Owner: verify_plan.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

// Each gate owns its arguments, stands somewhere, and has what its kind needs.
Status verify_gates(const Plan& plan);

}  // namespace rel
