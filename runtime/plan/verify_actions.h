// The way back's half of plan verification: actions, their arguments, and what the candidate needs.
// Input: a plan whose strings are already verified. Output: the first rule a row breaks.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

// Each action owns its arguments and its probe, has what its kind needs, and ends in time.
Status verify_actions(const Plan& plan);

}  // namespace rel
