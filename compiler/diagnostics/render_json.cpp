// Diagnostics as JSON lines.
#include "compiler/diagnostics/render_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/diagnostics/render_short.h"

namespace rel {
namespace {

using Json = nlohmann::ordered_json;

Json place(const Sources& sources, FileId file, uint32_t offset) {
  offset = std::min(offset, static_cast<uint32_t>(sources.file(file).text.size()));
  const Position at = sources.position(file, offset);
  return Json{{"line", at.line}, {"column", at.column}, {"offset", offset}};
}

// A place outside of any file is `null`.
Json path(const Sources& sources, FileId file) {
  return sources.has(file) ? Json(sources.file(file).path) : Json();
}

Json range(const Sources& sources, Span span) {
  if (!sources.has(span.file)) return Json();
  return Json{{"start", place(sources, span.file, span.offset)},
              {"end", place(sources, span.file, span.end())}};
}

Json one(const Sources& sources, const Diagnostic& diagnostic) {
  const CodeInfo& info = info_of(diagnostic.code);
  Json labels = Json::array();
  for (const Label& each : diagnostic.labels)
    labels.push_back({{"file", path(sources, each.span.file)},
                      {"range", range(sources, each.span)},
                      {"text", each.text},
                      {"primary", each.primary}});
  Json fixes = Json::array();
  for (const Fix& each : diagnostic.fixes)
    fixes.push_back({{"title", each.title},
                     {"safe", each.safe},
                     {"file", path(sources, each.span.file)},
                     {"range", range(sources, each.span)},
                     {"text", each.text}});
  return Json{{"code", info.id},
              {"slug", info.slug},
              {"level", name_of(diagnostic.level)},
              {"message", diagnostic.message},
              {"file", path(sources, diagnostic.span.file)},
              {"range", range(sources, diagnostic.span)},
              {"labels", std::move(labels)},
              {"help", diagnostic.help},
              {"notes", diagnostic.notes},
              {"fixes", std::move(fixes)}};
}

}  // namespace

std::string render_json(const Sources& sources, std::span<const Diagnostic> diagnostics) {
  std::string out;
  for (const Diagnostic& each : diagnostics)
    out += one(sources, each).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return out;
}

}  // namespace rel
