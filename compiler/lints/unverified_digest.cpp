// Why: a digest says which model is meant; unless the upstream says what it serves, nobody
// compares.
// Avoid: candidate = digest("sha256:...") in a model that says nothing of what is served.
// Prefer: `serves digest by header "X-Model-Digest"`: another digest then stops the release.
#include <fmt/format.h>

#include "compiler/lints/lint.h"

namespace rel::lints {

void unverified_digest(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedModel& model : policy.models) {
    const bool written = model.candidate.text.starts_with("digest(");
    if (!written || !model.digest_header.empty() || policy.releases.empty()) continue;
    diagnostics
        .report(Code::unverified_digest, model.candidate.span,
                fmt::format("nobody verifies that `{}` serves this digest", model.name))
        .with_help("write `serves digest by header \"X-Model-Digest\"` in the model");
  }
}

}  // namespace rel::lints
