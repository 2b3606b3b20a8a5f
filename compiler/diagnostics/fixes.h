// Applies the safe fixes of diagnostics to the text of one file. Input: its text and what was
// found. Output: the new text. Fixes that overlap an applied one wait for another round.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "compiler/diagnostics/diagnostic.h"

namespace rel {

struct FixedText {
  std::string text;
  size_t applied = 0;
};

FixedText apply_safe_fixes(std::string_view text, FileId file,
                           std::span<const Diagnostic> diagnostics);

}  // namespace rel
