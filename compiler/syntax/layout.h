// Where statements begin and end. Input: the tokens of a file in order, line ends and doc comments
// among them. Output: the tokens the parser reads: no line ends, no `;`, no doc comments, but a
// `begin` and an `end` around each statement, and braces that are balanced.
//
// A line end or `;` ends a statement; a line end does not inside ( ) and [ ], after an operator, a
// comma, `=`, `:` or `{`, or where the next line starts with an operator, `and` or `or`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/source/source.h"

namespace rel {

enum class TokenRole : uint8_t {
  plain,         // words, quantities, texts, `.`
  goes_on,       // the statement goes on after it: comma, `=`, `:`, `not`, `..`
  joins,         // it goes on after it and before it: operators, `and`, `or`, `except`
  open_brace,
  close_brace,
  open_inline,   // ( and [
  close_inline,  // ) and ]
  line_end,
  separator,     // ;
  doc,
  begin,
  end,
};

struct Token {
  uint32_t kind = 0;  // the parser's number for it; carried through
  TokenRole role = TokenRole::plain;
  uint32_t offset = 0;
  uint32_t length = 0;

  uint32_t end() const { return offset + length; }
};

// The token kinds that layout makes itself.
struct LayoutKinds {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t close_brace = 0;
};

// The `///` lines above a statement, without their signs.
struct DocComment {
  uint32_t statement_offset = 0;
  std::string text;
};

struct Layout {
  std::vector<Token> tokens;
  std::vector<DocComment> docs;  // by offset
  // Places of `(` and `[` that are never closed: their statement ends with its line, and the parser
  // misses the closing one there.
  std::vector<uint32_t> unclosed;
};

Layout lay_out(const Sources& sources, FileId file, const std::vector<Token>& tokens,
               LayoutKinds kinds, Diagnostics& diagnostics);

}  // namespace rel
