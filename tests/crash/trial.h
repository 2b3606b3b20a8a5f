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

// After the next life of the host has settled: the log is one whole legal run, nothing twice.
std::string broken_log(const Trial& trial);

// A plan whose way back is a report: no programs, so that lives are short.
Plan trial_plan();

}  // namespace rel::test
