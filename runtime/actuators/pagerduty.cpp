// Pages by PagerDuty's Events API v2. One incident a release, run and epoch (`dedup_key`), however
// often it is sent; resolved by the same key when it is over.
#include <fmt/core.h>

#include "runtime/actuators/http_action.h"
#include "runtime/base/time_text.h"

namespace rel {
namespace {

// The longest summary that PagerDuty takes.
constexpr size_t summary_bytes_max = 1024;

Json body_of(const ActionFacts& facts, const std::string& routing_key) {
  Json body = {{"routing_key", routing_key},
               {"event_action", facts.end_ns == 0 ? "trigger" : "resolve"},
               {"dedup_key", facts.incident}};
  if (facts.end_ns != 0) return body;
  body["payload"] = {{"summary", (headline(facts) + ": " + facts.summary).substr(
                                     0, summary_bytes_max)},
                     {"source", facts.release},
                     {"severity", facts.event == "withdrawn" ? "warning" : "critical"},
                     {"timestamp", rfc3339_text(facts.time_ns)},
                     {"component", facts.model},
                     {"group", facts.owner},
                     {"class", facts.event},
                     {"custom_details",
                      {{"candidate", facts.candidate},
                       {"baseline", facts.baseline},
                       {"stage", facts.stage},
                       {"reports", facts.report_folder}}}};
  return body;
}

}  // namespace

std::unique_ptr<RunningAction> start_pagerduty(const ActionRequest& request,
                                               const Actuators& actuators) {
  const std::string& service = request.arguments[0];
  const PagerdutyRules& rules = actuators.rules.pagerduty;
  const auto found = rules.services.find(service);
  if (found == rules.services.end()) {
    return refused_action(fmt::format("the host does not know service `{}`; name the file with its "
                                      "routing key under `pagerduty: services:` in the file given "
                                      "with --config",
                                      service));
  }
  const Result<std::string> key = read_secret(found->second);
  if (!key) return ended_action(ActionProgress::failed, key.error().message);
  // An event cannot be tried without paging somebody.
  if (request.mode == ActionMode::probe) {
    return ended_action(ActionProgress::done, fmt::format("`{}` has a routing key", service));
  }
  return start_exchange(
      *actuators.http,
      json_post(request, actuators.rules, rules.url, body_of(request.facts, *key)), "PagerDuty");
}

}  // namespace rel
