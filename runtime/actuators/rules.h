// What the host lets policies do in the world: the `relc.yaml` of compiler/cli as plain structs.
// Nothing by default. Secrets stand here by reference and never leave in a text: what an action
// reports is cleaned of them (without_secrets).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace rel {

// A file that is read at each use, so that a secret can be exchanged while the host runs, or a
// value that the command line took from its environment.
struct Secret {
  std::string file;
  std::string value;

  bool is_given() const { return !file.empty() || !value.empty(); }
};

// Without the line's end. Unreadable, empty or above a limit: an error that names the file only.
Result<std::string> read_secret(const Secret& secret);

struct CommandRules {
  std::vector<std::string> allowed;  // absolute paths of programs
  int64_t timeout_ns = 30'000'000'000;
  std::vector<std::string> environment;  // NAME=value, passed on beside our own
};

struct WebhookRules {
  std::vector<std::string> hosts;  // `host` or `host:port` as in the URL
  Secret key;                      // signs bodies
  int64_t timeout_ns = 10'000'000'000;  // of every HTTP exchange
};

struct PagerdutyRules {
  std::string url = "https://events.pagerduty.com/v2/enqueue";
  std::map<std::string, Secret> services;  // routing key by service
};

struct HaproxyRules {
  std::string socket;  // of the runtime API, level admin
  std::string map;     // the map's file, as HAProxy's configuration names it
  std::string key;     // the entry that holds the candidate's share in millionths
};

struct MlflowRules {
  std::string url;
  Secret token;
};

struct ActuatorRules {
  CommandRules commands;
  WebhookRules webhooks;
  std::map<std::string, Secret> slack;  // address of the incoming webhook by channel
  PagerdutyRules pagerduty;
  std::string alertmanager;  // base URL
  std::map<std::string, HaproxyRules> haproxy;
  MlflowRules mlflow;
  std::vector<std::string> probe_hosts;  // that points of a checklist may ask
  std::string prometheus;                // base URL: which rules are loaded
};

// `text` with every secret of `rules` that occurs in it replaced.
std::string without_secrets(const ActuatorRules& rules, std::string text);

}  // namespace rel
