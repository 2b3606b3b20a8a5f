// Columns of neighbouring lines: signs, kinds and comments that stand below each other.
// Input and output: the lines of a file, before they are joined. Owner: the writer.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rel::format {

// A statement of the form `name : value` or `word name : value` on a line of its own.
struct Columns {
  std::string group;   // lines of one group are aligned: the sign, and the word before the name
  std::string name;    // all before the sign
  std::string value;   // the first word behind it
  std::string rest;    // from the second word on; empty: there is none
  std::string second;  // the second word
  char sign = ':';
  bool apart = false;  // written with a space before the sign
};

struct Line {
  size_t indent = 0;
  std::string text;
  std::string comment;
  bool blank_before = false;
  std::optional<Columns> columns;
};

void align(std::vector<Line>& lines);

}  // namespace rel::format
