#include "runtime/host/control_verbs.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/base/limits.h"
#include "runtime/host/control_answer.h"
#include "runtime/host/control_hands.h"
#include "runtime/host/host.h"
#include "runtime/host/metrics_text.h"
#include "runtime/host/report_again.h"
#include "runtime/host/status_json.h"
#include "runtime/host/why_text.h"
#include "runtime/journal/log_text.h"

namespace rel {
namespace {

using Json = nlohmann::ordered_json;

std::string history(Host& host, const Json& request) {
  int64_t since = 0;
  if (request.contains("since")) {
    if (!request["since"].is_number_integer() || request["since"].get<int64_t>() < 0) {
      return refusal_line("`since` is the sequence of a decision, 0 for all of them");
    }
    since = request["since"].get<int64_t>();
  }
  if (host.release().id == 0) {
    return answer_line({{"ok", true}, {"decisions", Json::array()}, {"more", false}});
  }
  auto logged = host.journal().decisions(host.release().id, since, limits::history_rows_max);
  if (!logged) return refusal_line(logged.error().message);
  Json rows = Json::array();
  for (const LoggedDecision& one : *logged) {
    rows.push_back({{"sequence", one.sequence},
                    {"line", logged_line(host.plans().at(one.sequence), one.entry)},
                    {"decision",
                     Json::parse(logged_json(host.plans().at(one.sequence), one.entry))}});
  }
  const bool more = logged->size() == limits::history_rows_max;
  return answer_line({{"ok", true}, {"decisions", std::move(rows)}, {"more", more}});
}

std::string why(Host& host, const Json& request) {
  std::string wanted;
  if (request.contains("decision")) {
    if (!request["decision"].is_string()) return refusal_line("`decision` is a number or a kind");
    wanted = request["decision"];
  }
  auto log = host.journal().decisions(host.release().id, 0, INT64_MAX);
  if (!log) return refusal_line(log.error().message);
  Result<size_t> index = find_decision(*log, wanted);
  if (!index) return refusal_line(index.error().message);
  const Plan& plan = host.plans().at((*log)[*index].sequence);
  return answer_line({{"ok", true}, {"why", why_text(plan, *log, *index)}});
}

std::string report(Host& host, HostTime now) {
  if (host.release().id == 0) {
    return refusal_line(fmt::format("the release does not start: {}", host.blocked()));
  }
  Result<std::string> written = write_report_again(host.journal(), host.plan(), host.release(),
                                                   host.report_folder(), "", now.now_ns);
  if (!written) return refusal_line(written.error().message);
  return answer_line({{"ok", true}, {"report", *written}});
}

}  // namespace

std::string answer_control(Host& host, std::string_view request, const Peer& peer,
                           HostTime now) {
  const Json parsed = Json::parse(request, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("verb") || !parsed["verb"].is_string()) {
    return refusal_line(R"(a request is one JSON object a line: {"verb":"status"})");
  }
  const std::string verb = parsed["verb"];
  const std::string release =
      parsed.contains("release") && parsed["release"].is_string() ? parsed["release"] : "";
  if (!release.empty() && release != host.plan().release) {
    return refusal_line(fmt::format("this host carries out release `{}`, not `{}`",
                                    host.plan().release, release));
  }
  if (verb == "ping") return answer_line({{"ok", true}, {"release", host.plan().release}});
  if (verb == "status") {
    return answer_line({{"ok", true}, {"status", Json::parse(status_json(host))}});
  }
  if (verb == "history") return history(host, parsed);
  if (verb == "why") return why(host, parsed);
  if (verb == "report") return report(host, now);
  if (verb == "metrics") return answer_line({{"ok", true}, {"text", metrics_text(host)}});
  if (verb == "order") return answer_order(host, parsed);
  if (verb == "audit") return answer_audit(host, parsed);
  if (is_hand_verb(verb)) return answer_hand(host, parsed, peer, now);
  return refusal_line(fmt::format("`{}` is not a verb of this version", verb));
}

}  // namespace rel
