// Counting: one shard is a counter block with one writer, so an observation is a few plain stores.
// Counters are cumulative; the evaluator keeps what it has collected and takes the difference.
// Input: bound observations. Output: deltas of series. Owner of the memory: the shared mapping.
//
// A series' totals are read consistently by its sequence word. Its histogram counts are read one by
// one: an observation in flight may be in the totals a tick before it is in the counts, never lost.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/base/int128.h"
#include "runtime/ingest/observation.h"
#include "runtime/route/layout.h"

namespace rel {

// An observation that lies further behind the last tick is late.
inline constexpr int64_t late_panes_max = 2;

// Values from here on do not fit the fixed point of 1e-9 in 64 bits.
inline constexpr double observed_magnitude_end = 9.2e9;

struct alignas(64) Series {
  std::atomic<uint32_t> sequence;  // odd: being written
  std::atomic<uint32_t> resets;    // times a writer died inside and its totals were given up
  std::atomic<uint64_t> n;
  std::atomic<uint64_t> k;  // true flags
  std::atomic<uint64_t> sum_low;
  std::atomic<uint64_t> sum_high;
  std::atomic<uint32_t> first_from_end;  // touched buckets, as in WindowTotals
  std::atomic<uint32_t> end;
};
static_assert(sizeof(Series) == 64);

struct alignas(64) ShardHeader {
  std::atomic<int32_t> pid;      // 0: free
  std::atomic<uint32_t> claims;  // 0: never used, so never read
  std::atomic<uint64_t> observed;
  std::atomic<uint64_t> late;
  std::atomic<uint64_t> future;
  std::atomic<uint64_t> rejected_values;
  std::atomic<uint64_t> requests[lane_arms];
  std::atomic<uint64_t> left_out[left_out_kinds];  // forced, outside
  std::atomic<uint64_t> other[limits::segments_max];  // requests with none of a segment's values
};

// A shard in memory, as its writer or its reader sees it.
struct ShardView {
  ShardHeader* header = nullptr;
  Series* series = nullptr;
  std::atomic<uint32_t>* counts = nullptr;
};
ShardView shard_view(const SharedLayout& layout, std::byte* memory, uint32_t shard);

// What the evaluator has taken from a series so far.
struct Collected {
  uint32_t sequence = 0;
  uint32_t resets = 0;
  uint64_t n = 0;
  uint64_t k = 0;
  Int128 sum = 0;
};

// Fixed point of 1e-9, rounded half away from zero, the same on every host.
inline int64_t fixed_point(double value) {
  return static_cast<int64_t>(value * 1e9 + (value < 0 ? -0.5 : 0.5));
}

// Adds to a counter that has one writer: no read-modify-write instruction is needed.
template <typename T>
inline void bump(std::atomic<T>& counter, T by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_release);
}

// Opens a series for its writer: readers see an odd sequence until the writer is done.
class SeriesWriter {
 public:
  explicit SeriesWriter(Series& series)
      : series_(series), sequence_(series.sequence.load(std::memory_order_relaxed)) {
    series_.sequence.store(sequence_ + 1, std::memory_order_release);
  }
  ~SeriesWriter() { series_.sequence.store(sequence_ + 2, std::memory_order_release); }
  SeriesWriter(const SeriesWriter&) = delete;

  void add_sample() { bump(series_.n, uint64_t{1}); }
  void add_true() { bump(series_.k, uint64_t{1}); }
  void add_sum(int64_t value) {
    const Int128 sum = join_int128(series_.sum_low.load(std::memory_order_relaxed),
                                   series_.sum_high.load(std::memory_order_relaxed)) +
                       value;
    series_.sum_low.store(low_word(sum), std::memory_order_release);
    series_.sum_high.store(high_word(sum), std::memory_order_release);
  }
  void add_bucket(std::atomic<uint32_t>* counts, uint32_t bucket, uint32_t buckets) {
    bump(counts[bucket], uint32_t{1});
    if (series_.first_from_end.load(std::memory_order_relaxed) < buckets - bucket) {
      series_.first_from_end.store(buckets - bucket, std::memory_order_release);
    }
    if (series_.end.load(std::memory_order_relaxed) < bucket + 1) {
      series_.end.store(bucket + 1, std::memory_order_release);
    }
  }

 private:
  Series& series_;
  uint32_t sequence_;
};

// Counts one number in a bound series: the whole per-metric work of an observation. `counts` is
// that series' histogram, or null.
inline void count_number(Series& series, std::atomic<uint32_t>* counts, const BucketMap& map,
                         double value) {
  SeriesWriter writer(series);
  writer.add_sample();
  writer.add_sum(fixed_point(value));
  if (counts != nullptr) writer.add_bucket(counts, bucket_index(map, value), map.size());
}

// Counts an observation whose time is acceptable. Wait-free; the caller is the shard's writer.
void count_observation(const Plan& plan, const SharedLayout& layout, const ShardView& shard,
                       const Observation& observation);

// Makes a dead writer's shard whole for the next one.
void mend_shard(const SharedLayout& layout, const ShardView& shard);

}  // namespace rel
