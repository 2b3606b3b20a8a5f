// The people at the control sockets: what they ask for, in the words of a request, and what they
// hear. Whoever finds no sidecar comes again for a while.
// Input: the asks of a scenario. Output: requests to hosts; questions and answers to the oracle.
// Owner: the world.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/hand_oracle.h"
#include "tests/sim/scenario.h"
#include "tests/sim/surroundings.h"
#include "tests/sim/world.h"

namespace rel::sim {

class Member;

class Desk {
 public:
  Desk(const Scenario& scenario, Surroundings& around);

  // Whoever is due asks.
  void open(const std::vector<std::unique_ptr<Member>>& members);
  void add_to(Tally& tally) const;

 private:
  struct Visit {
    Ask ask;
    std::string key;
    int until = 0;  // tick
  };

  bool hear(const Visit& visit, Member& member);
  std::string request_of(const Visit& visit, const Member& member, Answered& asked) const;

  Surroundings& around_;
  std::deque<Visit> visits_;  // by tick
  std::vector<Visit> waiting_;
  std::array<uint64_t, verbs> obeyed_ = {};
  std::array<uint64_t, verbs> refused_ = {};
  uint64_t unheard_ = 0;
};

}  // namespace rel::sim
