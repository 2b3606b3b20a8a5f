// Why: a stage behind one that is never left is dead text, and so is all that was to happen in it.
// Avoid: a promotion that can never be true, or that a rollback forbids, before another stage.
// Prefer: promotions that can be reached.
#include <fmt/format.h>

#include "compiler/lints/analysis/contradiction.h"
#include "compiler/lints/analysis/interval.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

// The promotion that keeps a stage for ever, or null.
const sema::TypedTrigger* stuck_at(const sema::TypedPolicy& policy,
                                   const sema::TypedRelease& release,
                                   const sema::TypedStage& stage) {
  for (const sema::TypedTrigger& trigger : stage.triggers) {
    const bool gate =
        trigger.action == TriggerAction::promote || trigger.action == TriggerAction::step;
    if (gate && judge(policy, trigger.when).truth == Truth::never) return &trigger;
  }
  const auto found = contradiction_of(policy, release, stage);
  return found ? found->promotion : nullptr;
}

}  // namespace

void unreachable_stage(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for (size_t index = 0; index + 1 < release.stages.size(); ++index) {
      const sema::TypedStage& stage = release.stages[index];
      const sema::TypedTrigger* stuck = stuck_at(policy, release, stage);
      if (stuck == nullptr) continue;
      const sema::TypedStage& next = release.stages[index + 1];
      diagnostics
          .report(Code::unreachable_stage, next.name_span,
                  fmt::format("the stage `{}` is never reached", next.name))
          .label(stuck->span, fmt::format("`{}` waits for this, which never happens", stage.name));
      break;  // all behind it are as dead
    }
  }
}

}  // namespace rel::lints
