#include "tests/sim/people.h"

#include <algorithm>

namespace rel::sim {
namespace {

// Approvals and reviews are for whom the policy names, here always the leads.
struct Right {
  bool on_call;
  bool leads;
};

constexpr std::array<Right, verbs> rights = {{
    {true, true},   // pause
    {true, false},  // resume
    {true, false},  // promote
    {true, false},  // override
    {true, true},   // rollback
    {true, false},  // withdraw
    {true, false},  // abort
    {false, true},  // approve
    {false, true},  // review
    {true, false},  // acknowledge
    {false, true},  // unquarantine
    {true, true},   // rehearse
}};

}  // namespace

ControlRules control_rules() {
  ControlRules rules;
  rules.teams = {{.name = "oncall", .users = {}, .groups = {}},
                 {.name = "leads", .users = {}, .groups = {}}};
  for (const Person& person : people) {
    if (person.on_call) rules.teams[0].users.push_back(person.user);
    if (person.lead) rules.teams[1].users.push_back(person.user);
  }
  for (size_t verb = 0; verb < verbs; ++verb) {
    const auto which = static_cast<Verb>(verb);
    if (which == Verb::approve || which == Verb::review) continue;
    std::vector<std::string>& teams = rules.allow[verb_name(which)];
    if (rights[verb].on_call) teams.push_back("oncall");
    if (rights[verb].leads) teams.push_back("leads");
  }
  return rules;
}

Peer peer_of_person(size_t person) {
  return {.name = people[person].name, .user = people[person].user, .groups = {}};
}

bool may(size_t person, Verb verb) {
  const Right& right = rights[static_cast<size_t>(verb)];
  return (right.on_call && people[person].on_call) || (right.leads && people[person].lead);
}

size_t person_named(const std::string& name) {
  const auto found = std::find_if(people.begin(), people.end(),
                                  [&](const Person& person) { return name == person.name; });
  return static_cast<size_t>(found - people.begin());
}

}  // namespace rel::sim
