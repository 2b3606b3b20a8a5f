// Routing one key, inline: a hash, two loads of one cache line, two comparisons.
// Input: the mapping's route block, the release's salt, a key. Output: how to serve the request.
#pragma once

#include <string_view>

#include "runtime/route/key_hash.h"
#include "runtime/route/route_word.h"
#include "runtime/route/shared_state.h"

namespace rel {

// A sidecar silent for so long is not there.
inline constexpr int64_t sidecar_silent_ns = 5'000'000'000;

// Where a worker finds the route. Valid as long as the Runtime it is of.
struct RouteView {
  const RouteBlock* block = nullptr;
  uint64_t salt = 0;
};

// A route as read for one request. Wait-free.
struct RouteRead {
  uint64_t word = 0;      // in force
  uint64_t rollback = 0;  // RouteBlock::rollback_word
};

inline RouteRead read_route(const RouteBlock& block) {
  // The rollback word is read second: whoever sees a new route sees the epoch it belongs to.
  const uint64_t published = block.route_word.load(std::memory_order_acquire);
  const uint64_t rollback = block.rollback_word.load(std::memory_order_acquire);
  return {in_force(published, rollback), rollback};
}

// All that a split needs. No branch: which side of the share a key falls on cannot be foreseen.
inline bool candidate_answers(const RouteRead& read, uint32_t bucket) {
  return bucket < share_of(read.word);
}

// The whole answer. Wait-free.
inline RouteDecision route_key(const RouteView& view, std::string_view key, int64_t now_ns) {
  const RouteBlock& block = *view.block;
  const uint32_t keyed = !key.empty();
  const uint32_t bucket = bucket_of_hash(key_hash(key, view.salt));
  const RouteRead read = read_route(block);

  const int64_t heartbeat = block.sidecar_heartbeat_ns.load(std::memory_order_relaxed);
  const uint32_t running = block.running.load(std::memory_order_relaxed);
  const uint32_t silent = (heartbeat != 0) & (now_ns - heartbeat > sidecar_silent_ns);

  const uint32_t candidate = keyed & candidate_answers(read, bucket);
  const uint32_t mirror = keyed & (bucket < mirror_of(read.word)) & ~candidate;
  return {.candidate = static_cast<uint8_t>(candidate),
          .mirror = static_cast<uint8_t>(mirror),
          .keyless = static_cast<uint8_t>(keyed ^ 1),
          .stale = static_cast<uint8_t>(silent & running),
          .share_millionths = share_of(read.word),
          .bucket = keyed ? bucket : 0,
          .stage = stage_of(read.word),
          .epoch = rollback_epoch(read.rollback)};
}

}  // namespace rel
