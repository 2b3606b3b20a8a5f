// `// relc: allow(slug) reason`: the author knows better, and says why. Input: the files of a
// policy and everything found. Output: the findings without the allowed ones; an allow without a
// reason or for no lint is an error, one that allows nothing a warning with a fix.
//
// An allow governs what begins on its own line, or, alone on a line, on the next line with text.
// Only warnings and notes can be allowed.
#pragma once

#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/source/source.h"

namespace rel {

// `files` are those whose comments count; unused allows are judged in the first one, and only when
// lints ran (a policy without errors).
void apply_allows(const Sources& sources, const std::vector<FileId>& files, bool lints_ran,
                  Diagnostics& diagnostics);

}  // namespace rel
