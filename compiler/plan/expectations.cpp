#include "compiler/plan/expectations.h"

namespace rel {

// Metrics and segments of a plan stand in the order of the policy's.
Expectations expectations_of(const sema::TypedPolicy& policy, const sema::TypedRelease& release,
                             const Plan& plan) {
  Expectations expected;
  expected.rates.resize(plan.metrics.size());
  expected.cells.resize(plan.cell_count);
  expected.cells[0] = 1;
  const std::optional<sema::TypedExpected>& declared = policy.models[release.model].expected;
  if (!declared) return expected;
  expected.traffic_per_s = declared->traffic_per_s;
  for (const sema::ExpectedMetric& metric : declared->metrics) {
    expected.rates[metric.metric] = metric.rate;
  }
  for (const sema::ExpectedShare& share : declared->shares) {
    expected.cells[plan.segments[share.segment].cell_first + share.value] = share.share;
  }
  return expected;
}

}  // namespace rel
