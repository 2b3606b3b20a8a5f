// Renderers: carets under what is meant, whatever a line is made of, and no span that breaks them.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <string>

#include "compiler/diagnostics/render_json.h"
#include "compiler/diagnostics/render_short.h"
#include "compiler/diagnostics/render_text.h"

namespace {

using namespace rel;

struct Page {
  Sources sources;
  FileId file;
  Diagnostics diagnostics;

  explicit Page(std::string text) : file(sources.add("p.release", std::move(text))) {}

  Span at(std::string_view words) const {
    const size_t found = sources.file(file).text.find(words);
    REQUIRE(found != std::string::npos);
    return Span{file, static_cast<uint32_t>(found), static_cast<uint32_t>(words.size())};
  }
  std::string text() const { return render_text(sources, diagnostics.all(), Colour::never); }
};

}  // namespace

TEST_CASE("text: several labels on two lines", "[render]") {
  Page page("metric failed : flag\n\n    rollback when errors > 200ms\n");
  page.diagnostics.report(Code::unexpected_token, page.at(">"), "cannot compare")
      .label(page.at("errors"), "this is a ratio")
      .label(page.at("200ms"), "this is a duration")
      .label(page.at("failed"), "declared here")
      .with_help("compare with a share")
      .with_note("see the page");
  CHECK(page.text() == R"(error[REL0010]: cannot compare
  --> p.release:3:26
   |
 1 | metric failed : flag
   |        ------ declared here
 3 |     rollback when errors > 200ms
   |                   ------ ^ ----- this is a duration
   |                   |
   |                   this is a ratio
   |
   = help: compare with a share
   = note: see the page

)");
}

TEST_CASE("text: tabs, wide characters and hidden ones", "[render]") {
  Page page("\t\"\xE6\x97\xA5\xE6\x9C\xAC\" here\x1B[31m \xE2\x80\xAE!\r\n");
  page.diagnostics.report(Code::unexpected_token, page.at("here"), "this");
  CHECK(page.text() ==
        "error[REL0010]: this\n"
        "  --> p.release:1:11\n"
        "   |\n"
        " 1 |     \"\xE6\x97\xA5\xE6\x9C\xAC\" here\xEF\xBF\xBD[31m \xEF\xBF\xBD!\n"
        "   |            ^^^^\n"
        "   |\n\n");
}

TEST_CASE("text: empty file, end of file, and places that do not exist", "[render]") {
  SECTION("an empty file has a first line") {
    Page page("");
    page.diagnostics.report(Code::unexpected_token, Span{page.file, 0, 0}, "empty");
    CHECK(page.text() ==
          "error[REL0010]: empty\n  --> p.release:1:1\n   |\n 1 |\n   | ^\n   |\n\n");
  }
  SECTION("beyond the end is the end") {
    Page page("ab\ncd");
    page.diagnostics.report(Code::unexpected_token, Span{page.file, 4000, 900}, "late");
    CHECK(page.text() ==
          "error[REL0010]: late\n  --> p.release:2:3\n   |\n 2 | cd\n   |   ^\n   |\n\n");
  }
  SECTION("a span over several lines is marked on its first") {
    Page page("ab cd\nef\n");
    page.diagnostics.report(Code::unexpected_token, Span{page.file, 3, 5}, "long");
    CHECK(page.text().find(" 1 | ab cd\n   |    ^^\n") != std::string::npos);
  }
  SECTION("no file") {
    Page page("ab");
    page.diagnostics.report(Code::unexpected_token, Span{}, "nowhere");
    CHECK(page.text() == "error[REL0010]: nowhere\n\n");
    CHECK(render_short(page.sources, page.diagnostics.all()) == "error: nowhere [REL0010]\n");
    const std::string json = render_json(page.sources, page.diagnostics.all());
    CHECK(nlohmann::json::parse(json)["file"].is_null());
  }
  SECTION("any span of any text") {
    Page page("\xEF\xBB\xBF" "a\t\xC3\xA9\xCC\x81\r\n\r\n\xFF\xF0\x9F");
    for (uint32_t offset = 0; offset < 20; ++offset)
      for (uint32_t length = 0; length < 20; ++length)
        page.diagnostics.report(Code::unexpected_token, Span{page.file, offset, length}, "x");
    CHECK(!page.text().empty());
  }
}

TEST_CASE("text: a long line is cut around its mark", "[render]") {
  Page page(std::string(5000, 'a') + " here " + std::string(5000, 'b'));
  page.diagnostics.report(Code::unexpected_token, page.at("here"), "this");
  const std::string text = page.text();
  const size_t line = text.find(" 1 | ");
  const size_t marks = text.find('\n', line) + 1;
  const std::string shown = text.substr(line, marks - line - 1);
  CHECK(shown.size() < 160);
  CHECK(shown.substr(5, 3) == "...");
  CHECK(shown.substr(shown.size() - 3) == "...");
  CHECK(text.find("^^^^", marks) - marks == shown.find("here"));
}

TEST_CASE("text: labels in another file stand apart", "[render]") {
  Page page("use x\n");
  const FileId other = page.sources.add("o.release", "def x\n");
  page.diagnostics.report(Code::unexpected_token, page.at("x"), "twice")
      .label(Span{other, 4, 1}, "first here");
  CHECK(page.text() ==
        "error[REL0010]: twice\n  --> p.release:1:5\n   |\n 1 | use x\n   |     ^\n   |\n"
        "  ::: o.release:1:5\n   |\n 1 | def x\n   |     - first here\n   |\n\n");
}

TEST_CASE("text: colour frames the same words", "[render]") {
  Page page("use x\n");
  page.diagnostics.report(Code::unexpected_token, page.at("x"), "twice").primary("here");
  std::string coloured = render_text(page.sources, page.diagnostics.all(), Colour::always);
  CHECK(coloured.find("\x1b[1;31merror[REL0010]\x1b[0m") != std::string::npos);
  for (size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
    coloured.erase(at, coloured.find('m', at) - at + 1);
  CHECK(coloured == page.text());
}

TEST_CASE("short: one line, as compilers print", "[render]") {
  Page page("use x\n");
  page.diagnostics.report(Code::unexpected_token, page.at("x"), "twice").with_help("unseen");
  CHECK(render_short(page.sources, page.diagnostics.all()) ==
        "p.release:1:5: error: twice [REL0010]\n");
}

TEST_CASE("json: an object a line with places and fixes", "[render]") {
  Page page("use x\n\"\xFF\"\n");
  page.diagnostics.report(Code::unexpected_token, page.at("x"), "a \"b\"\n\xFF")
      .label(page.at("use"), "label")
      .with_help("help")
      .with_note("note")
      .with_fix(page.at("x"), "y", "write `y`", true);
  page.diagnostics.report(Code::not_built, page.at("use"), "second");
  const std::string lines = render_json(page.sources, page.diagnostics.all());
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
  const auto one = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  CHECK(one["code"] == "REL0010");
  CHECK(one["slug"] == "unexpected-token");
  CHECK(one["level"] == "error");
  CHECK(one["message"] == "a \"b\"\n\xEF\xBF\xBD");
  CHECK(one["file"] == "p.release");
  const auto place = [](int line, int column, int offset) {
    return nlohmann::json{{"line", line}, {"column", column}, {"offset", offset}};
  };
  CHECK(one["range"]["start"] == place(1, 5, 4));
  CHECK(one["range"]["end"] == place(1, 6, 5));
  CHECK(one["labels"].size() == 2);
  CHECK(one["labels"][1]["text"] == "label");
  CHECK(one["help"] == nlohmann::json{"help"});
  CHECK(one["notes"] == nlohmann::json{"note"});
  CHECK(one["fixes"][0]["text"] == "y");
  CHECK(one["fixes"][0]["safe"] == true);
}

TEST_CASE("diagnostics sort by place and drop repetitions", "[render]") {
  Page page("a b\n");
  page.diagnostics.report(Code::not_built, page.at("b"), "later");
  page.diagnostics.report(Code::unexpected_token, page.at("a"), "first");
  page.diagnostics.report(Code::not_built, page.at("b"), "later");
  page.diagnostics.sort();
  REQUIRE(page.diagnostics.all().size() == 2);
  CHECK(page.diagnostics.all()[0].message == "first");
  CHECK(page.diagnostics.has_errors());
}

TEST_CASE("nearest names are slips, not other words", "[render]") {
  const std::string_view names[] = {"rollback", "route", "hold", "at"};
  CHECK(nearest_name("rolback", names) == "rollback");
  CHECK(nearest_name("rollbakc", names) == "rollback");
  CHECK(nearest_name("hodl", names) == "hold");
  CHECK(nearest_name("deploy", names) == "");
  CHECK(nearest_name("x", names) == "");
}
