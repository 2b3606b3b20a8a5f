// Finds the policies, and writes token lists at random.
#include "tests/format/policies.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "compiler/syntax/parse.h"

namespace rel::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

bool parses(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics;
  parse(sources, sources.add("p", text), diagnostics);
  return !diagnostics.has_errors();
}

void add(std::vector<NamedText>& made, const std::string& name, const std::string& text) {
  if (parses(text)) made.push_back(NamedText{name, text});
}

void add_blocks(std::vector<NamedText>& made, const fs::path& page) {
  const std::string text = read_file(page);
  const std::string open = "```release\n";
  for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const size_t start = at + open.size();
    add(made, page.filename().string() + " at " + std::to_string(at),
        text.substr(start, text.find("\n```", start) + 1 - start));
  }
}

class Scrambler {
 public:
  Scrambler(const std::string& text, uint64_t seed) : text_(text), random_(seed) {}

  std::string run() {
    Sources sources;
    const FileId file = sources.add("p", text_);
    const std::vector<Token> tokens = read_tokens(sources, file);
    const Token* last = nullptr;
    bool started = true;
    for (const Token& token : tokens) {
      switch (token.role) {
        case TokenRole::begin:
          comments(true);
          started = true;
          continue;
        case TokenRole::end:
          made_ += pick({"\n", ";", " ;\n", "\n\n\n", "  // behind\n", ";;\n", "\r\n"});
          continue;
        case TokenRole::close_brace:
          comments(true);
          break;
        case TokenRole::plain:
        case TokenRole::goes_on:
        case TokenRole::joins:
        case TokenRole::open_brace:
        case TokenRole::open_inline:
        case TokenRole::close_inline:
        case TokenRole::line_end:
        case TokenRole::separator:
        case TokenRole::doc:
          if (last != nullptr && !started) between(*last, token);
          break;
      }
      started = false;
      made_ += text_.substr(token.offset, token.length);
      if (token.role == TokenRole::open_inline) ++depth_;
      if (token.role == TokenRole::close_inline) --depth_;
      last = &token;
      if (token.role == TokenRole::open_brace)
        made_ += pick({"", " ", "\n", "  // in the block\n", "\n\n"});
    }
    comments(false);
    return made_;
  }

 private:
  const char* pick(std::initializer_list<const char*> all) {
    return all.begin()[std::uniform_int_distribution<size_t>(0, all.size() - 1)(random_)];
  }

  void comments(bool more) {
    made_ += pick({"", "", "", "\n// alone\n", "\n\n/// documents\n", "\n  // one\n// two\n\n"});
    if (more) made_ += pick({"", "  ", "\t"});
  }

  void between(const Token& left, const Token& right) {
    const bool may_break = depth_ > 0 || left.role == TokenRole::goes_on ||
                           left.role == TokenRole::joins || right.role == TokenRole::joins;
    const char* space =
        may_break ? pick({" ", "\n", "   ", "\n\n    ", "  // within\n", "\n // alone within\n"})
                  : pick({" ", " ", "\t", "    "});
    const bool tight = left.end() == right.offset && pick({"", "x"})[0] == 'x';
    if (!tight) made_ += space;
  }

  const std::string& text_;
  std::mt19937_64 random_;
  std::string made_;
  size_t depth_ = 0;
};

}  // namespace

std::vector<NamedText> policies_of_the_tree() {
  const fs::path root = REL_SOURCE_DIR;
  std::vector<NamedText> made;
  for (const char* folder : {"examples", "stdlib", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.path().extension() == ".release")
        add(made, fs::relative(entry.path(), root).string(), read_file(entry.path()));
  for (const auto& entry : fs::directory_iterator(root / "compiler/diagnostics/pages"))
    add_blocks(made, entry.path());
  for (const char* page : {"README.md", "grammar/REFERENCE.md"}) add_blocks(made, root / page);
  return made;
}

std::string scrambled(const std::string& text, uint64_t seed) {
  return Scrambler(text, seed).run();
}

}  // namespace rel::test
