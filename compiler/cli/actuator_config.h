// The part of relc.yaml that says what policies may do in the world. Keys:
//   commands: [/abs/path ...]          programs a policy may run; absent: none
//   command_timeout: SECONDS
//   environment: [NAME ...]            variables of relc's own environment passed on to commands
//   webhooks: {hosts: [HOST[:PORT] ...], key: SECRET, timeout: SECONDS}
//   slack: {"#channel": SECRET ...}    addresses of incoming webhooks
//   pagerduty: {url: URL, services: {name: SECRET ...}}
//   alertmanager: URL
//   haproxy: {name: {socket: PATH, map: PATH, key: NAME} ...}
//   mlflow: {url: URL, token: SECRET}
// A SECRET is {file: PATH}, read at each use, or {env: NAME}; never the secret itself.
// Input: a key and its value. Output: rules filled in, or an error with its place.
#pragma once

#include <optional>
#include <string>

#include "runtime/actuators/rules.h"
#include "runtime/base/result.h"

namespace YAML {
class Node;
}

namespace rel::cli {

// Nothing: the key is not one of these. `path` names the file in errors.
std::optional<Status> read_actuator_key(const std::string& key, const YAML::Node& value,
                                        const std::string& path, ActuatorRules& rules);

// "`alertmanager`, `command_timeout` ...": what read_actuator_key knows.
std::string actuator_keys();

}  // namespace rel::cli
