// The parts of the population in a plan, as far as verify_plan is concerned: segments, and crosses
// of them. Input: a plan whose strings are verified. Output: ok, or the first broken rule.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

// Segments own the values and the cells one after the other, then come the cells of their crosses.
Status verify_segments(const Plan& plan);

}  // namespace rel
