#include "compiler/cli/model_card.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/core.h>

#include "runtime/base/limits.h"

namespace rel::cli {
namespace {

constexpr std::string_view fence = "---";

// The text between the first two lines `---`; nothing when there is none.
bool split_front_matter(std::istringstream& lines, std::string& front) {
  std::string line;
  if (!std::getline(lines, line) || line != fence) return false;
  while (std::getline(lines, line)) {
    if (line == fence) return true;
    front += line + "\n";
  }
  return false;
}

std::string heading_of(const std::string& line) {
  const size_t marks = line.find_first_not_of('#');
  if (marks == 0 || marks > 6 || marks == std::string::npos || line[marks] != ' ') return "";
  const size_t first = line.find_first_not_of(' ', marks);
  if (first == std::string::npos) return "";
  const size_t last = line.find_last_not_of(" #\r");
  return line.substr(first, last + 1 - first);
}

}  // namespace

Result<ModelCard> parse_model_card(const std::string& text, const std::string& path) {
  ModelCard card;
  std::istringstream lines(text);
  std::string front;
  if (!split_front_matter(lines, front)) {
    return Error{fmt::format("{} has no front matter between two lines `---`", path)};
  }
  try {
    const YAML::Node root = YAML::Load(front);
    if (root.IsMap() && root["candidate"] && root["candidate"].IsScalar()) {
      card.candidate = root["candidate"].Scalar();
    }
  } catch (const YAML::Exception& error) {
    return Error{fmt::format("{}:{}: {}", path, error.mark.line + 2, error.msg)};
  }
  bool code = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("```", 0) == 0) code = !code;
    const std::string heading = code ? "" : heading_of(line);
    if (!heading.empty()) card.headings.push_back(heading);
  }
  return card;
}

Result<ModelCard> read_model_card(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  std::string text(limits::card_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > limits::card_bytes_max) {
    return Error{fmt::format("{} is longer than {} bytes", path, limits::card_bytes_max)};
  }
  return parse_model_card(text, path);
}

}  // namespace rel::cli
