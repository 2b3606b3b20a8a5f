// Quantities and texts, from the characters of one token to its value. Input: the token's text.
// Output: the value, or words that say what is wrong with its form. Which units exist is known to
// sema, except inside a compound duration, whose parts must be readable as one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/syntax/ast.h"

namespace rel {

struct QuantityText {
  std::vector<ast::Quantity::Part> parts;  // empty: malformed
  std::string problem;                     // why, as a message
  std::string help;
};

QuantityText read_quantity(std::string_view text);

struct EscapeProblem {
  uint32_t offset = 0;  // of the backslash, within the token
  uint32_t length = 0;
};

struct StringText {
  std::string value;
  std::vector<EscapeProblem> unknown_escapes;  // left out of the value
};

// `text` has its quotes; a missing last one is tolerated.
StringText read_string(std::string_view text);

}  // namespace rel
