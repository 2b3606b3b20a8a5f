// Collecting: what every shard counted since the last tick goes into the windows.
// Input: shards and what was collected of them so far. Output: deltas added to the windows.
// Owner: the evaluator that holds the lease; the collected counts stand in its bank.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/ingest/shard.h"
#include "runtime/windows/windows.h"

namespace rel {

// A series whose writer is at work at each of so many looks is collected at the next tick.
inline constexpr uint32_t collect_attempts_max = 16;

enum class CollectMode : uint8_t {
  count,    // into the windows
  discard,  // only note what is there: the time it belongs to is not evaluated
  restart,  // ... and trust nothing that was noted: its writer died or stalled in the middle
};

class Collector {
 public:
  Collector(const SharedLayout& layout, std::byte* memory);

  void use(std::byte* bank) { bank_ = bank; }
  void collect(Windows& windows, CollectMode mode);

 private:
  void collect_shard(uint32_t shard, Windows& windows, CollectMode mode);
  void collect_counts(const Series& series, const std::atomic<uint32_t>* counts,
                      uint32_t* collected, uint32_t buckets, SeriesDelta& delta);

  const SharedLayout& layout_;
  std::byte* memory_;
  std::byte* bank_ = nullptr;
  std::vector<uint32_t> scratch_;  // counts of one series, sized once
};

}  // namespace rel
