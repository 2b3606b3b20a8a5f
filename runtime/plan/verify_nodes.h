// The expression half of plan verification.
// Input: a plan whose aggregates are already verified. Output: the first rule a node breaks.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

// Rows in range, post order, operand types, folds over matching cells, sustains before their use.
Status verify_predicates(const Plan& plan);

}  // namespace rel
