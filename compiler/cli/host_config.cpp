#include "compiler/cli/host_config.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/core.h>

#include "compiler/cli/actuator_config.h"
#include "compiler/cli/control_config.h"

namespace rel::cli {
namespace {

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
    if (auto known = read_actuator_key(key, entry.second, path, config.actuators)) {
      read = *known;
    } else if (key == "teams") {
      read = read_teams(entry.second, path, config.control);
    } else if (key == "control") {
      read = read_control(entry.second, path, config.control);
    } else {
      read = config_error(path, entry.first.Mark(),
                          fmt::format("unknown key `{}`; this version knows {}, `teams` and "
                                      "`control`",
                                      key, actuator_keys()));
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
