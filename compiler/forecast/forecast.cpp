#include "compiler/forecast/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "runtime/plan/text.h"
#include "runtime/stats/power.h"

namespace rel::forecast {

namespace {

constexpr double million = 1'000'000;
constexpr double wanted_power = 0.8;
constexpr double infinity = std::numeric_limits<double>::infinity();

// Tests that a predicate reads, through its `for`.
void tests_of(const Plan& plan, PredicateId predicate, std::set<uint32_t>& tests) {
  const Rows<NodeId> nodes = plan.predicates[predicate.value].nodes;
  for (uint32_t at = nodes.first; at < nodes.end(); ++at) {
    const Node& node = plan.nodes[at];
    if (node.op == Op::sustained) tests_of(plan, plan.sustains[node.a].input, tests);
    if (node.op != Op::load) continue;
    for (uint32_t row = 0; row < plan.tests.size(); ++row) {
      if (plan.tests[row].evidence.value == node.a) tests.insert(row);
    }
  }
}

std::string_view metric_name(const Plan& plan, const EvidenceTest& test) {
  return plan.text(plan.metrics[plan.trackers[test.tracker.value].metric.value].name);
}

bool counts_flags(TestMethod method) {
  return method == TestMethod::rate_ratio || method == TestMethod::rate_difference ||
         method == TestMethod::rate_level;
}

// The ratio a rate comparison is there for: twice what its margin allows; no difference at all
// where a promotion asks for "not worse".
double guarded_ratio(const EvidenceTest& test, double base_rate) {
  if (asks_for_alike(test)) return 1;
  if (test.method == TestMethod::rate_difference) {
    return std::max(1 + 2 * test.margin / base_rate, 0.01);
  }
  return test.finding == Finding::above ? 2 * std::max(test.margin, 1.0)
                                        : std::min(test.margin, 1.0) / 2;
}

void compute(const EvidenceTest& test, const Exposed& exposed, double per_second,
             TestForecast& forecast) {
  stats::PowerQuestion question{.base_rate = forecast.base_rate,
                                .ratio = forecast.guarded,
                                .share = exposed.share,
                                .per_second = per_second,
                                .alpha = test.alpha,
                                .power = wanted_power,
                                .duration_s = exposed.seconds,
                                .null_ratio = test.margin};
  const stats::PowerAnswer answer = stats::rate_power(question);
  forecast.basis = Basis::computed;
  forecast.smallest = answer.detectable_ratio;
  forecast.found = answer.power_in_duration;
  forecast.median_s = answer.median_seconds;
  forecast.most_s = answer.seconds;
  if (answer.detects == stats::Detects::can) return;
  forecast.needed_s = answer.seconds;
  for (double share = exposed.share; share < 0.5; share *= 1.05) {
    question.share = share;
    if (stats::rate_power(question).detects != stats::Detects::can) continue;
    forecast.needed_share = share;
    return;
  }
}

// What would have to be known of how many samples come; empty: one comes with each request.
std::string_view unknown_samples(const Metric& metric) {
  if (metric.once != OncePer::sample) return "how many users come";
  switch (metric.per) {
    case SampleUnit::request:
    case SampleUnit::label: return {};
    case SampleUnit::user:
    case SampleUnit::session: return "how many users come";
    case SampleUnit::pair: return "how often the answers agree";
  }
  return {};
}

TestForecast forecast_test(const Plan& plan, TriggerId trigger, uint32_t row,
                           const std::vector<Exposed>& exposed, const Expectations& expected) {
  const EvidenceTest& test = plan.tests[row];
  TestForecast forecast{.trigger = trigger, .test = row};
  double per_second = expected.traffic_per_s;
  if (per_second <= 0) {
    forecast.missing = "traffic";
    return forecast;
  }
  const Metric& metric = plan.metrics[plan.trackers[test.tracker.value].metric.value];
  forecast.missing = unknown_samples(metric);
  if (!forecast.missing.empty()) return forecast;
  // Of several cells the one with the least traffic: what the comparison finds last.
  EvidenceTest judged = test;
  if (test.fold != TestFold::everybody) {
    double least = 1;
    for (uint32_t at = test.cells.first; at < test.cells.end(); ++at) {
      const std::optional<double> share = expected.cells[plan.test_cells[at].cell];
      if (!share) {
        forecast.missing = "the shares of the segments";
        return forecast;
      }
      least = std::min(least, *share);
    }
    per_second *= least;
    if (test.fold == TestFold::any) judged.alpha /= test.cells.count;
  }
  if (counts_flags(test.method)) {
    const MetricId row_of = plan.trackers[test.tracker.value].metric;
    const std::optional<double> rate = expected.rates[row_of.value];
    if (!rate || *rate <= 0 || *rate >= 1) {
      forecast.missing = fmt::format("the rate of {}", metric_name(plan, test));
      return forecast;
    }
    forecast.base_rate = *rate;
    forecast.guarded = guarded_ratio(test, *rate);
    if (test.method == TestMethod::rate_difference) forecast.effect = Effect::points;
  } else if (test.method == TestMethod::order) {
    forecast.effect = Effect::pairs;
    forecast.guarded = 0.6;
  } else {
    forecast.missing = "a way to foresee this form";
    return forecast;
  }
  const bool exact = test.method == TestMethod::rate_ratio && exposed.size() == 1 &&
                     test.finding == Finding::above && exposed[0].share < 1 &&
                     forecast.base_rate * forecast.guarded < 1;
  if (exact) compute(judged, exposed[0], per_second, forecast);
  else simulate_test(judged, exposed, per_second, forecast);
  // What a label says is known so much later.
  const double mature_s = static_cast<double>(metric.within_ns) / 1e9;
  forecast.median_s += mature_s;
  forecast.most_s += mature_s;
  if (forecast.effect == Effect::points && std::isfinite(forecast.smallest)) {
    forecast.smallest = (forecast.smallest - 1) * forecast.base_rate;
    forecast.guarded = (forecast.guarded - 1) * forecast.base_rate;
  }
  return forecast;
}

bool acts_in(const Trigger& trigger, StageId stage) {
  return trigger.stage.is_none() || trigger.stage == stage;
}

StageForecast forecast_stage(const Plan& plan, StageId id, const Expectations& expected) {
  const Stage& stage = plan.stages[id.value];
  const std::vector<Exposed> exposed = exposed_in(plan, stage);
  StageForecast forecast{.stage = id};
  for (const Exposed& part : exposed) {
    forecast.length_s += part.seconds;
    forecast.requests += part.seconds * part.share * expected.traffic_per_s;
  }
  if (forecast.length_s > 0 && expected.traffic_per_s > 0) {
    forecast.share = forecast.requests / (forecast.length_s * expected.traffic_per_s);
  }
  for (uint32_t at = 0; at < plan.triggers.size(); ++at) {
    const Trigger& trigger = plan.triggers[at];
    if (!acts_in(trigger, id)) continue;
    std::set<uint32_t> tests;
    tests_of(plan, trigger.condition, tests);
    std::erase_if(tests, [&](uint32_t row) {
      return plan.tests[row].method == TestMethod::sample_ratio;
    });
    for (const uint32_t row : tests) {
      forecast.tests.push_back(forecast_test(plan, TriggerId{at}, row, exposed, expected));
    }
    if (tests.empty() && trigger.action == TriggerAction::rollback) {
      forecast.raw.push_back(simulate_raw(plan, trigger, expected, exposed));
      forecast.raw.back().trigger = TriggerId{at};
    }
  }
  return forecast;
}

}  // namespace

bool asks_for_alike(const EvidenceTest& test) {
  const double none = test.method == TestMethod::rate_difference ? 0 : 1;
  return test.finding == Finding::below ? test.margin > none : test.margin < none;
}

std::vector<Exposed> exposed_in(const Plan& plan, const Stage& stage) {
  double steps_s = 0;
  for (uint32_t at = stage.steps.first; at < stage.steps.end(); ++at) {
    steps_s += static_cast<double>(plan.steps[at].duration_ns) / 1e9;
  }
  const double planned_s = static_cast<double>(std::max(stage.soak_ns, stage.at_least_ns)) / 1e9;
  const double open_s = static_cast<double>(stage.at_most_ns) / 1e9;
  const double length_s = std::max(steps_s, planned_s) > 0 ? std::max(steps_s, planned_s) : open_s;
  std::vector<Exposed> exposed;
  for (uint32_t at = stage.steps.first; at < stage.steps.end(); ++at) {
    const Step& step = plan.steps[at];
    const bool mirror = stage.kind == StageKind::mirror;
    const double share = (mirror ? stage.mirror_millionths : step.share_millionths) / million;
    const double own_s = static_cast<double>(step.duration_ns) / 1e9;
    const bool last = at + 1 == stage.steps.end();
    exposed.push_back({last ? own_s + (length_s - steps_s) : own_s, share});
  }
  return exposed;
}

Forecast make_forecast(const Plan& plan, const Expectations& expected) {
  Forecast forecast{.expected = expected};
  forecast.expected.rates.resize(plan.metrics.size());
  forecast.expected.cells.resize(plan.cell_count);
  std::set<uint32_t> rolls_back;
  for (const Trigger& trigger : plan.triggers) {
    if (trigger.action == TriggerAction::rollback) tests_of(plan, trigger.condition, rolls_back);
  }
  for (const uint32_t row : rolls_back) forecast.false_rollback += plan.tests[row].alpha;
  forecast.budget = plan.false_rollback_millionths / million;
  for (uint32_t at = 0; at < plan.stages.size(); ++at) {
    forecast.stages.push_back(forecast_stage(plan, StageId{at}, forecast.expected));
  }
  return forecast;
}

}  // namespace rel::forecast
