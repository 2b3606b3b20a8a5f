// Breaks a run of tokens that is too long for its line. Input: pieces without blocks, and where
// they may begin. Output: lines without indentation. Owner: the formatter.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compiler/format/tree.h"

namespace rel::format {

inline constexpr size_t columns_max = 110;
inline constexpr size_t indent_width = 2;
inline constexpr size_t continuation_width = 2;  // of the further lines of a statement

size_t width_of(std::string_view text);  // in characters

// All on one line.
std::string join(std::span<const Piece> pieces);

// One line if it fits into `columns` with `reserved` more of them left at its end, else several,
// of which the further ones begin `continuation_width` to the right. A run with comments keeps the
// author's lines, and what the author began on a new line behind `=` stays there.
struct BrokenLine {
  std::string text;
  bool further = false;
  std::string_view comment;
};
std::vector<BrokenLine> break_lines(std::span<const Piece> pieces, size_t columns, size_t reserved);

}  // namespace rel::format
