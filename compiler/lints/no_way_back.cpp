// Why: a release without a rollback trigger goes back only when a person notices.
// Avoid: a release that only holds or alerts.
// Prefer: one rollback trigger on errors and one on latency.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/lint.h"

namespace rel::lints {

void no_way_back(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  const auto rolls_back = [](const sema::TypedTrigger& trigger) {
    return trigger.action == TriggerAction::rollback && !trigger.implied;
  };
  for (const sema::TypedRelease& release : policy.releases) {
    bool found = std::any_of(release.triggers.begin(), release.triggers.end(), rolls_back);
    for (const sema::TypedStage& stage : release.stages) {
      found = found || std::any_of(stage.triggers.begin(), stage.triggers.end(), rolls_back);
    }
    if (found) continue;
    diagnostics
        .report(Code::no_way_back, release.name_span,
                fmt::format("nothing rolls the release `{}` back", release.name))
        .with_help("add a trigger, such as `rollback when rate(failed) > 2% over 1m for 1m`");
  }
}

}  // namespace rel::lints
