// Why: a comparison that cannot be decided in the time and with the traffic it has protects nobody,
// and a stage that ends without a rollback then looks like a good one.
// Avoid: `failed worse than baseline at 99% confidence` on 1 % of 10 requests a second for an hour.
// Prefer: a longer stage, a larger share, or a larger margin.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"
#include "runtime/plan/text.h"
#include "runtime/stats/power.h"

namespace rel::lints {

namespace {

constexpr double wanted_power = 0.8;
constexpr double guarded_ratio = 2;  // twice what the margin allows is what a comparison is for
constexpr double million = 1'000'000;

struct Part {
  double seconds = 0;
  double share = 0;
};

// A stage as one share for its planned length, the average of its steps.
Part part_of(const sema::TypedStage& stage) {
  double steps_s = 0, given = 0;
  for (const sema::TypedStep& step : stage.steps) {
    const double own_s = static_cast<double>(step.duration.ns) / 1e9;
    steps_s += own_s;
    given += own_s * step.share.millionths / million;
  }
  const int64_t planned_ns = std::max(stage.soak.ns, stage.at_least.ns);
  Part part{std::max(steps_s, static_cast<double>(planned_ns) / 1e9)};
  if (part.seconds <= 0) part.seconds = static_cast<double>(stage.at_most.ns) / 1e9;
  if (part.seconds <= 0 || stage.steps.empty() || stage.kind == StageKind::mirror) return {};
  given += (part.seconds - steps_s) * stage.steps.back().share.millionths / million;
  part.share = given / part.seconds;
  return part;
}

std::optional<stats::PowerQuestion> question_of(const sema::TypedPolicy& policy,
                                                const sema::TypedRelease& release,
                                                const sema::TypedComparison& test) {
  const std::optional<sema::TypedExpected>& expected = policy.models[release.model].expected;
  const bool rates = test.method == TestMethod::rate_ratio && test.finding == Finding::above;
  if (!expected || expected->traffic_per_s <= 0 || !rates || test.fold != TestFold::everybody) {
    return std::nullopt;
  }
  const sema::ExpectedMetric* metric = expected->metric(*test.metric);
  if (metric == nullptr || !metric->rate || *metric->rate <= 0) return std::nullopt;
  const double ratio = guarded_ratio * test.margin;
  if (*metric->rate * ratio >= 1) return std::nullopt;
  return stats::PowerQuestion{.base_rate = *metric->rate,
                              .ratio = ratio,
                              .per_second = expected->traffic_per_s,
                              .alpha = test.alpha,
                              .power = wanted_power,
                              .null_ratio = test.margin};
}

// The share that would do in the same time; 0: none below a half.
double share_for(stats::PowerQuestion question) {
  for (double share = question.share; share < 0.5; share *= 1.1) {
    question.share = share;
    if (stats::rate_power(question).detects == stats::Detects::can) return share;
  }
  return 0;
}

std::string time_text(double seconds) {
  const double grid = seconds < 7200 ? 60 : 3600;
  return exact_duration_text(static_cast<int64_t>(std::ceil(seconds / grid) * grid) *
                             1'000'000'000);
}

void judge(const sema::TypedRelease& release, const sema::TypedTrigger& trigger,
           const sema::TypedStage* own, const sema::TypedComparison& test,
           stats::PowerQuestion question, Diagnostics& diagnostics) {
  const sema::TypedStage* longest = nullptr;
  stats::PowerAnswer best{};
  for (const sema::TypedStage& stage : release.stages) {
    if (own != nullptr && own != &stage) continue;
    const Part part = part_of(stage);
    if (part.seconds <= 0 || part.share <= 0 || part.share >= 1) continue;
    question.duration_s = part.seconds;
    question.share = part.share;
    const stats::PowerAnswer answer = stats::rate_power(question);
    if (answer.detects == stats::Detects::can) return;
    if (longest == nullptr || answer.power_in_duration > best.power_in_duration) {
      longest = &stage;
      best = answer;
    }
  }
  if (longest == nullptr) return;
  const Part part = part_of(*longest);
  question.duration_s = part.seconds;
  question.share = part.share;
  const double share = share_for(question);
  Diagnostic& diagnostic = diagnostics.report(
      Code::cannot_detect, trigger.span,
      fmt::format("the stage `{}` cannot detect what this guards", longest->name));
  diagnostic
      .label(test.span, fmt::format("{:.3g} times the baseline's rate is found with {:.0f}%",
                                    question.ratio, best.power_in_duration * 100))
      .label(longest->strategy_span,
             fmt::format("{} at {:.3g}% on average", time_text(part.seconds), part.share * 100));
  if (std::isfinite(best.seconds)) {
    diagnostic.with_help(
        fmt::format("{} at this share would find it with 80%{}", time_text(best.seconds),
                    share > 0 ? fmt::format(", or {:.2g}% in this time", share * 100) : ""));
  }
  diagnostic.with_note("`relc plan` shows what each stage can detect");
}

// The tests below a condition.
void collect(const sema::TypedPolicy& policy, sema::TypedId id, std::vector<uint32_t>& tests) {
  if (id.is_none()) return;
  const sema::TypedExpr& expr = policy[id];
  if (expr.op == Op::load && policy.aggregates[expr.aggregate].test) {
    const uint32_t test = *policy.aggregates[expr.aggregate].test;
    if (std::find(tests.begin(), tests.end(), test) == tests.end()) tests.push_back(test);
  }
  collect(policy, expr.left, tests);
  collect(policy, expr.right, tests);
}

}  // namespace

void cannot_detect(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for_each_trigger(release, [&](const sema::TypedTrigger& trigger,
                                  const sema::TypedStage* stage) {
      if (trigger.action != TriggerAction::rollback) return;
      std::vector<uint32_t> tests;
      collect(policy, trigger.when, tests);
      for (const uint32_t row : tests) {
        const sema::TypedComparison& test = policy.comparisons[row];
        const auto question = question_of(policy, release, test);
        if (question) judge(release, trigger, stage, test, *question, diagnostics);
      }
    });
  }
}

}  // namespace rel::lints
