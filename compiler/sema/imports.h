// Reads a policy file and what it imports.
// Input: the file. Output: the syntax trees, the file itself first, each module once. Standard
// modules are text inside the program; other files are found relative to the importing one.
#pragma once

#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/syntax/ast.h"

namespace rel::sema {

// False: a scan refused a file; its one diagnostic stands alone and nothing else is worth checking.
bool load_files(Sources& sources, FileId root, Diagnostics& diagnostics,
                std::vector<ast::File>& files);

}  // namespace rel::sema
