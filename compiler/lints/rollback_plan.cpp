// Why: a way back that tells nobody and leaves no report is found out about from customers.
// Avoid: `rollback { route baseline 100% }` alone, or no such block.
// Prefer: who is told (`notify`) and where the report goes (`report`) in it.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/lint.h"

namespace rel::lints {

void rollback_plan(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    const auto has = [&](ActionPurpose purpose) {
      return std::any_of(
          release.actions.begin(), release.actions.end(),
          [&](const sema::TypedAction& action) { return action.purpose == purpose; });
    };
    const bool told = has(ActionPurpose::notify);
    const bool reported = has(ActionPurpose::report);
    if (told && reported) continue;
    Diagnostic& made = diagnostics.report(
        Code::rollback_plan, release.name_span,
        fmt::format("the way back of `{}` does not say {}", release.name,
                    told       ? "where its report goes"
                    : reported ? "who is told"
                               : "who is told, and where its report goes"));
    if (!told)
      made.with_help(
          "add `notify by command [\"/usr/bin/logger\", \"...\"]` to its `rollback` block");
    if (!reported) made.with_help("add `report \"postmortem.md\"` to its `rollback` block");
  }
}

}  // namespace rel::lints
