// Everything around the runtime, in one thread and in virtual time: three workers of a gateway and
// a sidecar on one mapping, their clock, the journal's disk, users, and what goes wrong.
// Input: a scenario. Output: what the oracle found, and a hash of all that happened: the same
// scenario gives the same hash. Owner: the test. One world at a time exists (MemoryDisk).
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/scenario.h"

namespace rel::sim {

struct Outcome {
  uint64_t trace = 0;       // hash of every route, state and durable decision
  std::string violation;    // empty: every rule held
  uint64_t decisions = 0;   // durable ones
  int ticks = 0;
  bool rolled_back = false;
  bool completed = false;
  std::string log;  // durable decisions, a line each
};

Outcome run(const Scenario& scenario);

}  // namespace rel::sim
