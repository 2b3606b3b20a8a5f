// The layout by hand-written examples, and its laws: the same statements, words and comments; the
// same text when formatted again.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "compiler/diagnostics/render_text.h"
#include "compiler/format/format.h"
#include "compiler/syntax/parse.h"
#include "tests/differential/random_policy.h"
#include "tests/format/policies.h"

namespace {

using namespace rel;

std::string formatted(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  const auto made = format_policy(sources, sources.add("p.release", text), diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(made);
  return *made;
}

// All that a parse depends on: the words in order, and where statements begin and end.
std::vector<std::string> statements_of(const std::string& text) {
  Sources sources;
  const FileId file = sources.add("p.release", text);
  std::vector<std::string> made;
  for (const Token& each : read_tokens(sources, file)) {
    const bool frame = each.role == TokenRole::begin || each.role == TokenRole::end;
    made.push_back(frame ? (each.role == TokenRole::begin ? "<" : ">")
                         : text.substr(each.offset, each.length));
  }
  return made;
}

// Comments by a reader of its own.
std::vector<std::string> comments_of(const std::string& text) {
  std::vector<std::string> made;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    bool quoted = false;
    for (size_t at = 0; at + 1 < line.size(); ++at) {
      if (quoted && line[at] == '\\') ++at;
      else if (line[at] == '"') quoted = !quoted;
      else if (!quoted && line.compare(at, 2, "//") == 0) {
        line.erase(line.find_last_not_of(" \t\r") + 1);
        made.push_back(line.substr(at));
        break;
      }
    }
  }
  return made;
}

void check_laws(const std::string& text) {
  const std::string once = formatted(text);
  INFO("policy:\n" << text << "\nformatted:\n" << once);
  CHECK(statements_of(once) == statements_of(text));
  CHECK(comments_of(once) == comments_of(text));
  CHECK(formatted(once) == once);
  CHECK(once.find(" \n") == std::string::npos);
  CHECK(once.find('\t') == std::string::npos);
  CHECK(once.find("\n\n\n") == std::string::npos);
  CHECK((once.empty() || once.back() == '\n'));
}

}  // namespace

TEST_CASE("the formatter's laws hold on every policy of the tree", "[format]") {
  const auto all = test::policies_of_the_tree();
  CHECK(all.size() > 50);
  for (const auto& each : all) {
    INFO(each.name);
    check_laws(each.text);
  }
}

TEST_CASE("the formatter's laws hold however a policy was laid out", "[format]") {
  uint64_t seed = 1;
  for (const auto& each : test::policies_of_the_tree()) {
    for (int round = 0; round < 4; ++round, ++seed) {
      INFO(each.name << ", seed " << seed);
      const std::string text = test::scrambled(each.text, seed);
      INFO("scrambled:\n" << text);
      REQUIRE(statements_of(text) == statements_of(each.text));
      check_laws(text);
    }
  }
}

TEST_CASE("the formatter's laws hold on generated policies", "[format]") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    const std::string text = test::random_policy(seed);
    check_laws(text);
    check_laws(test::scrambled(text, seed));
  }
}

TEST_CASE("examples and library are in the one layout", "[format]") {
  for (const auto& each : test::policies_of_the_tree()) {
    if (!each.name.starts_with("examples/") && !each.name.starts_with("stdlib/")) continue;
    INFO(each.name << ": run relc fmt");
    CHECK(formatted(each.text) == each.text);
  }
}

TEST_CASE("fmt: white space within a line", "[format]") {
  CHECK(formatted("guard  g( a:duration=3s ,b : ratio ) =p99( candidate . latency )>a+ -1s*2 "
                  "over 1m   // why \r\n") ==
        "guard g(a: duration = 3s, b: ratio) = p99(candidate.latency) > a + -1s * 2 over 1m"
        "  // why\n");
  CHECK(formatted("metric failed:flag per request,from status in 500 .. 599") ==
        "metric failed: flag per request, from status in 500..599\n");
  CHECK(formatted("guard g = a > 1 in any(region,age)and not(b > 2)") ==
        "guard g = a > 1 in any (region, age) and not (b > 2)\n");
}

TEST_CASE("fmt: blocks, statements on one line, empty lines", "[format]") {
  CHECK(formatted("\n\nrelease a of b{\n\n\nowner \"x\";  pane 2s\n\n\n\n// alone\n"
                  "unknown{no_data:hold;insufficient:alert;}\nstage live:100%{}\n"
                  "rollback{route baseline 100%\n  quarantine candidate}\n\n}\n\n") ==
        "release a of b {\n"
        "  owner \"x\"; pane 2s\n"
        "\n"
        "  // alone\n"
        "  unknown { no_data: hold; insufficient: alert }\n"
        "  stage live: 100% {}\n"
        "  rollback {\n"
        "    route baseline 100%\n"
        "    quarantine candidate\n"
        "  }\n"
        "}\n");
}

TEST_CASE("fmt: columns of neighbouring lines", "[format]") {
  // `=` is always aligned; `:` where the first line has a space before it.
  CHECK(formatted("model m {\n  baseline = mlflow(\"a\")\n  candidate = mlflow(\"b\")\n}\n"
                  "metric latency : duration per request // one\n"
                  "metric ok : flag per request, lower is better // two\n"
                  "\n"
                  "metric a: flag per request\n"
                  "metric longer : flag per request\n") ==
        "model m {\n"
        "  baseline  = mlflow(\"a\")\n"
        "  candidate = mlflow(\"b\")\n"
        "}\n"
        "metric latency : duration per request                   // one\n"
        "metric ok      : flag     per request, lower is better  // two\n"
        "\n"
        "metric a: flag per request\n"
        "metric longer: flag per request\n");
}

TEST_CASE("fmt: what is too long is cut at its weakest joint", "[format]") {
  const std::string a = "rate(candidate.failed) > 2% over 1m with at least 200 samples";
  CHECK(formatted("release r of m {\n  rollback when " + a + " and " + a + " or " + a + "\n}\n") ==
        "release r of m {\n"
        "  rollback when " + a + "\n"
        "    and " + a + "\n"
        "    or " + a + "\n"
        "}\n");
  CHECK(formatted("release r of m {\n  rollback { notify by command [\"/usr/bin/logger\", \"one of "
                  "the words\", \"two of the words\", \"three\"]; report \"way/back.md\" }\n}\n") ==
        "release r of m {\n"
        "  rollback {\n"
        "    notify by command [\"/usr/bin/logger\", \"one of the words\", \"two of the words\", "
        "\"three\"]\n"
        "    report \"way/back.md\"\n"
        "  }\n"
        "}\n");
}

TEST_CASE("fmt: a statement with comments in it keeps its lines", "[format]") {
  CHECK(formatted("guard g = a > 1   // first\n      // alone\n and b > 2\nand c > 3 or\n"
                  " d > 4\n") ==
        "guard g = a > 1  // first\n"
        "  // alone\n"
        "  and b > 2\n"
        "  and c > 3 or\n"
        "  d > 4\n");
}

TEST_CASE("fmt: nothing at all, and syntax errors", "[format]") {
  CHECK(formatted("") == "");
  CHECK(formatted(" \n\n") == "");
  CHECK(formatted("// only\n\n\n") == "// only\n");
  Sources sources;
  Diagnostics diagnostics;
  CHECK(!format_policy(sources, sources.add("p", "metrc x"), diagnostics));
  CHECK(diagnostics.has_errors());
}
