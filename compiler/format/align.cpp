// A run is a number of lines that follow each other directly.
#include "compiler/format/align.h"

#include <algorithm>
#include <span>

#include "compiler/format/breaks.h"

namespace rel::format {
namespace {

constexpr size_t comment_column_max = 72;

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

// The text of each line of a run with its columns padded; empty when one would be too long.
std::vector<std::string> aligned(std::span<const Line> run) {
  size_t name_width = 0;
  size_t value_width = 0;
  bool second = run.size() > 1;
  for (const Line& line : run) {
    name_width = std::max(name_width, width_of(line.columns->name));
    value_width = std::max(value_width, width_of(line.columns->value));
    second = second && !line.columns->second.empty() &&
             line.columns->second == run.front().columns->second;
  }
  std::vector<std::string> made;
  for (const Line& line : run) {
    const Columns& columns = *line.columns;
    std::string text = padded(columns.name, name_width) + " " + columns.sign + " ";
    text += second ? padded(columns.value, value_width) : columns.value;
    if (!columns.rest.empty()) text += " " + columns.rest;
    if (line.indent + width_of(text) > columns_max) return {};
    made.push_back(std::move(text));
  }
  return made;
}

void align_columns(std::span<Line> run) {
  // For `:` the first line says which of the two ways the author writes.
  if (run.front().columns->sign == ':' && !run.front().columns->apart) return;
  std::vector<std::string> texts = aligned(run);  // none: too long, the lines stay as they are
  for (size_t i = 0; i < texts.size(); ++i) run[i].text = std::move(texts[i]);
}

bool follows(const Line& before, const Line& line) {
  return !line.blank_before && before.indent == line.indent;
}

template <typename Joins, typename Act>
void for_runs(std::vector<Line>& lines, const Joins& joins, const Act& act) {
  for (size_t start = 0; start < lines.size();) {
    size_t end = start + 1;
    while (end < lines.size() && follows(lines[end - 1], lines[end]) &&
           joins(lines[start], lines[end]))
      ++end;
    act(std::span(lines).subspan(start, end - start));
    start = end;
  }
}

void align_comments(std::span<Line> run) {
  size_t width = 0;
  for (const Line& line : run) width = std::max(width, line.indent + width_of(line.text));
  for (Line& line : run) {
    if (line.comment.empty()) continue;
    if (line.text.empty()) {
      line.text = line.comment;
    } else {
      const size_t own = line.indent + width_of(line.text);
      const size_t gap = width > comment_column_max ? 0 : width - own;
      line.text += std::string(gap + 2, ' ') + line.comment;
    }
  }
}

}  // namespace

void align(std::vector<Line>& lines) {
  for_runs(
      lines,
      [](const Line& first, const Line& line) {
        return first.columns && line.columns && first.columns->group == line.columns->group;
      },
      [](std::span<Line> run) {
        if (run.front().columns) align_columns(run);
      });
  for_runs(
      lines,
      [](const Line& first, const Line& line) {
        return !first.comment.empty() && !line.comment.empty() && !first.text.empty() &&
               !line.text.empty();
      },
      align_comments);
}

}  // namespace rel::format
