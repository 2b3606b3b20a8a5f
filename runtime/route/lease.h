// The lease of the evaluator: at most one process or thread is inside a tick; one that died or has
// been silent is replaced. No call waits.
// Input: the mapping's LeaseBlock, the caller's pid and clock. Output: whether the caller evaluates
// this tick, and in what condition the last evaluator left its bank.
//
// The word is pid << 32 | lease epoch (31 bits) << 1 | inside. One compare-and-swap enters, another
// leaves, so a stalled evaluator that comes back finds that it no longer holds the lease. It may
// still be in the middle of writing its bank: the new one then works in the other bank.
#pragma once

#include <cstdint>

#include "runtime/route/shared_state.h"

namespace rel {

inline constexpr int64_t lease_stale_ns = 500'000'000;

enum class LeaseEntry : uint8_t {
  refused,   // another evaluator is at work, or has just been
  same,      // this caller evaluated last
  clean,     // taken over between two ticks: the bank is whole
  torn,      // taken over from a process that died inside a tick: the bank is not to be trusted
  abandoned  // taken over from a live process stalled inside a tick: it may still write to its bank
};

struct LeaseGrant {
  LeaseEntry entry = LeaseEntry::refused;
  uint64_t word = 0;  // as held now
  int32_t previous_pid = 0;
};

LeaseGrant enter_lease(LeaseBlock& lease, int32_t pid, int64_t now_ns);
bool holds_lease(const LeaseBlock& lease, const LeaseGrant& grant);
void leave_lease(LeaseBlock& lease, const LeaseGrant& grant);

constexpr uint32_t lease_epoch(uint64_t word) {
  return static_cast<uint32_t>(word >> 1) & 0x7fffffff;
}

// A process that exists, whoever owns it.
bool process_alive(int32_t pid);

}  // namespace rel
