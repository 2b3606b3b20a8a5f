// Why: a stage that gives the candidate less than the one before takes users away from it again,
// and the evidence it collects is thinner than what is already there.
// Avoid: `stage canary: steps 25% for 1h` and then `stage more: split 10%`.
// Prefer: shares that grow from stage to stage; only a rollback takes traffic away.
#include <fmt/format.h>

#include "compiler/lints/lint.h"
#include "runtime/plan/text.h"

namespace rel::lints {

void falling_share(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for (size_t index = 1; index < release.stages.size(); ++index) {
      const sema::Share& before = release.stages[index - 1].steps.back().share;
      const sema::Share& after = release.stages[index].steps.front().share;
      if (after.millionths >= before.millionths) continue;
      diagnostics
          .report(Code::falling_share, after.span,
                  fmt::format("this stage begins at {} after {}", share_text(after.millionths),
                              share_text(before.millionths)))
          .label(before.span, "the end of the stage before")
          .with_help("let shares grow from stage to stage");
    }
  }
}

}  // namespace rel::lints
