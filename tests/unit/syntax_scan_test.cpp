// The scan before the parser: each limit at its edge, and one diagnostic when it is passed.
#include <catch2/catch.hpp>

#include <optional>
#include <string>

#include "compiler/syntax/parse.h"
#include "runtime/base/limits.h"

namespace {

using namespace rel;

std::string repeated(const std::string& piece, size_t times) {
  std::string made;
  for (size_t i = 0; i < times; ++i) made += piece;
  return made;
}

struct Refusal {
  Code code;
  uint32_t offset;
};

// What the scan of a text refuses, if anything; never more than one diagnostic.
std::optional<Refusal> refusal_of(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("p.release", text);
  const bool passed = scan(sources, file, diagnostics);
  CHECK(passed == diagnostics.all().empty());
  if (passed) return std::nullopt;
  REQUIRE(diagnostics.all().size() == 1);
  return Refusal{diagnostics.all().front().code, diagnostics.all().front().span.offset};
}

void check_refused(const std::string& text, Code code, uint32_t offset) {
  const std::optional<Refusal> refused = refusal_of(text);
  REQUIRE(refused);
  CHECK(refused->code == code);
  CHECK(refused->offset == offset);
}

}  // namespace

TEST_CASE("scan: size", "[scan]") {
  CHECK(!refusal_of(std::string(limits::source_bytes_max, ' ')));
  check_refused(std::string(limits::source_bytes_max + 1, ' '), Code::source_too_large, 0);
}

TEST_CASE("scan: words and signs", "[scan]") {
  CHECK(!refusal_of(repeated("a ", limits::source_tokens_max)));
  check_refused(repeated("a ", limits::source_tokens_max) + "+", Code::too_many_tokens,
                2 * limits::source_tokens_max);
  // Comments are no words, and a quantity or a text is one.
  CHECK(!refusal_of("// " + repeated("a ", limits::source_tokens_max + 1)));
  CHECK(!refusal_of("\"" + repeated("a ", limits::source_tokens_max + 1) + "\""));
  CHECK(!refusal_of(repeated("1h30m ", 170'000)));
}

TEST_CASE("scan: brackets", "[scan]") {
  const size_t max = limits::nesting_max;
  CHECK(!refusal_of(repeated("(", max) + repeated(")", max)));
  check_refused(repeated("(", max + 1), Code::nesting_too_deep, max);
  check_refused(repeated("{[(", 67), Code::nesting_too_deep, max);
  CHECK(!refusal_of(repeated("(a)", 10'000)));
  // What closes nothing does not make room for more.
  check_refused(repeated(")", 500) + repeated("(", max + 1), Code::nesting_too_deep, 500 + max);
  // Brackets in texts and comments are not brackets.
  CHECK(!refusal_of("\"" + repeated("(", 500) + "\" // " + repeated("(", 500)));
}

TEST_CASE("scan: prefixes count as nesting until their operand", "[scan]") {
  const size_t max = limits::nesting_max;
  CHECK(!refusal_of(repeated("not ", max) + "a"));
  check_refused(repeated("not ", max + 1) + "a", Code::nesting_too_deep, 4 * max);
  check_refused(repeated("-", max + 1) + "a", Code::nesting_too_deep, max);
  CHECK(!refusal_of(repeated("not a ", 1000)));
  CHECK(!refusal_of(repeated("a - ", 1000)));
  // Prefixes and brackets add up, and are given back when the bracket closes.
  check_refused(repeated("not (", 101), Code::nesting_too_deep, 500);
  CHECK(!refusal_of(repeated("(not (not a)) ", 1000)));
  CHECK(!refusal_of("not (" + repeated("not a ", 500) + ") " + repeated("not ", max - 1) + "a"));
}

TEST_CASE("scan: names", "[scan]") {
  const size_t max = limits::identifier_bytes_max;
  CHECK(!refusal_of("guard " + std::string(max, 'a')));
  check_refused("guard " + std::string(max + 1, 'a'), Code::name_too_long, 6);
}

TEST_CASE("scan: bytes", "[scan]") {
  check_refused(std::string("ab\0c", 4), Code::nul_byte, 2);
  check_refused(std::string("// \0", 4), Code::nul_byte, 3);
  check_refused(std::string("\"\0\"", 3), Code::nul_byte, 1);
  check_refused("\"\xFF\"", Code::invalid_utf8, 1);
  check_refused("// \xC3", Code::invalid_utf8, 3);           // cut off
  check_refused("// \xC0\xAF", Code::invalid_utf8, 3);       // overlong
  check_refused("// \xE0\x80\xAF", Code::invalid_utf8, 3);   // overlong
  check_refused("// \xED\xA0\x80", Code::invalid_utf8, 3);   // surrogate
  check_refused("// \xF4\x90\x80\x80", Code::invalid_utf8, 3);  // beyond U+10FFFF
  CHECK(!refusal_of("\xEF\xBB\xBF// \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
}
