// The lease of the evaluator, by one compare-and-swap each way.
#include "runtime/route/lease.h"

#include <signal.h>

#include <cerrno>

namespace rel {
namespace {

constexpr uint64_t inside = 1;

constexpr uint64_t lease_word(int32_t pid, uint32_t epoch) {
  return uint64_t{static_cast<uint32_t>(pid)} << 32 | uint64_t{epoch & 0x7fffffff} << 1;
}

constexpr int32_t lease_pid(uint64_t word) { return static_cast<int32_t>(word >> 32); }

// A clock that went back must not make a silent evaluator look fresh for as long as it went back.
bool silent(const LeaseBlock& lease, int64_t now_ns) {
  const int64_t age = now_ns - lease.heartbeat_ns.load(std::memory_order_acquire);
  return age > lease_stale_ns || age < -lease_stale_ns;
}

}  // namespace

bool process_alive(int32_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH); }

LeaseGrant enter_lease(LeaseBlock& lease, int32_t pid, int64_t now_ns) {
  LeaseGrant grant;
  uint64_t held = lease.word.load(std::memory_order_acquire);
  const int32_t holder = lease_pid(held);
  const bool was_inside = held & inside;

  if (holder == pid && !was_inside) {
    grant.entry = LeaseEntry::same;
    grant.word = held | inside;
  } else {
    const bool dead = holder == 0 || (holder != pid && !process_alive(holder));
    if (!dead && !silent(lease, now_ns)) return grant;
    grant.entry = !was_inside ? LeaseEntry::clean
                  : dead      ? LeaseEntry::torn
                              : LeaseEntry::abandoned;
    grant.word = lease_word(pid, lease_epoch(held) + 1) | inside;
  }
  grant.previous_pid = holder;
  // Before the word: whoever reads the new holder must not judge it by the old one's silence.
  lease.heartbeat_ns.store(now_ns, std::memory_order_release);
  if (!lease.word.compare_exchange_strong(held, grant.word, std::memory_order_acq_rel)) {
    grant.entry = LeaseEntry::refused;
    return grant;
  }
  return grant;
}

bool holds_lease(const LeaseBlock& lease, const LeaseGrant& grant) {
  return lease.word.load(std::memory_order_acquire) == grant.word;
}

void leave_lease(LeaseBlock& lease, const LeaseGrant& grant) {
  uint64_t held = grant.word;
  lease.word.compare_exchange_strong(held, grant.word & ~inside, std::memory_order_acq_rel);
}

}  // namespace rel
