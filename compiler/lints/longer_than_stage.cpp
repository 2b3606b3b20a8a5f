// Why: windows and `for` start anew in each stage; a trigger that needs longer than every stage it
// acts in lasts can never fire.
// Avoid: `rollback when slow for 10m` in a release whose stages last five minutes.
// Prefer: a shorter `for` or window, or a longer stage.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/lint.h"
#include "runtime/plan/text.h"

namespace rel::lints {

namespace {

// How long it takes at least until a sustained condition can be true.
int64_t lasts_ns(const sema::TypedExpr& expr) {
  switch (expr.temporal) {
    case SustainKind::held: return expr.duration_ns;
    case SustainKind::consecutive:
    case SustainKind::of_last: return expr.duration_ns * expr.count;
    case SustainKind::failures_over: return expr.duration_ns * (int64_t{expr.count} + 1);
    case SustainKind::failures_within: return expr.duration_ns;
    case SustainKind::latch:
    case SustainKind::keep: return 0;
  }
  return 0;
}

// The longest `for` of a condition.
int64_t sustained_ns(const sema::TypedPolicy& policy, sema::TypedId id) {
  if (id.is_none()) return 0;
  const sema::TypedExpr& expr = policy[id];
  const int64_t own = expr.op == Op::sustained ? lasts_ns(expr) : 0;
  return std::max({own, sustained_ns(policy, expr.left), sustained_ns(policy, expr.right)});
}

int64_t window_ns(const sema::TypedPolicy& policy, sema::TypedId id) {
  if (id.is_none()) return 0;
  const sema::TypedExpr& expr = policy[id];
  return std::max({expr.window.length_ns, window_ns(policy, expr.left),
                   window_ns(policy, expr.right)});
}

// How long a stage lasts when nothing holds it; 0: as long as its gate wants.
int64_t length_ns(const sema::TypedStage& stage) {
  int64_t steps = 0;
  for (const sema::TypedStep& step : stage.steps) steps += step.duration.ns;
  const bool gated =
      std::any_of(stage.triggers.begin(), stage.triggers.end(), [](const auto& trigger) {
        return trigger.action == TriggerAction::promote || trigger.action == TriggerAction::step;
      });
  if (stage.kind == StageKind::blue_green) return std::max(stage.at_most.ns, stage.watch.ns);
  if (gated || stage.step_samples_min > 0) {
    return stage.at_most.ns == 0 ? 0 : stage.at_most.ns + stage.watch.ns;
  }
  return std::max({steps, stage.soak.ns, stage.at_least.ns}) + stage.watch.ns;
}

void judge(const sema::TypedPolicy& policy, const sema::TypedTrigger& trigger, int64_t stage_ns,
           std::string_view where, Diagnostics& diagnostics) {
  if (stage_ns == 0 || trigger.implied) return;
  const int64_t sustained = sustained_ns(policy, trigger.when);
  const int64_t window = window_ns(policy, trigger.when);
  const bool late = sustained > stage_ns;
  if (!late && window <= stage_ns) return;
  diagnostics
      .report(Code::longer_than_stage, trigger.span,
              fmt::format("this {} {}, {} {}", late ? "waits for" : "reads",
                          exact_duration_text(late ? sustained : window), where,
                          exact_duration_text(stage_ns)))
      .with_note(late ? "time and checks are counted anew in each stage: it can never be true"
                      : "windows start anew in each stage: this one is never full")
      .with_help("write a shorter time, or a longer stage");
}

}  // namespace

void longer_than_stage(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    int64_t longest = 0;
    bool open = false;  // a stage without a known length
    for (const sema::TypedStage& stage : release.stages) {
      const int64_t length = length_ns(stage);
      longest = std::max(longest, length);
      const bool last = &stage == &release.stages.back();
      open = open || (length == 0 && !last);
      for (const sema::TypedTrigger& trigger : stage.triggers) {
        judge(policy, trigger, length, "its stage lasts", diagnostics);
      }
    }
    if (open) continue;
    for (const sema::TypedTrigger& trigger : release.triggers) {
      judge(policy, trigger, longest, "the longest stage lasts", diagnostics);
    }
  }
}

}  // namespace rel::lints
