// The fixed part of the mapping that every process of a gateway and its sidecar share: plain,
// position independent memory with lock-free atomics. The parts whose size depends on the plan
// (shards, windows) follow it, where SharedLayout (layout.h) says.
// Owner: the mapping's file or the host's memory; zeroed memory is a fresh state, at the baseline.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/base/limits.h"
#include "runtime/route/tick_ring.h"
#include "runtime/stage/engine.h"

namespace rel {

static_assert(std::atomic<uint32_t>::is_always_lock_free);
static_assert(std::atomic<int32_t>::is_always_lock_free);
static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(std::atomic<int64_t>::is_always_lock_free);

inline constexpr uint64_t shared_magic = 0x312d'6574'6174'7372;  // "rstate-1", little endian
inline constexpr uint64_t shared_layout_version = 5;
inline constexpr size_t banks = 2;
inline constexpr size_t buffers = 2;

// Written by whoever opens fresh memory first; every later one must agree.
struct alignas(64) SharedIdentity {
  std::atomic<uint64_t> magic;
  std::atomic<uint64_t> layout_version;
  std::atomic<uint64_t> plan_hash;
  std::atomic<uint64_t> size;
};

// What route() reads: one cache line, written only when the route changes and once a tick.
struct alignas(64) RouteBlock {
  // Rollback epoch, bank and buffer (route_word.h). The place is that of the engine state which the
  // epoch belongs to, so that a rollback cut short by a crash is completed by the next evaluator.
  std::atomic<uint64_t> rollback_word;
  std::atomic<uint64_t> route_word;  // route_word.h
  std::atomic<int64_t> sidecar_heartbeat_ns;
  std::atomic<int64_t> last_tick_ns;
  std::atomic<uint32_t> running;  // 1: the release runs, so a silent control plane matters
  std::atomic<uint64_t> step_word;  // route_word.h; read only where waves are routed
};

// Who evaluates: see lease.h.
struct alignas(64) LeaseBlock {
  std::atomic<uint64_t> word;
  std::atomic<int64_t> heartbeat_ns;
  std::atomic<int32_t> stalled_pid[banks];  // who may still write to that bank
};

// One order of a person, taken by its sequence.
struct MailedHand {
  std::atomic<uint64_t> version;  // odd while `command` is being written
  HandCommand command;
};

// Requests of whoever owns the journal, taken at ticks. Each is a word that only grows, so nothing
// can be lost by a full queue, and an evaluator that dies before it has acted acts again.
struct alignas(64) MailBlock {
  std::atomic<uint64_t> starts;
  std::atomic<uint64_t> granted_raise;
  std::atomic<uint64_t> refused_raise;
  std::atomic<uint64_t> restores;  // odd while `restored` is being written
  std::atomic<uint64_t> gates_passed;  // a bit for each gate of the plan
  std::atomic<uint32_t> source_failing;
  std::atomic<uint32_t> metrics_failing;  // bit m: metric m cannot be told
  std::atomic<uint32_t> restored_evidence;  // 1: SharedLayout::restored_offset holds a checkpoint
  MailedHand hands[hand_lanes];
  alignas(64) EngineState restored;
};

// Decisions on their way to the journal.
struct alignas(64) DecisionRing {
  std::atomic<uint64_t> head;          // decisions appended so far
  std::atomic<uint64_t> acknowledged;  // ... and taken by the journal
  std::atomic<uint64_t> last_id;       // id of the last decision appended or suppressed
  std::atomic<uint64_t> suppressed;
  alignas(64) Decision slots[limits::decision_ring];
};

inline constexpr size_t outbox_max = 2 * decisions_per_step_max;

// What one tick publishes as a whole; the frame's columns follow it in memory.
struct alignas(64) TickBuffer {
  EngineState engine;
  uint64_t written = 0;  // 0: memory nobody has published in, a release that has not begun
  uint64_t starts_taken = 0;
  uint64_t restores_taken = 0;
  // Where the evidence of this tick stands: 0 nowhere yet, else 1 + 2 * bank + buffer. It changes
  // when a pane closes, so most ticks name the place of the tick before.
  uint64_t evidence_place = 0;
  uint64_t decision_count = 0;
  Decision decisions[outbox_max];
};
static_assert(std::is_trivially_copyable_v<TickBuffer>);

struct SharedState {
  SharedIdentity identity;
  RouteBlock route;
  LeaseBlock lease;
  // lease epoch << 32 | flips << 2 | bank << 1 | buffer: the TickBuffer that is in force.
  alignas(64) std::atomic<uint64_t> published;
  std::atomic<uint64_t> ticks;
  std::atomic<uint64_t> set_word;  // release_set.h: for the other members of a release set
  MailBlock mail;
  DecisionRing ring;
  TickRing recorded;
};
static_assert(std::is_standard_layout_v<SharedIdentity> && alignof(SharedState) == 64);

}  // namespace rel
