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
  for (size_t row = 0; row < plan.metrics.size(); ++row) {
    const Metric& metric = plan.metrics[row];
    const bool derived = !metric.of.is_none() && metric.per != SampleUnit::pair;
    if (derived) expected.rates[row] = expected.rates[metric.of.value];
  }
  for (const sema::ExpectedShare& share : declared->shares) {
    expected.cells[plan.segments[share.segment].cell_first + share.value] = share.share;
  }
  return expected;
}

}  // namespace rel
