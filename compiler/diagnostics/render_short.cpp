// The GCC form.
#include "compiler/diagnostics/render_short.h"

#include "compiler/diagnostics/display.h"

namespace rel {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::note:
      return "note";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return {};
}

std::string render_short(const Sources& sources, std::span<const Diagnostic> diagnostics) {
  std::string out;
  for (const Diagnostic& each : diagnostics) {
    if (sources.has(each.span.file)) {
      const Position at = sources.position(each.span.file, each.span.offset);
      out += sources.file(each.span.file).path + ":" + std::to_string(at.line) + ":" +
             std::to_string(at.column) + ": ";
    }
    out += std::string(name_of(each.level)) + ": " + display_text(each.message) + " [" +
           std::string(info_of(each.code).id) + "]\n";
  }
  return out;
}

}  // namespace rel
