// The calendar of a plan: zones, their changes and the windows in which exposure may grow.
// Input: a plan whose other tables are verified. Output: ok, or the first broken rule.
#pragma once

#include "runtime/plan/plan.h"

namespace rel {

Status verify_calendar(const Plan& plan);

}  // namespace rel
