#include "runtime/plan/verify_joined.h"

#include <string_view>

#include <fmt/format.h>

namespace rel {
namespace {

// What is wrong with a metric's unit; empty: nothing.
std::string_view unit_fault(const Metric& metric) {
  const bool pair = metric.per == SampleUnit::pair;
  const bool request = metric.per == SampleUnit::request;
  const bool timed = !pair && !request;
  if (metric.per > SampleUnit::pair || metric.once > OncePer::stage ||
      metric.absent > AbsentSample::against_below) {
    return "has no known unit";
  }
  if (metric.unit_of_once != SampleUnit::user && metric.unit_of_once != SampleUnit::session) {
    return "counts nobody once";
  }
  if (pair != is_of_pairs(metric.source)) return "is of pairs, or is not";
  const bool in_time = metric.within_ns > 0 && metric.within_ns <= limits::duration_ns_max;
  if (timed ? !in_time : metric.within_ns != 0) return "matures at no time";
  if (timed && metric.source != MetricSource::event_field) return "comes with no request";
  if (!timed && metric.absent != AbsentSample::missing) return "cannot be absent";
  return {};
}

std::string_view derivation_fault(const Plan& plan, const Metric& metric, size_t row) {
  const bool label = metric.per == SampleUnit::label;
  const bool once = metric.once != OncePer::sample;
  if (once && !label && metric.per != SampleUnit::request) return "cannot be counted once";
  const bool worst = metric.absent > AbsentSample::zero;
  if (worst && (!label || metric.kind != MetricKind::flag)) return "has no worst case";
  const bool pair =
      metric.per == SampleUnit::pair && metric.source != MetricSource::pair_unanswered;
  const bool derived = once || worst || pair;
  if (!derived) return {};
  if (metric.of.value >= plan.metrics.size() || metric.of.value == row) {
    return "is derived of no metric";
  }
  const Metric& of = plan.metrics[metric.of.value];
  if (!pair && (of.kind != metric.kind || of.per != metric.per)) {
    return "is derived of another kind of metric";
  }
  return {};
}

}  // namespace

Status verify_joined(const Plan& plan) {
  for (size_t row = 0; row < plan.metrics.size(); ++row) {
    std::string_view fault = unit_fault(plan.metrics[row]);
    if (fault.empty()) fault = derivation_fault(plan, plan.metrics[row], row);
    if (!fault.empty()) {
      return Error{fmt::format("the plan is not valid: metric {} {}", row, fault)};
    }
  }
  return ok();
}

}  // namespace rel
