// Runs recorded ticks of a release again and compares what they decide with the journal, bit for
// bit: the proof that the decisions follow from what was seen, and from nothing else.
// Input: the plans it ran under, the recorded ticks, the journal's decisions. Output: a report.
// Pure. Owner: the caller.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/host/plan_history.h"
#include "runtime/journal/journal.h"

namespace rel {

struct ReplayReport {
  uint64_t ticks = 0;
  uint64_t same = 0;      // decisions that came out as the journal has them
  uint64_t undone = 0;    // ... of raises that were taken back: the journal does not have them
  uint64_t plans = 0;     // the release ran under, as far as it was recorded
  uint64_t gaps = 0;      // times ticks are missing between two that were recorded
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  uint64_t unproven = 0;  // decisions of the journal that lie outside what was recorded
  std::string difference; // the first that came out differently; empty: none
};

ReplayReport replay_ticks(const PlanHistory& plans, std::string_view recorded,
                          std::span<const LoggedDecision> journal);

}  // namespace rel
