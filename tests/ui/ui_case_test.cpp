// Every policy of tests/ui/cases against its `//~` comments and its rendered golden. The comments
// are written by hand and say what must be found; `rel_ui_tests --bless` rewrites only NAME.stderr.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/compile.h"
#include "compiler/diagnostics/fixes.h"
#include "compiler/diagnostics/render_short.h"
#include "compiler/diagnostics/render_text.h"
#include "tests/golden.h"
#include "tests/ui/expectations.h"

namespace {

namespace fs = std::filesystem;
using namespace rel;

const fs::path cases = fs::path(REL_SOURCE_DIR) / "tests/ui/cases";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A case is compiled from its folder, so that goldens have short paths.
struct Outcome {
  Sources sources;
  Diagnostics diagnostics;
  FileId main;
};

void compile_case(const std::string& name, const std::string& text, Outcome& outcome) {
  fs::current_path(cases);
  outcome.main = outcome.sources.add(name, text);
  compile(outcome.sources, outcome.main, CompileOptions{}, outcome.diagnostics);
  outcome.diagnostics.sort();
  // Notes say what a release leaves out: small cases leave out most of it, and are not about that.
  const bool about_notes = text.find(" note[REL") != std::string::npos;
  outcome.diagnostics.keep(
      [&](const Diagnostic& each) { return about_notes || each.level != Level::note; });
}

test::Expectation as_expectation(const Sources& sources, const Diagnostic& diagnostic) {
  const Position at = sources.position(diagnostic.span.file, diagnostic.span.offset);
  const auto line_bytes =
      static_cast<uint32_t>(sources.line(diagnostic.span.file, at.line).size());
  const uint32_t end = std::min(at.column + diagnostic.span.length, line_bytes + 1);
  return test::Expectation{at.line,
                           at.column,
                           std::max(at.column, end - 1),
                           std::string(name_of(diagnostic.level)),
                           std::string(info_of(diagnostic.code).id),
                           diagnostic.message};
}

bool is_met(const test::Expectation& expected, const test::Expectation& found) {
  return expected.line == found.line && expected.first_column == found.first_column &&
         expected.last_column == found.last_column && expected.level == found.level &&
         expected.code == found.code && found.words.find(expected.words) != std::string::npos;
}

// What is expected and not found, and what is found and not expected, in the files of the outcome.
std::string differences(const Outcome& outcome) {
  std::vector<FileId> files{outcome.main};
  for (const Diagnostic& each : outcome.diagnostics.all())
    if (std::find(files.begin(), files.end(), each.span.file) == files.end())
      files.push_back(each.span.file);
  std::string made;
  for (const FileId file : files) {
    const SourceFile& source = outcome.sources.file(file);
    test::Expectations expected = test::read_expectations(source.text);
    if (expected.malformed) made += source.path + ": cannot read `//~`: " + *expected.malformed;
    for (const Diagnostic& each : outcome.diagnostics.all()) {
      if (!(each.span.file == file)) continue;
      const test::Expectation found = as_expectation(outcome.sources, each);
      const auto match = std::find_if(expected.all.begin(), expected.all.end(),
                                      [&](const auto& one) { return is_met(one, found); });
      if (match == expected.all.end())
        made += source.path + ": not expected: " + found.describe() + "\n";
      else
        expected.all.erase(match);
    }
    for (const test::Expectation& each : expected.all)
      made += source.path + ": not found: " + each.describe() + "\n";
  }
  return made;
}

void compare_golden(const Outcome& outcome, const fs::path& golden) {
  const std::string rendered =
      render_text(outcome.sources, outcome.diagnostics.all(), Colour::never);
  if (rel::test::bless) {
    std::ofstream(golden, std::ios::binary) << rendered;
    return;
  }
  INFO("golden: " << golden << " (rewrite it with rel_ui_tests --bless, and read the change)");
  CHECK(rendered == read_file(golden));
}

std::string with_safe_fixes(const Outcome& outcome) {
  return apply_safe_fixes(outcome.sources.file(outcome.main).text, outcome.main,
                          outcome.diagnostics.all())
      .text;
}

size_t safe_fixes(const Outcome& outcome) {
  size_t count = 0;
  for (const Diagnostic& each : outcome.diagnostics.all())
    count += static_cast<size_t>(std::count_if(each.fixes.begin(), each.fixes.end(),
                                               [](const Fix& fix) { return fix.safe; }));
  return count;
}

}  // namespace

TEST_CASE("every UI case finds what its comments say, and looks like its golden", "[ui]") {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(cases)) {
    if (entry.path().extension() != ".release") continue;
    ++count;
    DYNAMIC_SECTION(entry.path().stem().string()) {
      Outcome outcome;
      compile_case(entry.path().filename().string(), read_file(entry.path()), outcome);
      CHECK(differences(outcome) == "");
      compare_golden(outcome, fs::path(entry.path()).replace_extension(".stderr"));
    }
  }
  CHECK(count > 0);
}

TEST_CASE("safe fixes mend what they are offered for, and once", "[ui]") {
  for (const auto& entry : fs::directory_iterator(cases)) {
    if (entry.path().extension() != ".release") continue;
    DYNAMIC_SECTION(entry.path().stem().string()) {
      Outcome first;
      compile_case(entry.path().filename().string(), read_file(entry.path()), first);
      if (safe_fixes(first) == 0) continue;
      Outcome second;
      compile_case(entry.path().filename().string(), with_safe_fixes(first), second);
      INFO(render_text(second.sources, second.diagnostics.all(), Colour::never));
      CHECK(second.diagnostics.all().size() < first.diagnostics.all().size());
      CHECK(safe_fixes(second) == 0);
    }
  }
}

// Inputs too large or too dull to keep as files.
TEST_CASE("hostile policies get one diagnostic from the scan", "[ui]") {
  const auto repeated = [](const std::string& piece, size_t times) {
    std::string made;
    for (size_t i = 0; i < times; ++i) made += piece;
    return made;
  };
  struct Hostile {
    std::string name;
    std::string text;
    Code code;
  };
  const Hostile all[] = {
      {"two_mebibytes", repeated("// a policy\n", 180'000), Code::source_too_large},
      {"million_terms", "guard g = a" + repeated(" or a", 150'000), Code::too_many_tokens},
      {"open_brackets", "guard g = " + repeated("(", 100'000), Code::nesting_too_deep},
      {"nul_byte", std::string("guard g = a > 1\0", 16), Code::nul_byte},
      {"invalid_utf8", "// M\xFCller\n", Code::invalid_utf8},
      {"overlong_utf8", "// \xC0\x80\n", Code::invalid_utf8},
      {"long_name", "guard " + repeated("a", 129) + " = b > 1", Code::name_too_long},
  };
  for (const Hostile& each : all) {
    DYNAMIC_SECTION(each.name) {
      Outcome outcome;
      compile_case(each.name + ".release", each.text, outcome);
      REQUIRE(outcome.diagnostics.all().size() == 1);
      CHECK(outcome.diagnostics.all().front().code == each.code);
      compare_golden(outcome, cases / (each.name + ".stderr"));
    }
  }
}

TEST_CASE("after too many syntax errors the rest is not read, and that is said", "[ui]") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "x\n";
  Outcome outcome;
  compile_case("not_a_policy.release", text, outcome);
  REQUIRE(outcome.diagnostics.all().size() == 257);
  CHECK(outcome.diagnostics.all()[255].code == Code::unknown_statement);
  CHECK(outcome.diagnostics.all()[256].code == Code::too_many_errors);
}
