// Why: a candidate that is the baseline cannot be worse or better; usually one reference is a slip.
// Avoid: candidate = mlflow("fraud/12") beside baseline = mlflow("fraud/12").
// Prefer: the version that is to be released.
#include <fmt/format.h>

#include "compiler/lints/lint.h"

namespace rel::lints {

void same_model(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedModel& model : policy.models) {
    if (model.baseline.digest != model.candidate.digest) continue;
    diagnostics
        .report(Code::same_model, model.candidate.span,
                fmt::format("the candidate of `{}` is its baseline", model.name))
        .label(model.baseline.span, "the same model")
        .with_help("name the version that is to be released");
  }
}

}  // namespace rel::lints
