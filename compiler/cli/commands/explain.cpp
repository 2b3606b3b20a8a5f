// relc explain: the page of a diagnostic's code, or the list of all codes.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "compiler/cli/command.h"
#include "compiler/diagnostics/diagnostic.h"
#include "compiler/diagnostics/embedded_text.h"
#include "compiler/diagnostics/render_short.h"

namespace rel::cli {
namespace {

int list_codes() {
  for (const CodeInfo& each : all_codes())
    std::printf("%s  %-8s %-26s %s\n", each.id.data(), name_of(each.level).data(),
                each.slug.data(), each.title.data());
  return exit_clean;
}

// REL0012, rel0012, 0012, 12 and not-built name the same code.
bool is_named(const CodeInfo& code, const std::string& word) {
  std::string upper = word;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return code.id == upper || code.id.substr(3) == upper || code.slug == word ||
         std::to_string(code.number) == word;
}

int unknown_code(const std::string& word) {
  std::vector<std::string_view> names;
  for (const CodeInfo& each : all_codes()) {
    names.push_back(each.id);
    names.push_back(each.slug);
  }
  const std::string nearest(nearest_name(word, names));
  std::fprintf(stderr, "relc: no code `%s`%s; `relc explain` lists all codes\n", word.c_str(),
               nearest.empty() ? "" : (", did you mean `" + nearest + "`?").c_str());
  return exit_failed;
}

int explain(const std::string& word) {
  const auto codes = all_codes();
  const auto code = std::find_if(codes.begin(), codes.end(),
                                 [&](const CodeInfo& each) { return is_named(each, word); });
  if (code == codes.end()) return unknown_code(word);
  for (const EmbeddedText& page : embedded_pages()) {
    if (page.name != code->id) continue;
    std::fwrite(page.text.data(), 1, page.text.size(), stdout);
    return exit_clean;
  }
  std::fprintf(stderr, "relc: %s has no page: report this\n", code->id.data());
  return exit_failed;
}

}  // namespace

void add_command_explain(CLI::App& app, int& exit_code) {
  const auto word = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("explain", "what a diagnostic means, and what to do");
  command->add_option("CODE", *word, "such as REL1203; none: the list of all codes");
  command->callback(
      [word, &exit_code] { exit_code = word->empty() ? list_codes() : explain(*word); });
}

}  // namespace rel::cli
