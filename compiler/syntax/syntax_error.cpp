// Messages for what the parser could not read: one function a kind of slip.
#include "compiler/syntax/syntax_error.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace rel {
namespace {

using Facts = SyntaxErrorFacts;

// A message quotes what a person can read at a glance; the rest of a long word is in the excerpt.
constexpr size_t quoted_bytes_max = 64;

std::string quoted(std::string_view text) {
  if (text.size() <= quoted_bytes_max) return "`" + std::string(text) + "`";
  return "`" + std::string(text.substr(0, quoted_bytes_max)) + "...`";
}

template <size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "`a`, `b` or `c`"
std::string alternatives(const std::vector<std::string>& list) {
  std::string made;
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) made += i + 1 == list.size() ? " or " : ", ";
    made += list[i];
  }
  return made;
}

std::string found_words(const Facts& facts) {
  switch (facts.found_form) {
    case TokenForm::end:
      return "the statement ends here";
    case TokenForm::text:
      return "found a text";
    case TokenForm::word:
    case TokenForm::quantity:
    case TokenForm::sign:
      return "found " + quoted(facts.found_text);
  }
  return {};
}

std::string previous_words(const Facts& facts) {
  return facts.previous_form == TokenForm::text ? "the text" : quoted(facts.previous_text);
}

// ---- at the first token of a statement

// Words that go on with a condition: at the start of a line they were meant for the line above.
constexpr std::array<std::string_view, 7> continuations = {"over", "for", "in",   "with",
                                                           "even", "by",  "until"};

bool is_continuation(const Facts& facts) {
  if (facts.block != Block::release && facts.block != Block::stage && facts.block != Block::file)
    return false;
  if (facts.found_text == "after") return facts.next_form == TokenForm::quantity;
  return contains(continuations, facts.found_text);
}

constexpr std::array all_blocks = {Block::file,    Block::model, Block::release,  Block::unknown,
                                   Block::require, Block::stage, Block::rollback, Block::test};

// The blocks whose statements begin with `word`, in words.
std::string home_of(std::string_view word) {
  std::vector<std::string> homes;
  for (const Block block : all_blocks) {
    const auto words = statements_of(block);
    if (std::find(words.begin(), words.end(), word) != words.end())
      homes.emplace_back(name_of(block));
  }
  return alternatives(homes);
}

std::string list_of_statements(Block block) {
  std::vector<std::string> words;
  for (const std::string_view word : statements_of(block))
    words.push_back(word == "at" ? "`at least`, `at most`" : quoted(word));
  return alternatives(words);
}

void report_at_start(const Facts& facts, Diagnostics& diagnostics) {
  const std::string word(facts.found_text);
  if (facts.found_form != TokenForm::word) {
    diagnostics.report(Code::unexpected_token, facts.found, "expected a statement")
        .primary(found_words(facts))
        .with_help("the statements of " + std::string(name_of(facts.block)) + " begin with " +
                   list_of_statements(facts.block));
    return;
  }
  if (is_continuation(facts)) {
    diagnostics
        .report(Code::unexpected_token, facts.found,
                "expected a statement, but " + quoted(word) + " goes on with the one before")
        .with_help("a statement ends with its line, unless the line ends with an operator such as "
                   "`and`, or is inside brackets");
    return;
  }
  if (const std::string home = home_of(word); !home.empty()) {
    diagnostics
        .report(Code::misplaced_statement, facts.found,
                quoted(word) + " is not a statement of " + std::string(name_of(facts.block)))
        .with_help("it belongs in " + home);
    return;
  }
  Diagnostic& made = diagnostics.report(Code::unknown_statement, facts.found,
                                        "unknown statement " + quoted(word));
  const std::string_view nearest = nearest_name(word, statements_of(facts.block));
  if (nearest.empty())
    made.with_help("the statements of " + std::string(name_of(facts.block)) + " begin with " +
                   list_of_statements(facts.block));
  else
    made.with_fix(facts.found, std::string(nearest), "did you mean " + quoted(nearest) + "?",
                  false);
}

// ---- inside a statement

struct Due {
  std::string_view after;
  std::string_view what;
};

// What is due after a word, where a quantity is.
constexpr Due due_quantities[] = {
    {"for", "a duration such as `2m`"},
    {"after", "a duration such as `10m`"},
    {"soak", "a duration such as `5m`"},
    {"pane", "a duration such as `1s`"},
    {"watch", "a duration such as `7d`"},
    {"warm", "a duration such as `7d`"},
    {"linear", "a share such as `2%`"},
    {"weights", "a weight such as `9`"},
    {"every", "a duration such as `1m`"},
    {"cooldown", "a duration such as `24h`"},
    {"within", "a duration such as `10m`"},
    {"retry", "a number of retries"},
    {"least", "a quantity such as `7d`, or `200` samples"},
    {"most", "a duration such as `28d`"},
    {"over", "a duration such as `5m`, or `stage`"},
    {"to", "a duration such as `15m`"},
    {"last", "a duration such as `60s`, or a number of requests"},
    {"every", "a duration such as `5m`"},
    {"mirror", "a share such as `100%`"},
    {"split", "a share such as `50%`"},
    {"holdback", "a share such as `1%`"},
    {"baseline", "a share such as `100%`"},
    {"steps", "a step such as `10% for 1h`"},
    {"within", "a duration such as `6m`"},
};

constexpr std::array<std::string_view, 4> condition_starts = {"and", "or", "not", "when"};

std::string what_is_due(const Facts& facts) {
  const Expected& expected = facts.expected;
  if (expected.name && expected.quantity && expected.text)
    return contains(condition_starts, facts.previous_text) ? "a condition" : "a value";
  if (expected.name && expected.text) return "a module such as `std.guards`, or a file in quotes";
  if (expected.quantity)
    for (const Due& due : due_quantities)
      if (due.after == facts.previous_text) return std::string(due.what);
  std::vector<std::string> list;
  const char* name = facts.previous_text == "of" ? "the name of a model" : "a name";
  if (expected.name) list.emplace_back(name);
  if (expected.quantity) list.emplace_back("a quantity");
  if (expected.text) list.emplace_back("a text in quotes");
  if (expected.tail) list.emplace_back("an operator such as `>` or `and`");
  for (const std::string& word : expected.words) list.push_back(quoted(word));
  for (const std::string& sign : expected.signs) list.push_back(quoted(sign));
  if (expected.end) list.emplace_back("the end of the statement");
  return alternatives(list);
}

bool report_known_slip(const Facts& facts, Diagnostics& diagnostics) {
  if (facts.open_bracket && facts.found_form == TokenForm::end) {
    const bool round = std::find(facts.expected.signs.begin(), facts.expected.signs.end(), ")") !=
                       facts.expected.signs.end();
    diagnostics.report(Code::unclosed_bracket, *facts.open_bracket, "this bracket is never closed")
        .label(facts.found, "the statement ends here")
        .with_help(round ? "close it with `)`" : "close it before the line ends");
    return true;
  }
  if ((facts.found_text == "and" || facts.found_text == "or") &&
      facts.previous_form == TokenForm::quantity &&
      (facts.before_previous_text == "for" || facts.before_previous_text == "after")) {
    diagnostics
        .report(Code::unexpected_token, facts.found,
                quoted(facts.before_previous_text) + " ends the whole condition")
        .with_help("it governs all of the `when`; write `(a for 5m) and b` if it is meant for one "
                   "part");
    return true;
  }
  const auto& words = facts.expected.words;
  if (facts.previous_form == TokenForm::quantity &&
      std::find(words.begin(), words.end(), "consecutive") != words.end()) {
    // `p99(latency) 300ms`: far more often a forgotten sign than the start of `4 consecutive`.
    diagnostics
        .report(Code::unexpected_token, facts.previous,
                "expected an operator such as `>` or `and` before " + previous_words(facts))
        .with_help("checks are counted by `4 consecutive every 5m` or `4 of 6 every 5m`");
    return true;
  }
  if (facts.found_text == "=" && facts.expected.tail) {
    diagnostics.report(Code::unexpected_token, facts.found, "`=` does not compare")
        .with_fix(facts.found, "==", "write `==`", true);
    return true;
  }
  return false;
}

void report_inside(const Facts& facts, Diagnostics& diagnostics) {
  if (report_known_slip(facts, diagnostics)) return;
  const Expected& expected = facts.expected;
  const bool only_end = expected.end && !expected.name && !expected.quantity && !expected.text &&
                        !expected.tail && expected.words.empty() && expected.signs.empty();
  if (only_end) {
    diagnostics
        .report(Code::unexpected_token, facts.found,
                "expected the end of the statement after " + previous_words(facts))
        .primary(found_words(facts))
        .with_help("begin the next statement on a line of its own, or after `;`");
    return;
  }
  std::string message = "expected " + what_is_due(facts);
  if (!facts.previous_text.empty()) message += " after " + previous_words(facts);
  Diagnostic& made = diagnostics.report(Code::unexpected_token, facts.found, std::move(message))
                         .primary(found_words(facts));
  if (facts.found_form != TokenForm::word) return;
  const std::vector<std::string_view> words(expected.words.begin(), expected.words.end());
  const std::string_view nearest = nearest_name(facts.found_text, words);
  if (!nearest.empty())
    made.with_fix(facts.found, std::string(nearest), "did you mean " + quoted(nearest) + "?",
                  false);
}

struct CharacterHelp {
  std::string_view character;
  std::string_view help;
};

constexpr CharacterHelp character_helps[] = {
    {"%", "a percent sign stands directly after its number, such as `5%`; there is no modulo"},
    {"&", "write `and`"},
    {"|", "write `or`"},
    {"'", "texts stand in double quotes"},
    {"\xE2\x80\x9C", "texts stand in plain double quotes"},
    {"\xE2\x80\x9D", "texts stand in plain double quotes"},
    {"#", "a comment begins with `//`"},
    {"\xE2\x89\xA4", "write `<=`"},
    {"\xE2\x89\xA5", "write `>=`"},
    {"\xE2\x89\xA0", "write `!=`"},
    {"\xC2\xA0", "this is a space that does not break; write a plain one"},
};

std::string character_words(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character.front());
  if (byte >= 0x20 && byte != 0x7F) return quoted(character);
  char code[8];
  std::snprintf(code, sizeof code, "U+%04X", byte);
  return code;
}

}  // namespace

void report_syntax_error(const SyntaxErrorFacts& facts, Diagnostics& diagnostics) {
  if (facts.at_statement_start)
    report_at_start(facts, diagnostics);
  else
    report_inside(facts, diagnostics);
}

void report_foreign_operator(Span span, std::string_view sign, std::string_view word,
                             std::string fixed, Diagnostics& diagnostics) {
  diagnostics.report(Code::unknown_character, span, quoted(sign) + " is not an operator here")
      .with_fix(span, std::move(fixed), "write " + quoted(word), true);
}

void report_unknown_character(Span span, std::string_view character, Diagnostics& diagnostics) {
  Diagnostic& made =
      diagnostics.report(Code::unknown_character, span,
                         character_words(character) + " is not a sign of the language");
  for (const CharacterHelp& each : character_helps)
    if (each.character == character) made.with_help(std::string(each.help));
}

}  // namespace rel
