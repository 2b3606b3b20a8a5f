// What a syntax error means to the author. Input: plain facts about the place where the parser
// could not go on. Output: one diagnostic in the author's words.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/syntax/words.h"

namespace rel {

enum class TokenForm : uint8_t { word, quantity, text, sign, end };  // end: of the statement

// What could have stood at a place.
struct Expected {
  bool name = false;      // a name: every keyword is one too
  bool quantity = false;
  bool text = false;      // in quotes
  bool end = false;       // the end of the statement
  bool tail = false;      // an operator or suffix that goes on with an expression
  std::vector<std::string> words;  // keywords, when a name may not stand there
  std::vector<std::string> signs;
};

struct SyntaxErrorFacts {
  Span found;  // no length at the end of a statement
  TokenForm found_form = TokenForm::end;
  std::string_view found_text;
  std::string_view next_text;      // of the token after it in the statement
  TokenForm next_form = TokenForm::end;
  Span previous;
  std::string_view previous_text;  // of the token before it in the statement; empty: none
  TokenForm previous_form = TokenForm::end;
  std::string_view before_previous_text;
  Expected expected;
  Block block = Block::file;       // whose statement it is
  bool at_statement_start = false;
  std::optional<Span> open_bracket;  // a `(` or `[` of the statement that is never closed
};

void report_syntax_error(const SyntaxErrorFacts& facts, Diagnostics& diagnostics);

// `&&`, `||` and `!` of other languages, for `word` of this one; `fixed` is the word with the
// spaces that are missing around it.
void report_foreign_operator(Span span, std::string_view sign, std::string_view word,
                             std::string fixed, Diagnostics& diagnostics);

void report_unknown_character(Span span, std::string_view character, Diagnostics& diagnostics);

}  // namespace rel
