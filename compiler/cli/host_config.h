// relc.yaml: what the host allows, read in one place and handed to the runtime as plain structs.
// Input: the path given with --config. Output: the configuration, or an error with file and line.
// Keys: those of compiler/cli/actuator_config.h, and `teams` and `control` (who may do what over
// the control socket; control_config.h). Unknown keys are refused.
#pragma once

#include <string>

#include "runtime/actuators/rules.h"
#include "runtime/base/result.h"
#include "runtime/host/authority.h"

namespace rel::cli {

struct HostConfig {
  ActuatorRules actuators;
  ControlRules control;
};

Result<HostConfig> read_host_config(const std::string& path);
// The same from text; `path` names it in errors.
Result<HostConfig> parse_host_config(const std::string& text, const std::string& path);

}  // namespace rel::cli
