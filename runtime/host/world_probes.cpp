#include "runtime/host/world_probes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/actuators/http_action.h"
#include "runtime/base/check.h"
#include "runtime/base/limits.h"
#include "runtime/base/sha256.h"

namespace rel {
namespace {

bool is_over_http(const Gate& gate) {
  return gate.kind == GateKind::http || gate.kind == GateKind::rule;
}

size_t bytes_max(const Gate& gate) {
  return gate.kind == GateKind::rule ? limits::rules_bytes_max : limits::http_body_bytes_max;
}

std::string_view argument(const Plan& plan, const Gate& gate, uint32_t index) {
  if (index >= gate.arguments.count) return {};
  return plan.text(plan.gate_arguments[gate.arguments.at(index).value]);
}

// An answer at the limit may have been cut there: then the digest is that of its beginning.
std::string digest_text(const std::string& body, size_t bytes_max) {
  return fmt::format("{}{} bytes, sha256:{}", body.size() < bytes_max ? "" : "the first ",
                     body.size(), sha256_hex(body));
}

// What a Prometheus says of a rule of that name; nothing: it has none.
std::optional<GateReading> find_rule(const nlohmann::json& document, std::string_view name) {
  const nlohmann::json none = nlohmann::json::object();
  const auto part = [&none](const nlohmann::json& of, const char* key) -> const nlohmann::json& {
    const auto found = of.is_object() ? of.find(key) : of.end();
    return of.is_object() && found != of.end() ? *found : none;
  };
  const auto word = [&part](const nlohmann::json& of, const char* key) {
    const nlohmann::json& value = part(of, key);
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  for (const nlohmann::json& group : part(part(document, "data"), "groups")) {
    for (const nlohmann::json& rule : part(group, "rules")) {
      if (word(rule, "name") != name) continue;
      GateReading reading;
      reading.passed = word(rule, "health") != "err";
      reading.answered = fmt::format("in group {} of {}", word(group, "name"), word(group, "file"));
      if (!reading.passed) {
        reading.answered += fmt::format(", and fails: {}", word(rule, "lastError"));
      }
      return reading;
    }
  }
  return std::nullopt;
}

GateReading judge_page(std::string_view wanted, const HttpAnswer& answer) {
  GateReading reading;
  reading.answered = std::to_string(answer.status);
  reading.passed = reading.answered == wanted;
  return reading;
}

GateReading judge_rule(std::string_view name, const HttpAnswer& answer) {
  GateReading reading;
  if (answer.status != 200) {
    reading.answered = fmt::format("{} to the question for its rules", answer.status);
    return reading;
  }
  if (answer.body.size() >= limits::rules_bytes_max) {
    reading.answered = fmt::format("more than {} bytes of rules", limits::rules_bytes_max);
    return reading;
  }
  const auto document = nlohmann::json::parse(answer.body, nullptr, false);
  if (!document.is_object() || !document.contains("data")) {
    reading.answered = "an answer that is not of a Prometheus";
    return reading;
  }
  if (auto found = find_rule(document, name)) return *found;
  reading.answered = "no rule of that name";
  return reading;
}

}  // namespace

WorldProbes::WorldProbes(const Plan& plan, Actuators actuators)
    : plan_(plan), actuators_(actuators) {
  for (uint32_t i = 0; i < plan.gates.size(); i++) {
    if (!is_over_http(plan.gates[i])) continue;
    Probe& probe = probes_.emplace_back();
    probe.gate = GateId{i};
    probe.reading.answered = "not asked yet";
    probe.reading.missing = fmt::format("`{}`: not asked yet", plan.text(plan.gates[i].text));
  }
}

const GateReading& WorldProbes::read(GateId gate) const {
  const auto found = std::find_if(probes_.begin(), probes_.end(),
                                  [gate](const Probe& probe) { return probe.gate == gate; });
  REL_CHECK(found != probes_.end());
  return found->reading;
}

bool WorldProbes::advance(HostTime now) {
  bool changed = false;
  for (Probe& probe : probes_) {
    if (probe.exchange == nullptr && now.steady_ns >= probe.next_ns) ask(probe, now);
    if (probe.exchange != nullptr && probe.exchange->poll()) take(probe, now);
    changed |= std::exchange(probe.answered, false);
  }
  return changed;
}

bool WorldProbes::are_fresh(uint64_t gates, HostTime now) {
  bool fresh = true;
  for (Probe& probe : probes_) {
    if ((gates >> probe.gate.value & 1) == 0) continue;
    const bool known = probe.answered_ns != 0 &&
                       now.steady_ns - probe.answered_ns <= limits::probe_fresh_ns;
    if (known) continue;
    fresh = false;
    probe.next_ns = 0;
  }
  return fresh;
}

std::string WorldProbes::url_of(const Gate& gate) const {
  if (gate.kind == GateKind::http) return std::string(argument(plan_, gate, 0));
  std::string base(argument(plan_, gate, 1));
  if (base.empty()) base = actuators_.rules.prometheus;
  while (base.ends_with('/')) base.pop_back();
  return base.empty() ? base : base + "/api/v1/rules";
}

void WorldProbes::ask(Probe& probe, HostTime now) {
  const Gate& gate = plan_.gates[probe.gate.value];
  const ActuatorRules& rules = actuators_.rules;
  const std::string url = url_of(gate);
  const std::string host = host_of_url(url);
  const bool own = gate.kind == GateKind::rule && gate.arguments.count == 1;
  const bool allowed = own || std::find(rules.probe_hosts.begin(), rules.probe_hosts.end(),
                                        host) != rules.probe_hosts.end();
  GateReading refused;
  if (actuators_.http == nullptr) {
    refused.answered = "librel_http.so could not be loaded; install it beside relc, then restart "
                       "the host";
  } else if (url.empty()) {
    refused.answered = "no Prometheus is known on this host; name it under `prometheus:` in the "
                       "file given with --config";
  } else if (!allowed) {
    refused.answered = fmt::format("`{}` may not be asked from this host; add it under `probes: "
                                   "hosts:` in the file given with --config",
                                   host);
  }
  if (!refused.answered.empty()) return answer(probe, std::move(refused), now);
  HttpRequest get;
  get.method = "GET";
  get.url = url;
  get.timeout_ns = rules.webhooks.timeout_ns;
  get.body_bytes_max = bytes_max(gate);
  probe.exchange = actuators_.http->start(get);
}

void WorldProbes::take(Probe& probe, HostTime now) {
  const Gate& gate = plan_.gates[probe.gate.value];
  const HttpAnswer& said = probe.exchange->answer();
  GateReading reading;
  if (said.status == 0) {
    reading.answered = fmt::format("no answer: {}", said.error);
  } else {
    reading = gate.kind == GateKind::http ? judge_page(argument(plan_, gate, 1), said)
                                          : judge_rule(argument(plan_, gate, 0), said);
    reading.detail = digest_text(said.body, bytes_max(gate));
  }
  probe.exchange.reset();
  answer(probe, std::move(reading), now);
}

void WorldProbes::answer(Probe& probe, GateReading reading, HostTime now) const {
  const Gate& gate = plan_.gates[probe.gate.value];
  reading.asked = gate.kind == GateKind::http
                      ? fmt::format("get {}, expecting {}", argument(plan_, gate, 0),
                                    argument(plan_, gate, 1))
                      : fmt::format("rule {} in {}", argument(plan_, gate, 0), url_of(gate));
  reading.answered = without_secrets(actuators_.rules, std::move(reading.answered));
  if (!reading.passed) {
    reading.missing = fmt::format("`{}`: {}", plan_.text(gate.text), reading.answered);
  }
  reading.time_ns = now.now_ns;
  probe.reading = std::move(reading);
  probe.answered = true;
  probe.answered_ns = now.steady_ns;
  probe.next_ns = now.steady_ns + limits::probe_interval_ns;
}

}  // namespace rel
