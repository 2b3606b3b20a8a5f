// One JSON object a line for programs. Lines and columns count from 1, columns and offsets in
// bytes; the end of a range is exclusive. Text that is not UTF-8 is shown with replacement
// characters.
#pragma once

#include <span>
#include <string>

#include "compiler/diagnostics/diagnostic.h"

namespace rel {

std::string render_json(const Sources& sources, std::span<const Diagnostic> diagnostics);

}  // namespace rel
