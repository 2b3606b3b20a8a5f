// Lints: what is legal and still not what an author means. One file each, NAME.cpp with a function
// NAME; the folder is the registry (CMake writes the table). What several share is in analysis/.
// Input: a policy without errors. Output: warnings, and notes where a good policy may differ.
#pragma once

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/sema/typed.h"

namespace rel::lints {

// All of them.
void run(const sema::TypedPolicy& policy, Diagnostics& diagnostics);

}  // namespace rel::lints
