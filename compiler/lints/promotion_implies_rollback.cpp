// Why: rollback beats promote; a stage whose promotion is also a reason to go back never ends well.
// Avoid: `promote when rate(failed) > 2%` below `rollback when rate(failed) > 1%`: a sign is wrong.
// Prefer: promotions that are true while every rollback is false.
#include <fmt/format.h>

#include "compiler/lints/analysis/contradiction.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

void promotion_implies_rollback(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for (const sema::TypedStage& stage : release.stages) {
      const auto found = contradiction_of(policy, release, stage);
      if (!found) continue;
      diagnostics
          .report(Code::promotion_implies_rollback, found->promotion->span,
                  fmt::format("what promotes `{}` rolls it back", stage.name))
          .label(policy[found->promoting].span, "while this is true")
          .label(policy[found->refused].span, "so is this, and the release goes back")
          .with_note("rollback beats promote: the stage can never be promoted")
          .with_help("is one of the signs the wrong way round?");
    }
  }
}

}  // namespace rel::lints
