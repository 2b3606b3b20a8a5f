// What an edit of a policy changes of a release that runs: the two plans side by side, by name.
// Input: the plan a release is pinned to, and the edited one. Output: one line a change. Pure.
// Owner: the caller.
#pragma once

#include <string>
#include <vector>

#include "runtime/plan/plan.h"

namespace rel {

struct PlanChange {
  std::string what;  // `stage canary: steps 1% for 1h, where steps 5% for 1h runs`
  // The release's decisions rest on it. Otherwise it is only about people and the way back.
  bool decides = false;
};

// All of a plan but where things stand in the policy: two plans with the same differ in nothing.
std::string plan_meaning(const Plan& plan);

std::vector<PlanChange> compare_plans(const Plan& running, const Plan& edited);

}  // namespace rel
