// Reads `//~` comments.
#include "tests/ui/expectations.h"

#include <regex>
#include <sstream>

namespace rel::test {

std::string Expectation::describe() const {
  return "line " + std::to_string(line) + ", columns " + std::to_string(first_column) + "-" +
         std::to_string(last_column) + ": " + level + "[" + code + "] " + words;
}

Expectations read_expectations(std::string_view policy) {
  static const std::regex form(
      R"(//~(\^*) (\d+)(?:-(\d+))? (error|warning|note)\[(REL\d{4})\] (\S.*?)\s*$)");
  Expectations made;
  std::istringstream lines{std::string(policy)};
  std::string line;
  for (uint32_t number = 1; std::getline(lines, line); ++number) {
    if (line.find("//~") == std::string::npos) continue;
    std::smatch match;
    if (!std::regex_search(line, match, form)) {
      made.malformed = "line " + std::to_string(number) + ": " + line;
      return made;
    }
    Expectation each;
    each.line = number - static_cast<uint32_t>(match[1].length());
    each.first_column = static_cast<uint32_t>(std::stoul(match[2]));
    each.last_column =
        match[3].matched ? static_cast<uint32_t>(std::stoul(match[3])) : each.first_column;
    each.level = match[4];
    each.code = match[5];
    each.words = match[6];
    made.all.push_back(std::move(each));
  }
  return made;
}

}  // namespace rel::test
