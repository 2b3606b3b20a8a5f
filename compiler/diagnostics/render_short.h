// One line a diagnostic in the form compilers print and editors read:
// `file:line:column: error: message [REL2003]`.
#pragma once

#include <span>
#include <string>

#include "compiler/diagnostics/diagnostic.h"

namespace rel {

std::string render_short(const Sources& sources, std::span<const Diagnostic> diagnostics);

// "error", "warning", "note"
std::string_view name_of(Level level);

}  // namespace rel
