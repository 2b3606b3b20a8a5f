#include "compiler/plan/tests.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/plan/text.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/sample_ratio.h"

namespace rel {

namespace {

using sema::TypedComparison;

constexpr int64_t restart_ns = int64_t{300} * 1'000'000'000;
constexpr int64_t open_end_ns = int64_t{24} * 3600 * 1'000'000'000;  // of a stage without an end
constexpr int64_t starts_min = 12;

bool raises(TriggerAction action) {
  return action == TriggerAction::promote || action == TriggerAction::step;
}

bool rests_on_assignment(const TypedComparison& test, TriggerAction action) {
  if (!compares_arms(test.method)) return false;
  return raises(action) || test.method == TestMethod::mean_ratio ||
         test.method == TestMethod::mean_difference;
}

// What the estimate of a test is: `rate(candidate.failed)`.
std::string estimate_text(const sema::TypedPolicy& policy, const TypedComparison& test, Arm arm) {
  const sema::TypedMetric& metric = policy.metrics[*test.metric];
  const std::string series = fmt::format("{}.{}", arm_name(arm), metric.name);
  switch (test.method) {
    case TestMethod::rate_ratio:
    case TestMethod::rate_difference:
    case TestMethod::rate_level: return fmt::format("rate({})", series);
    case TestMethod::order:
    case TestMethod::mean_ratio:
    case TestMethod::mean_difference:
    case TestMethod::mean_level: return fmt::format("mean({})", series);
    case TestMethod::quantile_ratio:
      return fmt::format("quantile({}, {})", series, number_text(test.quantile, PlanUnit::ratio));
    case TestMethod::quantile_level:
      return fmt::format("share of {} above {}", series, number_text(test.margin, metric.unit));
    case TestMethod::event_level: return fmt::format("count({})", series);
    case TestMethod::sample_ratio: break;
  }
  return series;
}

PlanUnit estimate_unit(const sema::TypedPolicy& policy, const TypedComparison& test) {
  switch (test.method) {
    case TestMethod::rate_ratio:
    case TestMethod::rate_difference:
    case TestMethod::rate_level:
    case TestMethod::quantile_level: return PlanUnit::ratio;
    case TestMethod::event_level: return PlanUnit::requests;
    case TestMethod::order:
    case TestMethod::mean_ratio:
    case TestMethod::mean_difference:
    case TestMethod::mean_level:
    case TestMethod::quantile_ratio: return policy.metrics[*test.metric].unit;
    case TestMethod::sample_ratio: break;
  }
  return PlanUnit::ratio;
}

}  // namespace

AggregateId TestTable::aggregate(const sema::TypedAggregate& read) {
  const EvidenceTest& row = plan_.tests[test(policy_.comparisons[*read.test], read.arm)];
  if (read.fn == AggregateFn::evidence) return row.evidence;
  const TestCell& cell = plan_.test_cells[row.cells.first];
  return read.arm == Arm::baseline ? cell.baseline : cell.candidate;
}

uint32_t TestTable::test(const TypedComparison& typed, Arm arm) {
  const Arm tested = compares_arms(typed.method) ? Arm::candidate : arm;
  const bool randomised = rests_on_assignment(typed, action_);
  std::string key = fmt::format("{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:",
                                static_cast<int>(typed.method), static_cast<int>(typed.finding),
                                static_cast<int>(typed.fold), *typed.metric, typed.margin,
                                typed.quantile, typed.alpha, typed.samples_min,
                                static_cast<int>(tested), randomised, stage_.value, typed.crossed);
  for (const uint32_t segment : typed.segments) key += fmt::format("{},", segment);
  const auto [place, added] = known_.try_emplace(key, 0);
  if (added) {
    EvidenceTest row;
    row.method = typed.method;
    row.finding = typed.finding;
    row.fold = typed.fold;
    row.arm = tested;
    row.randomised = randomised ? 1 : 0;
    row.stage = stage_;
    row.samples_min = typed.samples_min;
    row.margin = typed.margin;
    row.quantile = typed.quantile;
    row.alpha = typed.alpha;
    row.text = tables_.string(typed.text);
    const bool flag = policy_.metrics[*typed.metric].kind == MetricKind::flag;
    row.tracker = tables_.tracker(typed.metric, sema::TypedWindow{},
                                  flag ? Keeps::totals : Keeps::histogram);
    row.evidence = append(AggregateFn::evidence, Arm::candidate, row, 0, 1,
                          fmt::format("evidence({})", typed.text), PlanUnit::number);
    add_cells(typed, row);
    place->second = static_cast<uint32_t>(plan_.tests.size());
    plan_.tests.push_back(row);
    tables_.check_limit("statistical comparisons", plan_.tests.size(), limits::tests_max);
  }
  if (action_ == TriggerAction::rollback && tested == Arm::candidate) {
    rolls_back_.try_emplace(place->second, typed.span);
  }
  return place->second;
}

void TestTable::add_cells(const TypedComparison& typed, EvidenceTest& row) {
  row.cells.first = static_cast<uint32_t>(plan_.test_cells.size());
  if (typed.fold == TestFold::everybody) add_run(typed, row, 0, 1);
  if (typed.crossed) {
    const Product cells = tables_.product(typed.segments);
    add_run(typed, row, cells.cell_first, cells.cell_count);
  } else {
    for (const uint32_t segment : typed.segments) {
      const Segment& cells = plan_.segments[segment];
      add_run(typed, row, cells.cell_first, cells.values.count);
    }
  }
  row.cells.count = static_cast<uint32_t>(plan_.test_cells.size()) - row.cells.first;
  tables_.check_limit("cells of one comparison", row.cells.count, limits::cells_per_test_max);
  tables_.check_limit("cells of comparisons", plan_.test_cells.size(), limits::test_cells_max);
}

void TestTable::add_run(const TypedComparison& typed, EvidenceTest& row, uint32_t cell_first,
                        uint32_t cell_count) {
  const PlanUnit unit = estimate_unit(policy_, typed);
  const auto shown = [&](AggregateFn fn, Arm arm, std::string text, PlanUnit of) {
    return append(fn, arm, row, cell_first, cell_count, std::move(text), of);
  };
  TestCell cell;
  if (typed.fold != TestFold::everybody) {
    cell.evidence = shown(AggregateFn::evidence, Arm::candidate,
                          fmt::format("evidence({})", typed.text), PlanUnit::number);
  }
  for (const Arm arm : {Arm::baseline, Arm::candidate}) {
    if (!compares_arms(typed.method) && arm != row.arm) continue;
    const AggregateId id =
        shown(AggregateFn::estimate, arm, estimate_text(policy_, typed, arm), unit);
    (arm == Arm::baseline ? cell.baseline : cell.candidate) = id;
  }
  for (uint32_t i = 0; i < cell_count; ++i) {
    cell.cell = cell_first + i;
    plan_.test_cells.push_back(cell);
  }
}

AggregateId TestTable::append(AggregateFn fn, Arm arm, const EvidenceTest& test,
                              uint32_t cell_first, uint32_t cell_count, std::string text,
                              PlanUnit unit) {
  Aggregate row;
  row.fn = fn;
  row.arm = arm;
  row.tracker = test.tracker;
  row.cell_first = cell_first;
  row.cell_count = cell_count;
  row.unit = unit;
  row.text = tables_.string(text);
  return tables_.append(row);
}

// -- once all is known

int64_t TestTable::length_of(const Stage& stage) const {
  int64_t steps = 0;
  for (uint32_t at = stage.steps.first; at < stage.steps.end(); ++at) {
    steps += plan_.steps[at].duration_ns;
  }
  const int64_t length = std::max({steps, stage.soak_ns, stage.at_least_ns, stage.at_most_ns});
  return length == 0 ? open_end_ns : length;
}

// Half of the evidence starts with the comparison, half later, so that a regression that comes late
// is found soon: every five minutes, or a twelfth of the time when that is shorter.
void TestTable::spread_starts(EvidenceTest& row) const {
  int64_t length = 0;
  for (uint32_t stage = 0; stage < plan_.stages.size(); ++stage) {
    if (row.stage.is_none() || row.stage.value == stage) length += length_of(plan_.stages[stage]);
  }
  length = std::min(length, limits::duration_ns_max);
  const auto panes = [&](int64_t ns) {
    return static_cast<uint32_t>(std::clamp<int64_t>(ns / plan_.pane_ns, 1, UINT32_MAX));
  };
  row.horizon_panes = panes(length);
  row.restart_panes = panes(std::min(restart_ns, length / starts_min));
}

void TestTable::finish(const sema::TypedRelease& release) {
  if (plan_.tests.empty()) {
    check_budget(release);
    return;
  }
  watch_sample_ratio(release);
  for (EvidenceTest& row : plan_.tests) spread_starts(row);
  check_budget(release);
}

void TestTable::check_budget(const sema::TypedRelease& release) {
  if (!release.false_rollback) return;
  plan_.false_rollback_millionths = release.false_rollback->millionths;
  double sum = 0;
  for (const auto& [row, span] : rolls_back_) sum += plan_.tests[row].alpha;
  const double budget = release.false_rollback->millionths / 1e6;
  if (sum <= budget + 1e-12) return;
  tables_.at(release.false_rollback->span);
  Diagnostic& diagnostic = tables_.fail(
      Code::budget_exceeded,
      fmt::format("the rollback tests of this release add up to {}",
                  number_text(sum, PlanUnit::ratio)));
  diagnostic.primary("this is what they may cost a healthy candidate");
  for (const auto& [row, span] : rolls_back_) {
    diagnostic.label(span, number_text(plan_.tests[row].alpha, PlanUnit::ratio));
  }
  diagnostic.with_help("ask for more confidence, watch fewer metrics, or allow a larger budget");
}

// Whether the candidate gets the share of requests that the route gives it. A mismatch means that
// the arms are not comparable: nothing is raised any more, whatever the comparisons say.
void TestTable::watch_sample_ratio(const sema::TypedRelease& release) {
  const auto shared = [](const Stage& stage) { return stage.kind != StageKind::mirror; };
  if (std::none_of(plan_.stages.begin(), plan_.stages.end(), shared)) return;
  // Where a rule of the route decides for some requests, the share of all is not the drawn one.
  const auto waves = [](const sema::TypedStage& stage) { return stage.wave_segment.has_value(); };
  const bool ruled = !release.routes.empty() || !release.audience.empty() ||
                     !release.sticky_by.empty() || release.observe_only ||
                     std::any_of(release.stages.begin(), release.stages.end(), waves);
  if (ruled) return;
  tables_.at(release.name_span);
  constexpr std::string_view text = "the share of requests fits the route";
  EvidenceTest row;
  row.method = TestMethod::sample_ratio;
  row.alpha = stats::sample_ratio_alpha;
  row.text = tables_.string(text);
  row.tracker = tables_.tracker(std::nullopt, sema::TypedWindow{}, Keeps::totals);
  row.evidence = append(AggregateFn::evidence, Arm::candidate, row, 0, 1,
                        "evidence(sample ratio mismatch)", PlanUnit::number);
  TestCell cell;
  cell.baseline = append(AggregateFn::estimate, Arm::baseline, row, 0, 1,
                         "share of the candidate by the route", PlanUnit::ratio);
  cell.candidate = append(AggregateFn::estimate, Arm::candidate, row, 0, 1,
                          "share of the candidate", PlanUnit::ratio);
  row.cells = {static_cast<uint32_t>(plan_.test_cells.size()), 1};
  plan_.test_cells.push_back(cell);
  plan_.tests.push_back(row);

  const PlanSpan place = tables_.span(release.name_span);
  const auto first = static_cast<uint32_t>(plan_.nodes.size());
  plan_.nodes.push_back({.op = Op::load, .a = row.evidence.value, .span = place});
  plan_.nodes.push_back({.op = Op::constant,
                         .constant = stats::evidence_threshold(row.alpha),
                         .span = place});
  plan_.nodes.push_back({.op = Op::ge, .a = first, .b = first + 1, .span = place});
  Predicate predicate;
  predicate.nodes = {first, 3};
  predicate.text = tables_.string("sample ratio mismatch");
  Trigger trigger;
  trigger.name = tables_.string("sample_ratio");
  trigger.action = TriggerAction::hold;
  trigger.when = trigger.condition = PredicateId{static_cast<uint32_t>(plan_.predicates.size())};
  trigger.text = tables_.string("hold when sample ratio mismatch");
  trigger.span = place;
  plan_.predicates.push_back(predicate);
  plan_.triggers.push_back(trigger);
  tables_.check_limit("triggers", plan_.triggers.size(), limits::triggers_max);
}

}  // namespace rel
