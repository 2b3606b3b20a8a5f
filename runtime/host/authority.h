// Who is at the other end of the control socket, and what they may do: the kernel's word for user
// and groups, and the teams of the host's configuration.
// Input: a connected socket, the rules. Output: a Peer with a name for the record; permission, or
// a refusal that says who could. Owner: the control server and the host.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace rel {

// A team is its users, and whoever is in one of its unix groups.
struct Team {
  std::string name;
  std::vector<uid_t> users;
  std::vector<gid_t> groups;
};

struct ControlRules {
  std::vector<Team> teams;
  // By verb, the teams that may use it; a verb that is not there is free to whoever may connect.
  std::map<std::string, std::vector<std::string>, std::less<>> allow;
  // The group that may connect besides the owner; -1: that of the process.
  gid_t group = static_cast<gid_t>(-1);
};

struct Peer {
  std::string name;  // of the user; `uid 1000` when the system has none
  uid_t user = static_cast<uid_t>(-1);
  std::vector<gid_t> groups;
};

// By SO_PEERCRED and SO_PEERGROUPS, as they were when the peer connected.
Result<Peer> peer_of(int socket);

// Whoever runs this process.
Peer own_peer();

bool is_in_team(const ControlRules& rules, const Peer& peer, std::string_view team);
// The names of the peer's teams, in the order of the rules.
std::vector<std::string> teams_of(const ControlRules& rules, const Peer& peer);

// Who is in a team, for people: `alice, bob, group risk`.
std::string members_text(const ControlRules& rules, std::string_view team);

Status may_use(const ControlRules& rules, const Peer& peer, std::string_view verb);

}  // namespace rel
