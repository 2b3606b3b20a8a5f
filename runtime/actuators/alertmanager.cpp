// Raises an alert in Alertmanager (`/api/v2/alerts`), which routes it by its labels; `receiver` is
// the one the policy names. The same labels with an end resolve it when it is over.
#include <fmt/core.h>

#include "runtime/actuators/http_action.h"
#include "runtime/base/time_text.h"

namespace rel {
namespace {

// Alertmanager ends an alert by itself when nobody renews it; ours stands until somebody
// acknowledges it, or for so long.
constexpr int64_t stands_ns = int64_t{7} * 24 * 3600 * 1'000'000'000;

Json body_of(const ActionRequest& request) {
  const ActionFacts& facts = request.facts;
  Json alert = {{"labels",
                 {{"alertname", "ReleaseWentBack"},
                  {"release", facts.release},
                  {"model", facts.model},
                  {"owner", facts.owner},
                  {"event", facts.event},
                  {"incident", facts.incident},
                  {"receiver", request.arguments[0]},
                  {"severity", facts.event == "withdrawn" ? "warning" : "critical"}}},
                {"annotations",
                 {{"summary", headline(facts)},
                  {"description", facts.summary},
                  {"candidate", facts.candidate},
                  {"baseline", facts.baseline},
                  {"stage", facts.stage}}},
                {"startsAt", rfc3339_text(facts.time_ns)},
                {"endsAt", rfc3339_text(facts.end_ns != 0 ? facts.end_ns
                                                          : request.now_ns + stands_ns)}};
  return Json::array({std::move(alert)});
}

}  // namespace

std::unique_ptr<RunningAction> start_alertmanager(const ActionRequest& request,
                                                  const Actuators& actuators) {
  const std::string& base = actuators.rules.alertmanager;
  if (base.empty()) {
    return refused_action("the host has no Alertmanager; write `alertmanager: URL` in the file "
                          "given with --config");
  }
  HttpRequest post = json_post(request, actuators.rules, base + "/api/v2/alerts",
                               body_of(request));
  if (request.mode == ActionMode::probe) {
    post.method = "GET";
    post.url = base + "/-/ready";
    post.body.clear();
  }
  return start_exchange(*actuators.http, post, "Alertmanager");
}

}  // namespace rel
