// SARIF 2.1.0 (OASIS, 2020).
#include "compiler/diagnostics/render_sarif.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/diagnostics/display.h"
#include "compiler/diagnostics/embedded_text.h"
#include "compiler/diagnostics/render_short.h"
#include "compiler/version.h"

namespace rel {
namespace {

using Json = nlohmann::ordered_json;

// A path as a relative reference or file URI (RFC 3986): what is no unreserved character or slash
// is escaped.
std::string uri_of(const std::string& path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string made = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) !=
                                                      std::string_view::npos;
    if (plain && byte < 0x80)
      made += c;
    else
      made += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return made;
}

Json artifact(const Sources& sources, FileId file) {
  return Json{{"uri", uri_of(sources.file(file).path)}};
}

Json region(const Sources& sources, Span span) {
  const auto size = static_cast<uint32_t>(sources.file(span.file).text.size());
  const uint32_t first = std::min(span.offset, size);
  const uint32_t last = std::min(span.end(), size);
  const Position start = character_position(sources, span.file, first);
  const Position end = character_position(sources, span.file, last);
  return Json{{"startLine", start.line}, {"startColumn", start.column},
              {"endLine", end.line},     {"endColumn", end.column},
              {"byteOffset", first},     {"byteLength", last - first}};
}

Json location(const Sources& sources, Span span) {
  return Json{{"physicalLocation",
               {{"artifactLocation", artifact(sources, span.file)},
                {"region", region(sources, span)}}}};
}

Json related(const Sources& sources, const Diagnostic& diagnostic) {
  Json made = Json::array();
  for (const Label& each : diagnostic.labels) {
    if (each.primary || !sources.has(each.span.file)) continue;
    Json one = location(sources, each.span);
    one["id"] = made.size() + 1;
    if (!each.text.empty()) one["message"] = {{"text", each.text}};
    made.push_back(std::move(one));
  }
  return made;
}

Json fixes(const Sources& sources, const Diagnostic& diagnostic) {
  Json made = Json::array();
  for (const Fix& each : diagnostic.fixes) {
    if (!sources.has(each.span.file)) continue;
    const Json replacement = {{"deletedRegion", region(sources, each.span)},
                              {"insertedContent", {{"text", each.text}}}};
    made.push_back({{"description", {{"text", each.title}}},
                    {"artifactChanges",
                     Json::array({{{"artifactLocation", artifact(sources, each.span.file)},
                                   {"replacements", Json::array({replacement})}}})},
                    {"properties", {{"safe", each.safe}}}});
  }
  return made;
}

Json descriptor(Code code) {
  const CodeInfo& info = info_of(code);
  Json made = {{"id", info.id},
               {"name", info.slug},
               {"shortDescription", {{"text", info.title}}},
               {"defaultConfiguration", {{"level", name_of(info.level)}}}};
  for (const EmbeddedText& page : embedded_pages())
    if (page.name == info.id)
      made["help"] = {{"text", "relc explain " + std::string(info.id)}, {"markdown", page.text}};
  return made;
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

size_t SarifLog::rule(Code code) {
  const auto found = std::find(rules_.begin(), rules_.end(), code);
  if (found != rules_.end()) return static_cast<size_t>(found - rules_.begin());
  rules_.push_back(code);
  return rules_.size() - 1;
}

void SarifLog::add(const Sources& sources, std::span<const Diagnostic> diagnostics) {
  for (const Diagnostic& each : diagnostics) {
    Json one = {{"ruleId", info_of(each.code).id},
                {"ruleIndex", rule(each.code)},
                {"level", name_of(each.level)},
                {"message", {{"text", whole_message(each)}}}};
    if (sources.has(each.span.file)) one["locations"] = {location(sources, each.span)};
    if (Json places = related(sources, each); !places.empty())
      one["relatedLocations"] = std::move(places);
    if (Json offered = fixes(sources, each); !offered.empty()) one["fixes"] = std::move(offered);
    results_.push_back(dump(one, -1));
  }
}

std::string SarifLog::text() const {
  Json rules = Json::array();
  for (const Code code : rules_) rules.push_back(descriptor(code));
  Json results = Json::array();
  for (const std::string& each : results_) results.push_back(Json::parse(each));
  const Json driver = {{"name", "relc"}, {"semanticVersion", version}, {"rules", rules}};
  const Json run = {{"tool", {{"driver", driver}}},
                    {"columnKind", "unicodeCodePoints"},
                    {"results", results}};
  return dump(Json{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                   {"version", "2.1.0"},
                   {"runs", Json::array({run})}},
              2) +
         "\n";
}

}  // namespace rel
