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

// Without branches but for the key's length: which side of the share a key falls on cannot be
// foreseen. Wait-free.
inline RouteDecision route_key(const RouteView& view, std::string_view key, int64_t now_ns) {
  const uint32_t bucket = bucket_of_hash(key_hash(key, view.salt));
  const uint32_t keyed = !key.empty();

  // The rollback word is read second: whoever sees a new route sees the epoch it belongs to.
  const uint64_t published = view.block->route_word.load(std::memory_order_acquire);
  const uint64_t epoch = rollback_epoch(view.block->rollback_word.load(std::memory_order_acquire));
  // A rollback that has not reached the route yet: the baseline.
  const uint64_t in_force = epoch_of(published) == (epoch & 0xffff);
  const uint64_t word = published & (0 - in_force);

  const int64_t heartbeat = view.block->sidecar_heartbeat_ns.load(std::memory_order_relaxed);
  const uint32_t running = view.block->running.load(std::memory_order_relaxed);
  const uint32_t silent = (heartbeat != 0) & (now_ns - heartbeat > sidecar_silent_ns);

  const uint32_t candidate = keyed & (bucket < share_of(word));
  const uint32_t mirror = keyed & (bucket < mirror_of(word)) & ~candidate;
  return {.candidate = static_cast<uint8_t>(candidate),
          .mirror = static_cast<uint8_t>(mirror),
          .keyless = static_cast<uint8_t>(keyed ^ 1),
          .stale = static_cast<uint8_t>(silent & running),
          .share_millionths = share_of(word),
          .bucket = keyed ? bucket : 0,
          .stage = stage_of(word),
          .epoch = epoch};
}

}  // namespace rel
