// Why: a model that answers well and too late is as bad as one that fails.
// Avoid: rollback triggers on errors only.
// Prefer: one on a quantile of a duration, such as `p99(latency) > 300ms over 1m`.
#include <fmt/format.h>

#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

void no_latency_guard(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  const auto reads_time = [&](const sema::TypedExpr& expr) {
    if (expr.op != Op::load) return false;
    const sema::TypedAggregate& read = policy.aggregates[expr.aggregate];
    const auto metric = read.test ? policy.comparisons[*read.test].metric : read.metric;
    return metric && policy.metrics[*metric].kind == MetricKind::duration;
  };
  for (const sema::TypedRelease& release : policy.releases) {
    bool rolls_back = false;
    bool by_time = false;
    for_each_trigger(release, [&](const sema::TypedTrigger& trigger, const sema::TypedStage*) {
      if (trigger.action != TriggerAction::rollback) return;
      rolls_back = true;
      by_time = by_time || any_of(policy, trigger.when, reads_time);
    });
    if (!rolls_back || by_time) continue;
    diagnostics
        .report(Code::no_latency_guard, release.name_span,
                fmt::format("no rollback of `{}` looks at how long answers take", release.name))
        .with_help("add one, such as `rollback when p99(latency) > 300ms over 1m for 1m`");
  }
}

}  // namespace rel::lints
