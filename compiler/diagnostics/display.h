// How text looks on a terminal: columns instead of bytes, and nothing in it that acts on the
// terminal. Input: any bytes. Output: valid UTF-8 without control or direction characters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"

namespace rel {

// A line of a file as it is shown, and where each of its bytes stands.
struct DisplayLine {
  std::string text;
  std::vector<uint32_t> columns;  // of each byte, and of the end; from 0
};

inline constexpr uint32_t tab_width = 4;

DisplayLine display_line(std::string_view line);

// The part of a line in columns [first, first + count), with `...` where it is cut. `shift` is to
// be added to a column of the line for its place in the cut text.
struct CutLine {
  std::string text;
  int64_t shift = 0;
};

CutLine cut_line(const DisplayLine& line, uint32_t first, uint32_t count);

std::string display_text(std::string_view text);

// Line and column from 1, the column in characters (code points): what editors and hosts count.
Position character_position(const Sources& sources, FileId file, uint32_t offset);

// The message with its help, fixes and notes, a line each, for programs that show one text.
std::string whole_message(const Diagnostic& diagnostic);

}  // namespace rel
