#include "runtime/host/control_verbs.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/base/limits.h"
#include "runtime/host/host.h"
#include "runtime/host/status_json.h"
#include "runtime/journal/log_text.h"

namespace rel {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string refuse(std::string_view why) { return dump({{"ok", false}, {"error", why}}); }

std::string history(Host& host, const Json& request) {
  int64_t since = 0;
  if (request.contains("since")) {
    if (!request["since"].is_number_integer() || request["since"].get<int64_t>() < 0) {
      return refuse("`since` is the sequence of a decision, 0 for all of them");
    }
    since = request["since"].get<int64_t>();
  }
  if (host.release().id == 0) {
    return dump({{"ok", true}, {"decisions", Json::array()}, {"more", false}});
  }
  auto logged = host.journal().decisions(host.release().id, since, limits::history_rows_max);
  if (!logged) return refuse(logged.error().message);
  Json rows = Json::array();
  for (const LoggedDecision& one : *logged) {
    rows.push_back({{"sequence", one.sequence},
                    {"line", logged_line(host.plan(), one.entry)},
                    {"decision", Json::parse(logged_json(host.plan(), one.entry))}});
  }
  const bool more = logged->size() == limits::history_rows_max;
  return dump({{"ok", true}, {"decisions", std::move(rows)}, {"more", more}});
}

}  // namespace

std::string answer_control(Host& host, std::string_view request) {
  const Json parsed = Json::parse(request, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("verb") || !parsed["verb"].is_string()) {
    return refuse(R"(a request is one JSON object a line: {"verb":"status"})");
  }
  const std::string verb = parsed["verb"];
  const std::string release =
      parsed.contains("release") && parsed["release"].is_string() ? parsed["release"] : "";
  if (!release.empty() && release != host.plan().release) {
    return refuse(fmt::format("this host carries out release `{}`, not `{}`", host.plan().release,
                              release));
  }
  if (verb == "ping") return dump({{"ok", true}, {"release", host.plan().release}});
  if (verb == "status") {
    return dump({{"ok", true}, {"status", Json::parse(status_json(host))}});
  }
  if (verb == "history") return history(host, parsed);
  return refuse(fmt::format("`{}` is not built in this version; there are ping, status and history",
                            verb));
}

}  // namespace rel
