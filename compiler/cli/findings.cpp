// Formats, colour and counts of diagnostics.
#include "compiler/cli/findings.h"

#include <unistd.h>

#include <cstdlib>

#include "compiler/diagnostics/render_github.h"
#include "compiler/diagnostics/render_json.h"
#include "compiler/diagnostics/render_sarif.h"
#include "compiler/diagnostics/render_short.h"
#include "compiler/diagnostics/render_text.h"

namespace rel::cli {
namespace {

Colour colour_for(std::FILE* out) { return is_painted(out) ? Colour::always : Colour::never; }

constexpr std::pair<std::string_view, Format> formats[] = {{"text", Format::text},
                                                           {"short", Format::short_lines},
                                                           {"json", Format::json},
                                                           {"sarif", Format::sarif},
                                                           {"github", Format::github}};

std::string count(size_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

bool is_painted(std::FILE* out) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool refused = no_color != nullptr && *no_color != '\0';
  return !refused && isatty(fileno(out)) == 1;
}

const char* const format_help =
    "text (for people), short (one line each), json (for programs), sarif or github (for code "
    "hosts)";

Format format_of(const std::string& word) {
  for (const auto& [name, format] : formats)
    if (name == word) return format;
  return Format::text;
}

void print_findings(std::FILE* out, Format format, const Sources& sources,
                    const Diagnostics& diagnostics) {
  std::string text;
  switch (format) {
    case Format::text:
      text = render_text(sources, diagnostics.all(), colour_for(out));
      break;
    case Format::short_lines:
      text = render_short(sources, diagnostics.all());
      break;
    case Format::json:
      text = render_json(sources, diagnostics.all());
      break;
    case Format::sarif: {
      SarifLog log;
      log.add(sources, diagnostics.all());
      text = log.text();
      break;
    }
    case Format::github:
      text = render_github(sources, diagnostics.all());
      break;
  }
  std::fwrite(text.data(), 1, text.size(), out);
}

void FindingCounts::add(const Diagnostics& diagnostics) {
  for (const Diagnostic& each : diagnostics.all()) {
    switch (each.level) {
      case Level::error:
        ++errors;
        break;
      case Level::warning:
        ++warnings;
        break;
      case Level::note:
        ++notes;
        break;
    }
  }
}

std::string describe(const FindingCounts& counts) {
  std::string made;
  const auto add = [&](size_t number, const char* what) {
    if (number > 0) made += (made.empty() ? "" : ", ") + count(number, what);
  };
  add(counts.errors, "error");
  add(counts.warnings, "warning");
  add(counts.notes, "note");
  return made.empty() ? "nothing found" : made;
}

Result<FileId> read_policy(Sources& sources, const std::string& path, Diagnostics& diagnostics) {
  Result<FileId> read = sources.read(path);
  if (!read) {
    const FileId empty = sources.add(path, "");
    diagnostics.report(Code::unreadable_file, Span{empty, 0, 0}, read.error().message);
  }
  return read;
}

}  // namespace rel::cli
