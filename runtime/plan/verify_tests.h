// The statistical tests of a plan, as far as verify_plan is concerned.
// Input: a plan whose metrics, trackers, aggregates and stages have been verified. Output: ok, or
// the first broken rule.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

Status verify_tests(const Plan& plan);

}  // namespace rel
