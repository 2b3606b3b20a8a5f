// The lease of the evaluator: entering, settling in a bank and leaving, one compare-and-swap each.
#include "runtime/route/lease.h"

namespace rel {
namespace {

constexpr uint64_t where_mask = 3;

constexpr uint64_t lease_word(int32_t pid, uint32_t epoch, LeaseWhere where) {
  return uint64_t{static_cast<uint32_t>(pid)} << 32 | uint64_t{epoch & 0x3fffffff} << 2 |
         static_cast<uint64_t>(where);
}

constexpr uint32_t bank_of(LeaseWhere where) { return where == LeaseWhere::bank_1 ? 1 : 0; }
constexpr LeaseWhere where_of(uint32_t bank) {
  return bank == 1 ? LeaseWhere::bank_1 : LeaseWhere::bank_0;
}

constexpr int32_t lease_pid(uint64_t word) { return static_cast<int32_t>(word >> 32); }

// A clock that went back must not make a silent evaluator look fresh for as long as it went back.
bool silent(const LeaseBlock& lease, int64_t now_ns) {
  const int64_t age = now_ns - lease.heartbeat_ns.load(std::memory_order_acquire);
  return age > lease_stale_ns || age < -lease_stale_ns;
}

// Whoever takes the lease over from a live process inside a bank notes it first: a taker that
// stalls or dies right after must leave the note behind. False: somebody else is noted there, so
// one of the two is out of date and the next attempt sees which.
bool note_stalled(LeaseBlock& lease, uint32_t bank, int32_t pid, ProcessAlive alive) {
  int32_t noted = 0;
  if (lease.stalled_pid[bank].compare_exchange_strong(noted, pid, std::memory_order_acq_rel)) {
    return true;
  }
  if (noted == pid) return true;
  return !alive(noted) &&
         lease.stalled_pid[bank].compare_exchange_strong(noted, pid, std::memory_order_acq_rel);
}

// A process that asks for the lease is inside no bank: a note about it, left by a taker that came
// too late, is out of date.
void forget_notes(LeaseBlock& lease, int32_t pid) {
  for (std::atomic<int32_t>& noted : lease.stalled_pid) {
    int32_t self = pid;
    if (noted.load(std::memory_order_relaxed) == pid) {
      noted.compare_exchange_strong(self, 0, std::memory_order_acq_rel);
    }
  }
}

}  // namespace

LeaseGrant enter_lease(LeaseBlock& lease, int32_t pid, int64_t now_ns, ProcessAlive alive) {
  LeaseGrant grant;
  uint64_t held = lease.word.load(std::memory_order_acquire);
  const int32_t holder = lease_pid(held);
  const LeaseWhere where = lease_where(held);
  const bool in_bank = where == LeaseWhere::bank_0 || where == LeaseWhere::bank_1;
  if (holder != pid || !in_bank) forget_notes(lease, pid);

  LeaseEntry entry = LeaseEntry::torn;
  if (holder == pid && !in_bank) {
    if (where == LeaseWhere::outside) entry = LeaseEntry::same;
    grant.word = (held & ~where_mask) | static_cast<uint64_t>(LeaseWhere::choosing);
  } else {
    const bool dead = holder == 0 || (holder != pid && !alive(holder));
    if (!dead && !silent(lease, now_ns)) return grant;
    if (where == LeaseWhere::outside) entry = LeaseEntry::clean;
    if (in_bank && !dead && !note_stalled(lease, bank_of(where), holder, alive)) return grant;
    grant.word = lease_word(pid, lease_epoch(held) + 1, LeaseWhere::choosing);
  }
  // Before the word: whoever reads the new holder must not judge it by the old one's silence.
  lease.heartbeat_ns.store(now_ns, std::memory_order_release);
  if (lease.word.compare_exchange_strong(held, grant.word, std::memory_order_acq_rel)) {
    grant.entry = entry;
  }
  return grant;
}

bool settle_lease(LeaseBlock& lease, LeaseGrant& grant, uint32_t bank) {
  uint64_t held = grant.word;
  const uint64_t settled = (held & ~where_mask) | static_cast<uint64_t>(where_of(bank));
  if (!lease.word.compare_exchange_strong(held, settled, std::memory_order_acq_rel)) return false;
  grant.word = settled;
  return true;
}

bool holds_lease(const LeaseBlock& lease, const LeaseGrant& grant) {
  return lease.word.load(std::memory_order_acquire) == grant.word;
}

void leave_lease(LeaseBlock& lease, const LeaseGrant& grant) {
  uint64_t held = grant.word;
  lease.word.compare_exchange_strong(held, grant.word & ~where_mask, std::memory_order_acq_rel);
}

}  // namespace rel
