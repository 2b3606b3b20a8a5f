// Why: a user who meets both arms carries the effect of one into the other, and sees the change.
// Avoid: a `split` stage with a promotion, assigned anew for each request.
// Prefer: `sticky by user` on the stage or the release.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/lint.h"

namespace rel::lints {

void experiment_without_stickiness(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    if (!release.sticky_by.empty()) continue;
    for (const sema::TypedStage& stage : release.stages) {
      const bool decided =
          std::any_of(stage.triggers.begin(), stage.triggers.end(), [](const auto& trigger) {
            return trigger.action == TriggerAction::promote;
          });
      if (stage.kind != StageKind::split || !decided) continue;
      diagnostics
          .report(Code::experiment_without_stickiness, stage.name_span,
                  fmt::format("the experiment `{}` does not keep users in their arm", stage.name))
          .with_help("write `sticky by user` in the release");
    }
  }
}

}  // namespace rel::lints
