// Diagnostics for people: the code and message, an excerpt with carets and labels, help and notes.
// Input: diagnostics in the order to show them, and the sources they point into. Output: text that
// ends with a line end. Never throws for any span: a place outside its file is moved to its end.
#pragma once

#include <span>
#include <string>

#include "compiler/diagnostics/diagnostic.h"

namespace rel {

enum class Colour : uint8_t { never, always };

std::string render_text(const Sources& sources, std::span<const Diagnostic> diagnostics,
                        Colour colour);

}  // namespace rel
