#include "compiler/cli/actuator_config.h"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <cstdlib>
#include <functional>

#include <fmt/format.h>

namespace rel::cli {
namespace {

constexpr double timeout_s_max = 3600;

// A value and the file it stands in, so that every error has its place.
class ConfigReader {
 public:
  ConfigReader(const std::string& path, ActuatorRules& rules) : path_(path), rules_(rules) {}

  Status commands(const YAML::Node& list) {
    return each_text(list, "`commands` is a list of absolute paths: [/usr/bin/logger]",
                     [&](const YAML::Node& item) -> Status {
                       const std::string& program = item.Scalar();
                       if (program[0] != '/') {
                         return at(item, "a command is the absolute path of a program, without "
                                         "arguments");
                       }
                       rules_.commands.allowed.push_back(program);
                       return ok();
                     });
  }

  Status command_timeout(const YAML::Node& value) {
    return seconds(value, "command_timeout", rules_.commands.timeout_ns);
  }

  Status environment(const YAML::Node& list) {
    return each_text(list, "`environment` is a list of names of variables: [KUBECONFIG]",
                     [&](const YAML::Node& item) -> Status {
                       const std::string& name = item.Scalar();
                       if (name.find('=') != std::string::npos) {
                         return at(item, "only the name of a variable stands here");
                       }
                       const char* variable = std::getenv(name.c_str());
                       if (variable == nullptr) return at(item, "this variable is not set");
                       rules_.commands.environment.push_back(name + "=" + variable);
                       return ok();
                     });
  }

  Status webhooks(const YAML::Node& map) {
    WebhookRules& webhooks = rules_.webhooks;
    return each_key(map, "webhooks", [&](const std::string& key, const YAML::Node& value) {
      if (key == "hosts") return hosts(value, webhooks.hosts);
      if (key == "key") return secret(value, webhooks.key);
      if (key == "timeout") return seconds(value, "timeout", webhooks.timeout_ns);
      return at(value, "`webhooks` has `hosts`, `key` and `timeout`");
    });
  }

  Status slack(const YAML::Node& map) {
    return each_key(map, "slack", [&](const std::string& channel, const YAML::Node& value) {
      return secret(value, rules_.slack[channel]);
    });
  }

  Status pagerduty(const YAML::Node& map) {
    PagerdutyRules& pagerduty = rules_.pagerduty;
    return each_key(map, "pagerduty", [&](const std::string& key, const YAML::Node& value) {
      if (key == "url") return url(value, pagerduty.url);
      if (key != "services") return at(value, "`pagerduty` has `url` and `services`");
      return each_key(value, "services", [&](const std::string& name, const YAML::Node& routing) {
        return secret(routing, pagerduty.services[name]);
      });
    });
  }

  Status alertmanager(const YAML::Node& value) { return url(value, rules_.alertmanager); }

  Status haproxy(const YAML::Node& map) {
    return each_key(map, "haproxy", [&](const std::string& name, const YAML::Node& value) {
      HaproxyRules& proxy = rules_.haproxy[name];
      Status read = each_key(value, name, [&](const std::string& key, const YAML::Node& text) {
        std::string* slot = key == "socket" ? &proxy.socket
                            : key == "map"  ? &proxy.map
                            : key == "key"  ? &proxy.key
                                            : nullptr;
        const bool word = text.IsScalar() && !text.Scalar().empty() &&
                          text.Scalar().find_first_of(" \t\n;") == std::string::npos;
        if (slot == nullptr || !word) {
          return at(text, "a proxy has `socket`, `map` and `key`, each without a space");
        }
        *slot = text.Scalar();
        return ok();
      });
      const bool whole = !proxy.socket.empty() && !proxy.map.empty() && !proxy.key.empty();
      return !read || whole ? read : at(value, "a proxy has `socket`, `map` and `key`");
    });
  }

  Status mlflow(const YAML::Node& map) {
    return each_key(map, "mlflow", [&](const std::string& key, const YAML::Node& value) {
      if (key == "url") return url(value, rules_.mlflow.url);
      if (key == "token") return secret(value, rules_.mlflow.token);
      return at(value, "`mlflow` has `url` and `token`");
    });
  }

  Status probes(const YAML::Node& map) {
    return each_key(map, "probes", [&](const std::string& key, const YAML::Node& value) {
      if (key == "hosts") return hosts(value, rules_.probe_hosts);
      return at(value, "`probes` has `hosts`");
    });
  }

  Status prometheus(const YAML::Node& value) { return url(value, rules_.prometheus); }

 private:
  Status at(const YAML::Node& node, std::string_view what) const {
    const YAML::Mark mark = node.Mark();
    return Error{fmt::format("{}:{}:{}: {}", path_, mark.line + 1, mark.column + 1, what)};
  }

  Status each_text(const YAML::Node& list, std::string_view what,
                   const std::function<Status(const YAML::Node&)>& visit) const {
    if (!list.IsSequence()) return at(list, what);
    for (const YAML::Node& item : list) {
      if (!item.IsScalar() || item.Scalar().empty()) return at(item, what);
      if (Status s = visit(item); !s) return s;
    }
    return ok();
  }

  Status hosts(const YAML::Node& list, std::vector<std::string>& to) const {
    return each_text(list, "`hosts` is a list of hosts: [deploy.internal, \"other:8443\"]",
                     [&](const YAML::Node& item) -> Status {
                       if (item.Scalar().find('/') != std::string::npos) {
                         return at(item, "a host stands here as in an address: HOST or HOST:PORT");
                       }
                       to.push_back(item.Scalar());
                       return ok();
                     });
  }

  Status each_key(const YAML::Node& map, std::string_view name,
                  const std::function<Status(const std::string&, const YAML::Node&)>& visit) const {
    if (!map.IsMap()) return at(map, fmt::format("`{}` is a list of `key: value`", name));
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return at(entry.first, "a key is a word");
      if (Status s = visit(entry.first.Scalar(), entry.second); !s) return s;
    }
    return ok();
  }

  Status seconds(const YAML::Node& value, std::string_view name, int64_t& ns) const {
    double read = 0;
    if (!value.IsScalar() || !YAML::convert<double>::decode(value, read) || !std::isfinite(read) ||
        read <= 0 || read > timeout_s_max) {
      return at(value, fmt::format("`{}` is a number of seconds, at most 3600", name));
    }
    ns = static_cast<int64_t>(read * 1e9);
    return ok();
  }

  Status url(const YAML::Node& value, std::string& to) const {
    const std::string text = value.IsScalar() ? value.Scalar() : "";
    if (!text.starts_with("http://") && !text.starts_with("https://")) {
      return at(value, "an address begins with `https://` or `http://`");
    }
    to = text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
    return ok();
  }

  Status secret(const YAML::Node& value, Secret& to) const {
    const bool one = value.IsMap() && value.size() == 1;
    const YAML::Node file = one ? value["file"] : YAML::Node();
    const YAML::Node variable = one ? value["env"] : YAML::Node();
    if (file && file.IsScalar() && !file.Scalar().empty()) {
      to.file = file.Scalar();
      return ok();
    }
    if (!variable || !variable.IsScalar()) {
      return at(value, "a secret stands here by reference: {file: PATH} or {env: NAME}");
    }
    const char* found = std::getenv(variable.Scalar().c_str());
    if (found == nullptr || *found == '\0') return at(value, "this variable is not set");
    to.value = found;
    return ok();
  }

  const std::string& path_;
  ActuatorRules& rules_;
};

using Read = Status (ConfigReader::*)(const YAML::Node&);
struct Key {
  std::string_view name;
  Read read;
};
constexpr Key keys[] = {
    {"commands", &ConfigReader::commands},
    {"command_timeout", &ConfigReader::command_timeout},
    {"environment", &ConfigReader::environment},
    {"webhooks", &ConfigReader::webhooks},
    {"slack", &ConfigReader::slack},
    {"pagerduty", &ConfigReader::pagerduty},
    {"alertmanager", &ConfigReader::alertmanager},
    {"haproxy", &ConfigReader::haproxy},
    {"mlflow", &ConfigReader::mlflow},
    {"probes", &ConfigReader::probes},
    {"prometheus", &ConfigReader::prometheus},
};

}  // namespace

std::optional<Status> read_actuator_key(const std::string& key, const YAML::Node& value,
                                        const std::string& path, ActuatorRules& rules) {
  for (const Key& each : keys) {
    if (each.name != key) continue;
    ConfigReader reader(path, rules);
    return (reader.*each.read)(value);
  }
  return std::nullopt;
}

std::string actuator_keys() {
  std::string list;
  for (const Key& each : keys) list += fmt::format("{}`{}`", list.empty() ? "" : ", ", each.name);
  return list;
}

}  // namespace rel::cli
