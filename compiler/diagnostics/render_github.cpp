// Workflow commands.
#include "compiler/diagnostics/render_github.h"

#include <algorithm>

#include "compiler/diagnostics/display.h"

namespace rel {
namespace {

// A command ends with its line, a property with a comma or colon.
std::string escaped(std::string_view text, std::string_view special) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string made;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (special.find(c) != std::string_view::npos)
      made += {'%', digits[byte >> 4], digits[byte & 15]};
    else
      made += c;
  }
  return made;
}

std::string_view command_of(Level level) {
  switch (level) {
    case Level::note:
      return "notice";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return {};
}

std::string place(const Sources& sources, Span span) {
  const auto size = static_cast<uint32_t>(sources.file(span.file).text.size());
  const Position start = character_position(sources, span.file, std::min(span.offset, size));
  const Position end = character_position(sources, span.file, std::min(span.end(), size));
  std::string made = "file=" + escaped(sources.file(span.file).path, "%\r\n:,") +
                     ",line=" + std::to_string(start.line) +
                     ",endLine=" + std::to_string(end.line);
  // GitHub takes columns only for a place on one line.
  if (start.line == end.line)
    made += ",col=" + std::to_string(start.column) + ",endColumn=" + std::to_string(end.column);
  return made + ",";
}

}  // namespace

std::string render_github(const Sources& sources, std::span<const Diagnostic> diagnostics) {
  std::string out;
  for (const Diagnostic& each : diagnostics) {
    const CodeInfo& info = info_of(each.code);
    out += "::" + std::string(command_of(each.level)) + " " +
           (sources.has(each.span.file) ? place(sources, each.span) : "") +
           "title=" + std::string(info.id) + " " + std::string(info.slug) +
           "::" + escaped(whole_message(each), "%\r\n") + "\n";
  }
  return out;
}

}  // namespace rel
