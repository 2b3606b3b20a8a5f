#include "runtime/host/authority.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace rel {
namespace {

constexpr size_t groups_first = 64;
constexpr size_t groups_max = 65536;  // the kernel's own limit
constexpr size_t name_bytes = 16384;

std::string user_name(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> text(name_bytes);
  if (getpwuid_r(user, &entry, text.data(), text.size(), &found) == 0 && found != nullptr) {
    return entry.pw_name;
  }
  return fmt::format("uid {}", user);
}

std::string group_name(gid_t id) {
  group entry{};
  group* found = nullptr;
  std::vector<char> text(name_bytes);
  if (getgrgid_r(id, &entry, text.data(), text.size(), &found) == 0 && found != nullptr) {
    return entry.gr_name;
  }
  return fmt::format("gid {}", id);
}

Result<std::vector<gid_t>> supplementary_groups(int socket) {
  std::vector<gid_t> groups(groups_first);
  while (true) {
    socklen_t bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes) == 0) {
      groups.resize(bytes / sizeof(gid_t));
      return groups;
    }
    if (errno != ERANGE || groups.size() >= groups_max) {
      return Error{fmt::format("cannot read the groups of a peer: {}", std::strerror(errno))};
    }
    groups.resize(std::min(groups_max, groups.size() * 4));
  }
}

template <typename T>
bool holds(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool is_member(const Team& team, const Peer& peer) {
  return holds(team.users, peer.user) ||
         std::any_of(peer.groups.begin(), peer.groups.end(),
                     [&](gid_t group) { return holds(team.groups, group); });
}

}  // namespace

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return Error{fmt::format("cannot read who connected: {}", std::strerror(errno))};
  }
  Result<std::vector<gid_t>> groups = supplementary_groups(socket);
  if (!groups) return groups.error();
  Peer peer{.name = user_name(credentials.uid), .user = credentials.uid, .groups = *groups};
  if (!holds(peer.groups, credentials.gid)) peer.groups.push_back(credentials.gid);
  return peer;
}

Peer own_peer() {
  std::vector<gid_t> groups(groups_max);
  const int count = getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(count < 0 ? 0 : static_cast<size_t>(count));
  groups.push_back(getegid());
  return {.name = user_name(geteuid()), .user = geteuid(), .groups = std::move(groups)};
}

bool is_in_team(const ControlRules& rules, const Peer& peer, std::string_view team) {
  return std::any_of(rules.teams.begin(), rules.teams.end(), [&](const Team& one) {
    return one.name == team && is_member(one, peer);
  });
}

std::vector<std::string> teams_of(const ControlRules& rules, const Peer& peer) {
  std::vector<std::string> names;
  for (const Team& team : rules.teams) {
    if (is_member(team, peer)) names.push_back(team.name);
  }
  return names;
}

std::string members_text(const ControlRules& rules, std::string_view team) {
  std::string text;
  const auto add = [&](const std::string& name) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  };
  for (const Team& one : rules.teams) {
    if (one.name != team) continue;
    for (const uid_t user : one.users) add(user_name(user));
    for (const gid_t group : one.groups) add("group " + group_name(group));
  }
  return text.empty() ? "nobody: relc.yaml has no such team" : text;
}

Status may_use(const ControlRules& rules, const Peer& peer, std::string_view verb) {
  const auto allowed = rules.allow.find(verb);
  if (allowed == rules.allow.end()) return ok();
  for (const std::string& team : allowed->second) {
    if (is_in_team(rules, peer, team)) return ok();
  }
  return Error{fmt::format("{} may not `{}`; it is for team {}", peer.name, verb,
                           fmt::join(allowed->second, " or "))};
}

}  // namespace rel
