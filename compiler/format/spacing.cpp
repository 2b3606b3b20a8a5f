// Rules of white space, from the tokens alone.
#include "compiler/format/spacing.h"

#include <algorithm>
#include <array>

namespace rel::format {
namespace {

// Words that a bracket stands apart from; a bracket right behind any other word is a call.
constexpr std::array<std::string_view, 20> apart = {
    "and", "or",   "not", "when", "any", "every", "in",    "by",    "of",     "is",
    "at",  "over", "if",  "then", "to",  "until", "where", "after", "except", "with"};

bool is_word(const Piece& piece) {
  const char first = piece.text.empty() ? '\0' : piece.text.front();
  return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_';
}

bool is_quantity(const Piece& piece) {
  return !piece.text.empty() && piece.text.front() >= '0' && piece.text.front() <= '9';
}

// Does `-` stand before its only operand?
bool is_sign(const Piece* before, const Piece& minus, const Piece& operand) {
  if (minus.text != "-") return false;
  if (before == nullptr) return false;  // a line that goes on with an operator
  switch (before->role) {
    case TokenRole::goes_on:
    case TokenRole::joins:
    case TokenRole::open_brace:
    case TokenRole::open_inline:
      return true;
    case TokenRole::plain:
      // `when -x`: a word may be an operand or not, so the author's spaces say which.
      return is_word(*before) && minus.spaced && !operand.spaced;
    case TokenRole::close_brace:
    case TokenRole::close_inline:
    case TokenRole::line_end:
    case TokenRole::separator:
    case TokenRole::doc:
    case TokenRole::begin:
    case TokenRole::end:
      return false;
  }
  return false;
}

}  // namespace

bool is_spaced(const Piece* before, const Piece& left, const Piece& right) {
  if (left.role == TokenRole::open_inline || right.role == TokenRole::close_inline) return false;
  if (left.text == "." || right.text == "." || left.text == ".." || right.text == "..")
    return false;
  if (right.text == ",") return false;
  if (right.text == ":") return false;
  if (left.text == ":" && before != nullptr && is_quantity(*before) && is_quantity(right))
    return false;  // 9:1
  if (right.text == "(" && is_word(left))
    return std::find(apart.begin(), apart.end(), left.text) != apart.end();
  return !is_sign(before, left, right);
}

}  // namespace rel::format
