// The part of relc.yaml that says who may do what over the control socket:
//   teams:
//     risk-leads: { users: [alice, bob], groups: [risk] }
//   control:
//     group: relc                    # may connect, besides the owner of the process
//     allow: { promote: [risk-leads], override: [risk-leads] }
// Input: YAML nodes. Output: ControlRules with the numbers of users and groups, or an error with
// file and line. Owner: host_config.cpp.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/host/authority.h"

namespace rel::cli {

// `PATH:LINE:COLUMN: what`
Error config_error(const std::string& path, const YAML::Mark& mark, std::string_view what);

Status read_teams(const YAML::Node& node, const std::string& path, ControlRules& rules);
Status read_control(const YAML::Node& node, const std::string& path, ControlRules& rules);
// Every team that `control` names is one of `teams`.
Status check_teams(const ControlRules& rules, const std::string& path);

}  // namespace rel::cli
