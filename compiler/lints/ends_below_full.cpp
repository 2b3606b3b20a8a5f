// Why: a release that ends below 100 % leaves part of the users on the baseline for ever, unseen.
// Avoid: a last stage `steps 10% for 1h, 50% for 1h`.
// Prefer: `stage live: 100%` after it, or `100% holdback 1%` to keep a comparison.
#include <fmt/format.h>

#include "compiler/lints/lint.h"
#include "runtime/plan/text.h"

namespace rel::lints {

void ends_below_full(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  constexpr uint32_t million = 1'000'000;
  for (const sema::TypedRelease& release : policy.releases) {
    const sema::TypedStage& last = release.stages.back();
    const uint32_t share = last.steps.back().share.millionths + last.holdback.millionths;
    if (share == million) continue;
    diagnostics
        .report(Code::ends_below_full, last.name_span,
                last.kind == StageKind::mirror
                    ? std::string{"the release ends without the candidate answering anybody"}
                    : fmt::format("the release ends with {} on the candidate", share_text(share)))
        .primary("the last stage")
        .with_help("add `stage live: 100%` after it");
  }
}

}  // namespace rel::lints
