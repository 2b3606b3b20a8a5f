// One release carried out by a host that may die at any moment, what the world outside saw of it,
// and what must be true when the next host has taken over.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "runtime/journal/journal.h"
#include "tests/host_fixture.h"

namespace rel::test {

enum class Script : uint8_t { goes_through, rolls_back };

// Seen from outside, in memory that outlives a killed process.
struct Witness {
  struct Entry {
    uint64_t id;
    int64_t time_ns;
    DecisionKind kind;
  };
  uint32_t logged = 0;  // acknowledged as durable, in order
  std::array<Entry, 256> entries;
  uint32_t share = 0;  // as the gateway last published it
  bool went_back = false;
  bool settled = false;
  int64_t elapsed_ns = 0;
  // By action: how often the world was asked, and whether its success is durable.
  std::array<uint32_t, 4> asked = {};
  std::array<bool, 4> recorded = {};
  bool asked_after_success = false;
};

struct Trial {
  const Plan& plan;
  Gateway& gateway;
  JournalOptions journal;
  std::string folder;
  Script script = Script::goes_through;
};

// Runs host and gateway until the release is settled or `dead` says that the host is gone.
void live(const Trial& trial, Witness& witness, const std::function<bool()>& dead);

// What a crash must not change, in words; empty when all of it holds. Reads the journal only.
std::string broken_by_crash(const Trial& trial, const Witness& witness);

// No step of the way back twice after its success was recorded, and none lost; once it is settled.
std::string broken_saga(const Trial& trial, const Witness& witness);

// After the next life of the host has settled: the log is one whole legal run, nothing twice.
std::string broken_log(const Trial& trial);

// A plan whose way back is a webhook that fails at its first try, one that does not, and a report;
// another webhook is a hook before the second stage. No programs, so that lives are short.
Plan trial_plan();

}  // namespace rel::test
