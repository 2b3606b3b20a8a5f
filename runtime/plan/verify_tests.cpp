// Tests: rows in range, methods that fit what their tracker counts, cells with their numbers.
#include "runtime/plan/verify_tests.h"

#include <cmath>

#include <fmt/format.h>

namespace rel {
namespace {

enum class Counts : uint8_t { requests, flags, values };

Counts counted_by(TestMethod method) {
  switch (method) {
    case TestMethod::rate_ratio:
    case TestMethod::rate_difference:
    case TestMethod::rate_level:
    case TestMethod::event_level: return Counts::flags;
    case TestMethod::order:
    case TestMethod::mean_ratio:
    case TestMethod::mean_difference:
    case TestMethod::quantile_ratio:
    case TestMethod::quantile_level:
    case TestMethod::mean_level: return Counts::values;
    case TestMethod::sample_ratio: return Counts::requests;
  }
  return Counts::requests;
}

bool tracker_fits(const Plan& plan, const EvidenceTest& test) {
  if (test.tracker.value >= plan.trackers.size()) return false;
  const Tracker& tracker = plan.trackers[test.tracker.value];
  if (plan.windows[tracker.window.value].kind != WindowKind::stage) return false;
  const Counts wanted = counted_by(test.method);
  if (tracker.metric.is_none()) return wanted == Counts::requests;
  const bool flag = plan.metrics[tracker.metric.value].kind == MetricKind::flag;
  if (flag) return wanted == Counts::flags;
  return wanted == Counts::values && tracker.histogram == 1;
}

bool numbers_fit(const EvidenceTest& test) {
  if (!std::isfinite(test.margin) || !(test.alpha > 0 && test.alpha < 1)) return false;
  if (test.horizon_panes == 0 || test.restart_panes == 0) return false;
  switch (test.method) {
    case TestMethod::rate_ratio:
    case TestMethod::order:
    case TestMethod::mean_ratio: return test.margin > 0;
    case TestMethod::rate_difference: return std::fabs(test.margin) < 1;
    case TestMethod::quantile_ratio:
      return test.margin > 0 && test.quantile > 0 && test.quantile < 1;
    case TestMethod::quantile_level: return test.quantile > 0 && test.quantile < 1;
    case TestMethod::rate_level:
    case TestMethod::mean_level: return test.margin > 0 && test.margin < 1;
    case TestMethod::event_level: return test.margin > 0;
    case TestMethod::mean_difference:
    case TestMethod::sample_ratio: return true;
  }
  return false;
}

bool shows(const Plan& plan, AggregateId id, AggregateFn fn, uint32_t cell) {
  if (id.value >= plan.aggregates.size()) return false;
  const Aggregate& aggregate = plan.aggregates[id.value];
  return aggregate.fn == fn && cell >= aggregate.cell_first &&
         cell - aggregate.cell_first < aggregate.cell_count;
}

bool cells_fit(const Plan& plan, const EvidenceTest& test) {
  const Rows<TestCellId> cells = test.cells;
  if (cells.count == 0 || cells.count > limits::cells_per_test_max ||
      cells.first > plan.test_cells.size() || cells.count > plan.test_cells.size() - cells.first) {
    return false;
  }
  if ((test.fold == TestFold::everybody) != (plan.test_cells[cells.first].cell == 0)) return false;
  if (test.fold == TestFold::everybody && cells.count != 1) return false;
  for (uint32_t at = cells.first; at < cells.end(); ++at) {
    const TestCell& cell = plan.test_cells[at];
    if (cell.cell >= plan.cell_count) return false;
    const auto fits = [&](AggregateId id, AggregateFn fn) {
      return id.is_none() || shows(plan, id, fn, cell.cell);
    };
    // The estimates are also what makes the layout keep the cell.
    if (!fits(cell.evidence, AggregateFn::evidence) ||
        !fits(cell.baseline, AggregateFn::estimate) ||
        !fits(cell.candidate, AggregateFn::estimate)) {
      return false;
    }
    const bool counted = cell.baseline.is_none()
                             ? !cell.candidate.is_none() &&
                                   plan.aggregates[cell.candidate.value].tracker == test.tracker
                             : plan.aggregates[cell.baseline.value].tracker == test.tracker;
    if (!counted) return false;
  }
  return true;
}

}  // namespace

Status verify_tests(const Plan& plan) {
  for (size_t row = 0; row < plan.tests.size(); ++row) {
    const EvidenceTest& test = plan.tests[row];
    const auto refuse = [&](std::string_view what) {
      return Error{fmt::format("the plan is not valid: test {} {}", row, what)};
    };
    if (test.method > TestMethod::sample_ratio || test.finding > Finding::below ||
        test.fold > TestFold::every || test.arm > Arm::candidate || test.randomised > 1) {
      return refuse("has no known form");
    }
    if (!tracker_fits(plan, test)) return refuse("does not fit what its tracker counts");
    if (!numbers_fit(test)) return refuse("has a number out of range");
    if (!test.stage.is_none() && test.stage.value >= plan.stages.size()) {
      return refuse("has no known stage");
    }
    if (!shows(plan, test.evidence, AggregateFn::evidence, 0)) return refuse("has no evidence");
    if (!cells_fit(plan, test)) return refuse("does not own its cells");
    if (test.text.value >= plan.strings.size() || plan.strings[test.text.value].empty()) {
      return refuse("has no text");
    }
  }
  return plan.false_rollback_millionths <= 1'000'000
             ? ok()
             : Status{Error{"the plan is not valid: its error budget is more than everything"}};
}

}  // namespace rel
