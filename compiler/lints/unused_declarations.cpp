// Why: a guard, metric or segment that nothing reads is often one that was meant to protect.
// Avoid: a guard that no trigger uses.
// Prefer: use it in a trigger, or remove it.
#include <fmt/format.h>

#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

struct Used {
  std::vector<bool> metrics;
  std::vector<bool> segments;
};

void mark(const sema::TypedPolicy& policy, sema::TypedId id, Used& used) {
  if (id.is_none()) return;
  const sema::TypedExpr& expr = policy[id];
  if (expr.op == Op::load) {
    const sema::TypedAggregate& aggregate = policy.aggregates[expr.aggregate];
    if (aggregate.metric) {
      const sema::TypedMetric& metric = policy.metrics[*aggregate.metric];
      used.metrics[*aggregate.metric] = true;
      if (metric.of) used.metrics[*metric.of] = true;
    }
    if (aggregate.test) {
      for (const uint32_t segment : policy.comparisons[*aggregate.test].segments) {
        used.segments[segment] = true;
      }
    }
  }
  if (expr.evidence && policy.evidence[*expr.evidence].segment) {
    used.segments[*policy.evidence[*expr.evidence].segment] = true;
  }
  if (expr.fold) {
    for (const uint32_t segment : expr.fold->segments) used.segments[segment] = true;
  }
  mark(policy, expr.left, used);
  mark(policy, expr.right, used);
}

Used find_used(const sema::TypedPolicy& policy) {
  Used used{std::vector<bool>(policy.metrics.size()), std::vector<bool>(policy.segments.size())};
  for (const sema::TypedGuard& guard : policy.guards) mark(policy, guard.body, used);
  for (const sema::TypedRelease& release : policy.releases) {
    for (const sema::TypedTrigger& trigger : release.triggers) mark(policy, trigger.when, used);
    for (const sema::TypedStage& stage : release.stages) {
      if (stage.wave_segment) used.segments[*stage.wave_segment] = true;
      for (const sema::TypedTrigger& trigger : stage.triggers) mark(policy, trigger.when, used);
    }
  }
  return used;
}

}  // namespace

void unused_declarations(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  // A file without a release is a library: others use what it declares.
  if (policy.releases.empty()) return;
  const Used used = find_used(policy);
  for (const sema::TypedGuard& guard : policy.guards) {
    if (guard.used) continue;
    diagnostics
        .report(Code::unused_guard, guard.name_span,
                fmt::format("the {} `{}` is never used", guard.word, guard.name))
        .with_help(guard.word == "guard"
                       ? fmt::format("use it, such as `rollback when {} for 1m`, or remove it",
                                     guard.name)
                       : std::string("use it, or remove it"));
  }
  for (size_t row = 0; row < policy.metrics.size(); ++row) {
    const sema::TypedMetric& metric = policy.metrics[row];
    if (used.metrics[row] || metric.of || metric.name_span.file != policy.file) continue;
    diagnostics
        .report(Code::unused_metric, metric.name_span,
                fmt::format("no condition reads the metric `{}`", metric.name))
        .with_help("read it in a trigger, or remove it");
  }
  for (size_t row = 0; row < policy.segments.size(); ++row) {
    const sema::TypedSegment& segment = policy.segments[row];
    if (used.segments[row] || segment.name_span.file != policy.file) continue;
    diagnostics
        .report(Code::unused_segment, segment.name_span,
                fmt::format("no condition reads the segment `{}`", segment.name))
        .with_help(fmt::format("read it (`in any {}`), or remove it", segment.name));
  }
}

}  // namespace rel::lints
