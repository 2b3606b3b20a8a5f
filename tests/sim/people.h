// Who comes to the control socket of a simulated host, and what each may do there: one table for
// the host, which gets it as its configuration, and for the oracle, which looks it up.
// Input: nothing. Output: rules, peers, requests. Owner: the world.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/host/authority.h"
#include "tests/sim/scenario.h"

namespace rel::sim {

struct Person {
  const char* name;
  uint32_t user;
  bool on_call;
  bool lead;
};

inline constexpr std::array people = {
    Person{"alice", 61'001, true, true},
    Person{"bob", 61'002, false, true},
    Person{"carol", 61'003, true, false},
    Person{"dave", 61'004, false, true},
    Person{"mallory", 61'005, false, false},
};
inline constexpr size_t people_count = people.size();

// Teams `oncall` and `leads`.
ControlRules control_rules();
Peer peer_of_person(size_t person);
// Whether the rules let a person use a verb at all.
bool may(size_t person, Verb verb);
// The row of the name; people_count: nobody's.
size_t person_named(const std::string& name);

}  // namespace rel::sim
