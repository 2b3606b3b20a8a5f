// Why: an experiment that is won by not being slower says nothing about what it was made for.
// Avoid: a `split` promoted on latency and errors alone.
// Prefer: a promotion that reads what the business wants more of, such as a rate of purchases.
#include <fmt/format.h>

#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

// What there is to gain: money, or a metric of which more is better.
bool is_outcome(const sema::TypedMetric& metric) {
  return metric.direction == Direction::higher_is_better || metric.unit == PlanUnit::usd ||
         metric.unit == PlanUnit::eur;
}

}  // namespace

void experiment_without_outcome(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  const auto reads_outcome = [&](const sema::TypedExpr& expr) {
    if (expr.op != Op::load) return false;
    const sema::TypedAggregate& read = policy.aggregates[expr.aggregate];
    const auto metric = read.test ? policy.comparisons[*read.test].metric : read.metric;
    return metric && is_outcome(policy.metrics[*metric]);
  };
  for (const sema::TypedRelease& release : policy.releases) {
    for (const sema::TypedStage& stage : release.stages) {
      if (stage.kind != StageKind::split) continue;
      bool promoted = false;
      bool by_outcome = false;
      for (const sema::TypedTrigger& trigger : stage.triggers) {
        if (trigger.action != TriggerAction::promote) continue;
        promoted = true;
        by_outcome = by_outcome || any_of(policy, trigger.when, reads_outcome);
      }
      if (!promoted || by_outcome) continue;
      diagnostics
          .report(Code::experiment_without_outcome, stage.name_span,
                  fmt::format("the experiment `{}` is not decided by an outcome", stage.name))
          .with_note("nothing of which more is better, and no money, is read by its promotion")
          .with_help("read what it is made for, such as `rate(candidate.bought) > "
                     "rate(baseline.bought) over stage`");
    }
  }
}

}  // namespace rel::lints
