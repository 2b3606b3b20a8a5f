// Every code has a page whose examples are true, and a case that shows it.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "compiler/compile.h"
#include "compiler/diagnostics/embedded_text.h"
#include "compiler/diagnostics/render_text.h"

namespace {

namespace fs = std::filesystem;
using namespace rel;

std::string_view page_of(const CodeInfo& code) {
  for (const EmbeddedText& page : embedded_pages())
    if (page.name == code.id) return page.text;
  return {};
}

// The first block of a section, and the language it is marked with.
struct Example {
  std::string language;
  std::string text;
};

std::optional<Example> example_of(std::string_view page, std::string_view section) {
  const size_t heading = page.find("\n## " + std::string(section) + "\n");
  if (heading == std::string_view::npos) return std::nullopt;
  const size_t open = page.find("\n```", heading);
  if (open == std::string_view::npos) return std::nullopt;
  const size_t body = page.find('\n', open + 1);
  const size_t close = page.find("\n```", body);
  if (close == std::string_view::npos) return std::nullopt;
  return Example{std::string(page.substr(open + 4, body - open - 4)),
                 std::string(page.substr(body + 1, close - body))};
}

struct Outcome {
  Sources sources;
  Diagnostics diagnostics;
};

// Files that an example names stand in examples/.
void compile_text(const std::string& text, Outcome& outcome) {
  fs::current_path(fs::path(REL_SOURCE_DIR) / "examples");
  const FileId file = outcome.sources.add("example.release", text);
  compile(outcome.sources, file, CompileOptions{}, outcome.diagnostics);
  outcome.diagnostics.sort();
}

bool has(const Diagnostics& diagnostics, Code code) {
  return std::any_of(diagnostics.all().begin(), diagnostics.all().end(),
                     [&](const Diagnostic& each) { return each.code == code; });
}

// Codes that no policy text on a page can show: they are about size, bytes or the file system.
bool is_beyond_text(Code code) {
  return code == Code::source_too_large || code == Code::nul_byte || code == Code::invalid_utf8 ||
         code == Code::too_many_tokens || code == Code::too_many_errors ||
         code == Code::unreadable_file || code == Code::unknown_release ||
         code == Code::import_too_deep;
}

}  // namespace

TEST_CASE("every code has a page with its title and true examples", "[pages]") {
  for (const CodeInfo& code : all_codes()) {
    DYNAMIC_SECTION(code.id) {
      const std::string_view page = page_of(code);
      REQUIRE(!page.empty());
      const std::string title = "# " + std::string(code.id) + ": " + std::string(code.title) + "\n";
      CHECK(page.substr(0, title.size()) == title);
      CHECK(page.find("\n## Why\n") != std::string_view::npos);

      const auto fails = example_of(page, "Fails");
      REQUIRE(fails);
      if (is_beyond_text(code.code)) {
        CHECK(fails->language == "text");
      } else {
        REQUIRE(fails->language == "release");
        Outcome outcome;
        compile_text(fails->text, outcome);
        INFO(render_text(outcome.sources, outcome.diagnostics.all(), Colour::never));
        CHECK(has(outcome.diagnostics, code.code));
      }

      const auto passes = example_of(page, "Passes");
      REQUIRE(passes);
      REQUIRE(passes->language == "release");
      Outcome outcome;
      compile_text(passes->text, outcome);
      INFO(render_text(outcome.sources, outcome.diagnostics.all(), Colour::never));
      CHECK(!outcome.diagnostics.has_errors());
      CHECK(!has(outcome.diagnostics, code.code));
    }
  }
}

TEST_CASE("every page is of a code", "[pages]") {
  for (const EmbeddedText& page : embedded_pages()) {
    const auto codes = all_codes();
    INFO(page.name);
    CHECK(std::any_of(codes.begin(), codes.end(),
                      [&](const CodeInfo& code) { return code.id == page.name; }));
  }
}

// What a command or a generated text shows is tested in check_command_test and ui_case_test.
TEST_CASE("every code has a UI case", "[pages]") {
  std::string goldens;
  for (const auto& entry : fs::directory_iterator(fs::path(REL_SOURCE_DIR) / "tests/ui/cases")) {
    if (entry.path().extension() != ".stderr") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    goldens += text.str();
  }
  for (const CodeInfo& code : all_codes()) {
    const bool shown_elsewhere = code.code == Code::too_many_errors ||
                                 code.code == Code::unknown_release ||
                                 code.code == Code::unreadable_file;
    if (shown_elsewhere) continue;
    INFO(code.id << " " << code.slug);
    CHECK(goldens.find("[" + std::string(code.id) + "]") != std::string::npos);
  }
}
