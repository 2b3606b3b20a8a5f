// The lease of the evaluator: at most one process or thread is inside a tick; one that died or has
// been silent is replaced. No call waits.
// Input: the mapping's LeaseBlock, the caller's pid and clock. Output: whether the caller evaluates
// this tick, and in what condition the last evaluator left its bank.
//
// The word is pid << 32 | lease epoch (30 bits) << 2 | where. One compare-and-swap enters, one says
// which bank is worked in, one leaves, so a stalled evaluator that comes back finds that it no
// longer holds the lease. It may still be in the middle of writing its bank: whoever takes over
// notes that in `stalled_pid` before the word changes, and works in the other bank. An evaluator
// that has not said where it works has written nothing.
#pragma once

#include <cstdint>

#include "runtime/base/process.h"
#include "runtime/route/shared_state.h"

namespace rel {

inline constexpr int64_t lease_stale_ns = 500'000'000;

enum class LeaseWhere : uint8_t { outside, choosing, bank_0, bank_1 };

enum class LeaseEntry : uint8_t {
  refused,   // another evaluator is at work, or has just been
  same,      // this caller evaluated last
  clean,     // taken over between two ticks: the bank in force is whole
  torn,      // taken over from inside a tick: no bank is to be trusted to be whole
};

struct LeaseGrant {
  LeaseEntry entry = LeaseEntry::refused;
  uint64_t word = 0;  // as held now
};

// Enters with LeaseWhere::choosing.
LeaseGrant enter_lease(LeaseBlock& lease, int32_t pid, int64_t now_ns,
                       ProcessAlive alive = process_alive);
// From here on the caller may write to `bank`. False: the lease is another's.
[[nodiscard]] bool settle_lease(LeaseBlock& lease, LeaseGrant& grant, uint32_t bank);
bool holds_lease(const LeaseBlock& lease, const LeaseGrant& grant);
void leave_lease(LeaseBlock& lease, const LeaseGrant& grant);

constexpr uint32_t lease_epoch(uint64_t word) {
  return static_cast<uint32_t>(word >> 2) & 0x3fffffff;
}
constexpr LeaseWhere lease_where(uint64_t word) { return static_cast<LeaseWhere>(word & 3); }

}  // namespace rel
