// What actuators over HTTP share: one exchange as a running action, and the JSON they write.
// Input: a request. Output: an action: done on 2xx, failed when trying again may help (no answer,
// 408, 425, 429, 5xx), refused otherwise. Owner: the actuator that started it.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "runtime/actuators/registry.h"

namespace rel {

using Json = nlohmann::ordered_json;

// `who` reads before "answered 503": "the webhook".
std::unique_ptr<RunningAction> start_exchange(HttpClient& http, const HttpRequest& request,
                                              std::string who);

// A POST of `body` as JSON, with the action's key in `Idempotency-Key`.
HttpRequest json_post(const ActionRequest& request, const ActuatorRules& rules, std::string url,
                      const Json& body);

// `host` or `host:port` of a URL; empty when it has none.
std::string host_of_url(const std::string& url);

// One line; what is not UTF-8 is replaced.
std::string dump(const Json& json);

// The title of messages: "fraud_v13 of fraud was rolled back".
std::string headline(const ActionFacts& facts);

}  // namespace rel
