// Everything around the runtime, in one thread and in virtual time: the workers of a gateway and a
// sidecar on one mapping a release, their clock, the journal's disk, users, the people who give
// orders, the things a way back acts on, and what goes wrong with all of it.
// Input: a scenario. Output: what the oracle found, and a hash of all that happened: the same
// scenario gives the same hash. Owner: the test. One world at a time exists (MemoryDisk).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/sim/scenario.h"

namespace rel::sim {

// How often what happened; adds up over seeds.
struct Tally {
  std::array<uint64_t, troubles> began = {};
  std::array<uint64_t, moods> tries = {};  // of actions
  std::array<uint64_t, verbs> obeyed = {};
  std::array<uint64_t, verbs> refused = {};
  uint64_t unheard = 0;  // orders that met no sidecar
  uint64_t probes_failed = 0;
  uint64_t duplicates = 0;
  uint64_t reordered = 0;
  uint64_t nonsense = 0;

  void add(const Tally& other);
};

struct Outcome {
  uint64_t trace = 0;       // hash of every route, state and durable decision
  std::string violation;    // empty: every rule held
  uint64_t decisions = 0;   // durable ones
  int ticks = 0;
  bool rolled_back = false;
  bool completed = false;
  std::string log;  // durable decisions, a line each
  Tally tally;
};

Outcome run(const Scenario& scenario);

}  // namespace rel::sim
