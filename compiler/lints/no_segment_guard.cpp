// Why: an aggregate masks its segments: a region that fails completely may be 2 % of the traffic.
// Avoid: rollback triggers over everybody only.
// Prefer: one of them `in any region`.
#include <fmt/format.h>

#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

void no_segment_guard(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  const auto folds = [&](const sema::TypedExpr& expr) {
    if (expr.fold) return true;
    if (expr.op != Op::load) return false;
    const auto& test = policy.aggregates[expr.aggregate].test;
    return test && policy.comparisons[*test].fold != TestFold::everybody;
  };
  for (const sema::TypedRelease& release : policy.releases) {
    bool rolls_back = false;
    bool by_segment = false;
    for_each_trigger(release, [&](const sema::TypedTrigger& trigger, const sema::TypedStage*) {
      if (trigger.action != TriggerAction::rollback) return;
      rolls_back = true;
      by_segment = by_segment || any_of(policy, trigger.when, folds);
    });
    if (!rolls_back || by_segment) continue;
    Diagnostic& made = diagnostics.report(
        Code::no_segment_guard, release.name_span,
        fmt::format("no rollback of `{}` looks at a segment", release.name));
    made.with_note("the whole can be well while one segment of it fails");
    made.with_help(policy.segments.empty()
                       ? "declare one, such as `segment region in { \"eu\", \"us\" }`, and read a "
                         "rollback `in any region`"
                       : fmt::format("read a rollback `in any {}`", policy.segments.front().name));
  }
}

}  // namespace rel::lints
