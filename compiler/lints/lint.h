// Lints: what is legal and still not what an author means. One file each; a new one is a function
// here and a row of lint.cpp.
// Input: a policy without errors. Output: warnings.
#pragma once

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/sema/typed.h"

namespace rel::lints {

void ends_below_full(const sema::TypedPolicy& policy, Diagnostics& diagnostics);
void longer_than_stage(const sema::TypedPolicy& policy, Diagnostics& diagnostics);
void unused_declarations(const sema::TypedPolicy& policy, Diagnostics& diagnostics);
void same_model(const sema::TypedPolicy& policy, Diagnostics& diagnostics);
void no_way_back(const sema::TypedPolicy& policy, Diagnostics& diagnostics);
void falling_share(const sema::TypedPolicy& policy, Diagnostics& diagnostics);
void sustained_evidence(const sema::TypedPolicy& policy, Diagnostics& diagnostics);

// All of them.
void run(const sema::TypedPolicy& policy, Diagnostics& diagnostics);

}  // namespace rel::lints
