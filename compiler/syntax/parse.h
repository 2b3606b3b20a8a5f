// Text to Ast. Input: one file. Output: its tree, with the parts that could not be parsed left out
// and diagnosed. ANTLR lives behind this header, in parse.cpp only.
#pragma once

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/source/source.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/layout.h"

namespace rel {

// Counts bytes, tokens and nesting, and looks for NUL and invalid UTF-8, before any parser runs.
// False: one diagnostic has been given and stands alone.
bool scan(const Sources& sources, FileId file, Diagnostics& diagnostics);

// The tokens of a file that parses, with a begin and an end around each statement (layout.h).
std::vector<Token> read_tokens(const Sources& sources, FileId file);

ast::File parse(const Sources& sources, FileId file, Diagnostics& diagnostics);

}  // namespace rel
