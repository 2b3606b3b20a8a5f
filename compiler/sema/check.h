// Sema: from syntax trees to a typed policy.
// Input: the file that is compiled and everything it imports, the first being the file itself.
// Output: a TypedPolicy; its releases and conditions are complete only when no error was reported.
#pragma once

#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/sema/typed.h"
#include "compiler/syntax/ast.h"

namespace rel::sema {

TypedPolicy check_policy(const Sources& sources, const std::vector<ast::File>& files,
                         Diagnostics& diagnostics);

}  // namespace rel::sema
