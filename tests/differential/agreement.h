// The three evaluators on one plan.
// Input: a plan and a seed for its frames. Output: a failed test at the first difference, with the
// command that shows it again.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/plan/plan.h"

namespace rel::test {

// `test_case` is the calling test case, whose section "seed <seed>" runs this plan alone.
void require_agreement(const Plan& plan, uint64_t seed, int frames, std::string_view test_case);

}  // namespace rel::test
