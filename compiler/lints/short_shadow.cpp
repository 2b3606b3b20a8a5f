// Why: traffic has a week: a shadow that has not seen a weekend has not seen every kind of request.
// Avoid: `stage shadow: mirror 100% { soak 1d }`.
// Prefer: `soak 7d` or longer, a full business cycle.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/lint.h"
#include "runtime/plan/text.h"

namespace rel::lints {

namespace {
constexpr int64_t business_cycle_ns = int64_t{7} * 24 * 3600 * 1'000'000'000;
}  // namespace

void short_shadow(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for (const sema::TypedStage& stage : release.stages) {
      if (stage.kind != StageKind::mirror) continue;
      const int64_t length = std::max(stage.soak.ns, stage.at_least.ns);
      if (length >= business_cycle_ns) continue;
      Diagnostic& made = diagnostics.report(
          Code::short_shadow, stage.name_span,
          length == 0 ? fmt::format("the shadow `{}` need not see a whole week", stage.name)
                      : fmt::format("the shadow `{}` sees {}, less than a week", stage.name,
                                    exact_duration_text(length)));
      made.with_help("write `soak 7d`, or allow it and say which cycle it covers");
    }
  }
}

}  // namespace rel::lints
