// What a policy declares of its traffic, by the rows of the plan: for whoever judges what a stage
// can detect. Input: the typed policy. Output: numbers in base units; what was not declared has
// none.
#pragma once

#include <optional>
#include <vector>

#include "compiler/sema/typed.h"
#include "runtime/plan/plan.h"

namespace rel {

// Of a healthy candidate, and so of both arms.
struct Expectations {
  double traffic_per_s = 0;                  // 0: not declared
  std::vector<std::optional<double>> rates;  // by metric: flags
  std::vector<std::optional<double>> cells;  // by cell: share of the requests
};

Expectations expectations_of(const sema::TypedPolicy& policy, const sema::TypedRelease& release,
                             const Plan& plan);

}  // namespace rel
