#include "compiler/cli/control_config.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>

#include <fmt/format.h>

namespace rel::cli {
namespace {

constexpr std::string_view hand_verbs[] = {"pause",    "resume",   "promote", "override",
                                           "rollback", "withdraw", "abort",   "unquarantine",
                                           "approve",  "review",   "rehearse", "acknowledge",
                                           "edit"};

template <typename Take>
Status each_word(const YAML::Node& list, const std::string& path, std::string_view what,
                 Take take) {
  if (!list.IsSequence()) {
    return config_error(path, list.Mark(), fmt::format("{} are a list: [a, b]", what));
  }
  for (const YAML::Node& item : list) {
    if (!item.IsScalar() || item.Scalar().empty()) {
      return config_error(path, item.Mark(), fmt::format("{} are names", what));
    }
    if (Status s = take(item); !s) return s;
  }
  return ok();
}

Result<gid_t> group_named(const YAML::Node& node, const std::string& path) {
  if (node.IsScalar()) {
    if (const group* found = getgrnam(node.Scalar().c_str())) return found->gr_gid;
  }
  return config_error(path, node.Mark(), "this system has no such group");
}

Status read_users(const YAML::Node& list, const std::string& path, Team& team) {
  return each_word(list, path, "`users`", [&](const YAML::Node& item) -> Status {
    const passwd* found = getpwnam(item.Scalar().c_str());
    if (found == nullptr) {
      return config_error(path, item.Mark(),
                          fmt::format("this system has no user `{}`", item.Scalar()));
    }
    team.users.push_back(found->pw_uid);
    return ok();
  });
}

Status read_groups(const YAML::Node& list, const std::string& path, Team& team) {
  return each_word(list, path, "`groups`", [&](const YAML::Node& item) -> Status {
    Result<gid_t> group = group_named(item, path);
    if (!group) return group.error();
    team.groups.push_back(*group);
    return ok();
  });
}

Result<Team> read_team(const std::string& name, const YAML::Node& node, const std::string& path) {
  Team team{.name = name};
  if (!node.IsMap()) {
    return config_error(path, node.Mark(), "a team has `users`, `groups` or both");
  }
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    Status read = ok();
    if (key == "users") {
      read = read_users(entry.second, path, team);
    } else if (key == "groups") {
      read = read_groups(entry.second, path, team);
    } else {
      read = config_error(path, entry.first.Mark(), "a team has `users` and `groups`");
    }
    if (!read) return read.error();
  }
  if (team.users.empty() && team.groups.empty()) {
    return config_error(path, node.Mark(), fmt::format("team `{}` has nobody in it", name));
  }
  return team;
}

Status read_allow(const YAML::Node& node, const std::string& path, ControlRules& rules) {
  if (!node.IsMap()) {
    return config_error(path, node.Mark(), "`allow` is a list of `verb: [team]`");
  }
  for (const auto& entry : node) {
    const std::string verb = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (std::find(std::begin(hand_verbs), std::end(hand_verbs), verb) == std::end(hand_verbs)) {
      return config_error(path, entry.first.Mark(),
                          fmt::format("`{}` is not a verb that changes something; there are {}",
                                      verb, fmt::join(hand_verbs, ", ")));
    }
    std::vector<std::string>& teams = rules.allow[verb];
    Status read = each_word(entry.second, path, "teams", [&](const YAML::Node& item) -> Status {
      teams.push_back(item.Scalar());
      return ok();
    });
    if (!read) return read;
  }
  return ok();
}

}  // namespace

Error config_error(const std::string& path, const YAML::Mark& mark, std::string_view what) {
  return {fmt::format("{}:{}:{}: {}", path, mark.line + 1, mark.column + 1, what)};
}

Status read_teams(const YAML::Node& node, const std::string& path, ControlRules& rules) {
  if (!node.IsMap()) {
    return config_error(path, node.Mark(), "`teams` is a list of `name: { users: [...] }`");
  }
  for (const auto& entry : node) {
    Result<Team> team = read_team(entry.first.Scalar(), entry.second, path);
    if (!team) return team.error();
    rules.teams.push_back(std::move(*team));
  }
  return ok();
}

Status read_control(const YAML::Node& node, const std::string& path, ControlRules& rules) {
  if (!node.IsMap()) {
    return config_error(path, node.Mark(), "`control` has `group` and `allow`");
  }
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key == "group") {
      Result<gid_t> group = group_named(entry.second, path);
      if (!group) return group.error();
      rules.group = *group;
    } else if (key == "allow") {
      if (Status read = read_allow(entry.second, path, rules); !read) return read;
    } else {
      return config_error(path, entry.first.Mark(), "`control` has `group` and `allow`");
    }
  }
  return ok();
}

Status check_teams(const ControlRules& rules, const std::string& path) {
  for (const auto& [verb, teams] : rules.allow) {
    for (const std::string& name : teams) {
      const bool known = std::any_of(rules.teams.begin(), rules.teams.end(),
                                     [&](const Team& team) { return team.name == name; });
      if (known) continue;
      return Error{fmt::format("{}: `{}` is allowed to team `{}`, which `teams` does not have",
                               path, verb, name)};
    }
  }
  return ok();
}

}  // namespace rel::cli
