#include "compiler/cli/host_config.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/core.h>

#include "compiler/cli/control_config.h"

namespace rel::cli {
namespace {

constexpr double timeout_s_max = 3600;

Status read_commands(const YAML::Node& list, const std::string& path, CommandRules& rules) {
  if (!list.IsSequence()) {
    return config_error(path, list.Mark(),
                        "`commands` is a list of absolute paths: [/usr/bin/logger]");
  }
  for (const YAML::Node& item : list) {
    const std::string program = item.IsScalar() ? item.Scalar() : "";
    if (program.empty() || program[0] != '/') {
      return config_error(path, item.Mark(),
                "a command is the absolute path of a program, without arguments");
    }
    rules.allowed.push_back(program);
  }
  return ok();
}

Status read_timeout(const YAML::Node& value, const std::string& path, CommandRules& rules) {
  double seconds = 0;
  if (!value.IsScalar() || !YAML::convert<double>::decode(value, seconds) ||
      !std::isfinite(seconds) || seconds <= 0 || seconds > timeout_s_max) {
    return config_error(path, value.Mark(),
                        "`command_timeout` is a number of seconds, at most 3600");
  }
  rules.timeout_ns = static_cast<int64_t>(seconds * 1e9);
  return ok();
}

Result<HostConfig> read_root(const YAML::Node& root, const std::string& path) {
  HostConfig config;
  if (root.IsNull()) return config;
  if (!root.IsMap()) {
    return config_error(path, root.Mark(), "the configuration is a list of `key: value`");
  }
  for (const auto& entry : root) {
    if (!entry.first.IsScalar()) return config_error(path, entry.first.Mark(), "a key is a word");
    const std::string& key = entry.first.Scalar();
    Status read = ok();
    if (key == "commands") {
      read = read_commands(entry.second, path, config.commands);
    } else if (key == "command_timeout") {
      read = read_timeout(entry.second, path, config.commands);
    } else if (key == "teams") {
      read = read_teams(entry.second, path, config.control);
    } else if (key == "control") {
      read = read_control(entry.second, path, config.control);
    } else {
      read = config_error(path, entry.first.Mark(),
                fmt::format("unknown key `{}`; this version knows `commands`, "
                            "`command_timeout`, `teams` and `control`",
                            key));
    }
    if (!read) return read.error();
  }
  if (Status known = check_teams(config.control, path); !known) return known.error();
  return config;
}

}  // namespace

Result<HostConfig> parse_host_config(const std::string& text, const std::string& path) {
  try {
    return read_root(YAML::Load(text), path);
  } catch (const YAML::Exception& error) {
    return config_error(path, error.mark, error.msg);
  }
}

Result<HostConfig> read_host_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  return parse_host_config(text.str(), path);
}

}  // namespace rel::cli
