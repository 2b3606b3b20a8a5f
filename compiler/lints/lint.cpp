#include "compiler/lints/lint.h"

namespace rel::lints {

void run(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const auto lint : {ends_below_full, longer_than_stage, unused_declarations, same_model,
                          no_way_back, falling_share, sustained_evidence}) {
    lint(policy, diagnostics);
  }
}

}  // namespace rel::lints
