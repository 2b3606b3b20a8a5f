// The routing part of plan verification: request slots, forced routes, the audience, waves, sets.
// Input: a plan whose strings, segments and stages are already verified. Output: the first rule a
// row breaks.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

// Names that are there, terms that have an owner and a slot, waves that only widen.
Status verify_routing(const Plan& plan);

}  // namespace rel
