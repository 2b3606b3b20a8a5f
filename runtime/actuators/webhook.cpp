// Calls a webhook of an allowed host. The body is signed with the host's key when there is one
// (`X-Relc-Signature: sha256=HMAC`), every try of a step carries the same `Idempotency-Key`, and a
// probe says `X-Relc-Dry-Run: true`, on which the receiver answers 2xx when it could do it.
#include <algorithm>

#include <fmt/core.h>

#include "runtime/actuators/http_action.h"
#include "runtime/base/hmac.h"
#include "runtime/base/time_text.h"

namespace rel {
namespace {

Json body_of(const ActionRequest& request) {
  const ActionFacts& facts = request.facts;
  Json body = {{"key", request.key},
               {"attempt", request.attempt},
               {"dry_run", request.mode == ActionMode::probe},
               {"event", facts.event},
               {"time", rfc3339_text(facts.time_ns)},
               {"release", facts.release},
               {"model", facts.model},
               {"owner", facts.owner},
               {"candidate", facts.candidate},
               {"baseline", facts.baseline},
               {"stage", facts.stage},
               {"epoch", facts.epoch},
               {"summary", facts.summary}};
  if (!facts.subject.empty()) {
    body["revert"] = {{"kind", facts.subject_kind},
                      {"name", facts.subject},
                      {"version", facts.version}};
  }
  return body;
}

}  // namespace

std::unique_ptr<RunningAction> start_webhook(const ActionRequest& request,
                                             const Actuators& actuators) {
  const std::string& url = request.arguments[0];
  const std::string host = host_of_url(url);
  const WebhookRules& rules = actuators.rules.webhooks;
  if (std::find(rules.hosts.begin(), rules.hosts.end(), host) == rules.hosts.end()) {
    return refused_action(fmt::format("webhooks of `{}` are not allowed on this host; add it under "
                                      "`webhooks: hosts:` in the file given with --config",
                                      host));
  }
  HttpRequest post = json_post(request, actuators.rules, url, body_of(request));
  post.headers.emplace_back("X-Relc-Event", request.facts.event);
  if (request.mode == ActionMode::probe) post.headers.emplace_back("X-Relc-Dry-Run", "true");
  if (rules.key.is_given()) {
    const Result<std::string> key = read_secret(rules.key);
    if (!key) return ended_action(ActionProgress::failed, key.error().message);
    post.headers.emplace_back("X-Relc-Signature", "sha256=" + hmac_sha256_hex(*key, post.body));
  }
  return start_exchange(*actuators.http, post, host);
}

}  // namespace rel
