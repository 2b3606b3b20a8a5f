// Why: a shadow answers nobody; what it is for is the comparison with what is served.
// Avoid: a mirror stage in which no trigger reads the baseline.
// Prefer: `promote when rate(candidate.failed) <= rate(baseline.failed) + 1pp over stage`.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

void shadow_without_comparison(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  const auto compares = [&](const sema::TypedTrigger& trigger) {
    return any_of(policy, trigger.when, [&](const sema::TypedExpr& expr) {
      if (expr.op != Op::load) return false;
      const sema::TypedAggregate& read = policy.aggregates[expr.aggregate];
      const bool pairs = read.metric && policy.metrics[*read.metric].per == SampleUnit::pair;
      return pairs || policy.reads(read, Arm::baseline);
    });
  };
  for (const sema::TypedRelease& release : policy.releases) {
    for (const sema::TypedStage& stage : release.stages) {
      if (stage.kind != StageKind::mirror) continue;
      if (std::any_of(release.triggers.begin(), release.triggers.end(), compares) ||
          std::any_of(stage.triggers.begin(), stage.triggers.end(), compares))
        continue;
      diagnostics
          .report(Code::shadow_without_comparison, stage.name_span,
                  fmt::format("nothing compares the shadow `{}` with what is served", stage.name))
          .with_help("add a promotion that reads both arms, such as `promote when "
                     "rate(candidate.failed) <= rate(baseline.failed) + 1pp over stage`");
    }
  }
}

}  // namespace rel::lints
