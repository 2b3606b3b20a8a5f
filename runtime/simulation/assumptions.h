// What a simulation takes for granted: nobody is asked and nothing is carried out in virtual time.
// Input: a plan. Output: what is assumed of its checklist, reviews and hooks, a sentence each.
#pragma once

#include <string>
#include <vector>

#include "runtime/plan/plan.h"

namespace rel {

std::vector<std::string> simulation_assumes(const Plan& plan);

}  // namespace rel
