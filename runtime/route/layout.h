// Where everything of a plan stands in the shared memory, and which numbers are kept at all.
// Input: a verified plan. Output: tables of indices and byte offsets, the same in every process.
// Owner: the Runtime, in private memory; the shared memory holds no offsets and no pointers.
//
// A series is (lane arm, cell, metric) and exists where an aggregate reads it: nothing is counted
// that nobody asks for. A window series is (tracker, lane arm, cell).
//
// The memory: SharedState | shards | bank 0 | bank 1 | evidence on its way back from the journal
//   shard: ShardHeader | Series[] | histogram counts
// bank:  TickBuffer and frame, twice | collected counts of every shard | window clocks | windows |
//          evidence, twice
// Most of it is never touched: shards without an owner, the second bank, buckets without values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/ingest/observation.h"
#include "runtime/plan/plan.h"
#include "runtime/windows/histogram.h"

namespace rel {

inline constexpr uint32_t no_series = 0xffffffff;

// One lane arm's series; lane arm `l` has the same, `l * series_per_lane` further on.
struct SeriesShape {
  uint32_t metric = 0;      // Plan::metrics.size(): requests
  uint32_t cell = 0;
  uint32_t hist_first = 0;  // first bucket within the lane arm's counts
  uint32_t buckets = 0;     // 0: no histogram
};

struct WindowSeriesShape {
  TrackerId tracker;
  WindowId window;
  uint32_t series = 0;   // the series that feeds it
  uint32_t buckets = 0;  // 0: no histogram
  uint32_t slots = 0;    // 0: counts from the start of the stage
  uint32_t clock = 0;    // that of its window, or its own when the window is one of requests
  size_t offset = 0;     // within the bank
  size_t slot_bytes = 0;
};

class SharedLayout {
 public:
  explicit SharedLayout(const Plan& plan);

  // -- series
  uint32_t series_per_lane() const { return static_cast<uint32_t>(series_.size()); }
  uint32_t series_count() const { return series_per_lane() * lane_arms; }
  uint32_t hist_per_lane() const { return hist_per_lane_; }
  const SeriesShape& series(uint32_t index) const { return series_[index % series_.size()]; }
  // The series of a metric (or requests) and a cell within a lane arm, or no_series.
  uint32_t series_of(uint32_t metric, uint32_t cell) const {
    return series_of_[metric * cell_count_ + cell];
  }
  const BucketMap& buckets(uint32_t metric) const { return buckets_[metric]; }

  // -- windows
  std::span<const WindowSeriesShape> windows() const { return windows_; }
  uint32_t window_of(TrackerId tracker, LaneArm arm, uint32_t cell) const {
    const uint32_t lane = tracker.value * lane_arms + static_cast<uint32_t>(arm);
    return window_of_[lane * cell_count_ + cell];
  }
  // The window series that a series feeds.
  std::span<const uint32_t> fed_by(uint32_t series) const {
    return std::span(fed_).subspan(fed_first_[series], fed_first_[series + 1] - fed_first_[series]);
  }

  // -- bytes
  size_t size() const { return size_; }
  size_t shard_offset(uint32_t shard) const { return shards_first_ + shard * shard_bytes_; }
  size_t shard_hist_offset() const { return shard_hist_; }
  size_t bank_offset(uint32_t bank) const { return banks_first_ + bank * bank_bytes_; }
  // Within a bank:
  size_t buffer_offset(uint32_t buffer) const { return buffer * buffer_bytes_; }
  size_t collected_offset(uint32_t shard) const { return collected_ + shard * collected_bytes_; }
  size_t collected_hist_offset() const { return collected_hist_; }
  size_t clocks_offset() const { return clocks_; }
  size_t evidence_offset(uint32_t buffer) const { return evidence_ + buffer * evidence_bytes_; }
  size_t evidence_words() const { return evidence_words_; }
  size_t checkpoint_words() const { return checkpoint_words_; }
  size_t restored_offset() const { return restored_; }
  uint32_t clock_count() const { return clock_count_; }

 private:
  void place_series(const Plan& plan);
  void place_windows(const Plan& plan);
  void place_bytes(const Plan& plan);

  uint32_t cell_count_ = 1;
  uint32_t hist_per_lane_ = 0;
  uint32_t clock_count_ = 0;
  std::vector<SeriesShape> series_;
  std::vector<uint32_t> series_of_;
  std::vector<BucketMap> buckets_;
  std::vector<WindowSeriesShape> windows_;
  std::vector<uint32_t> window_of_;
  std::vector<uint32_t> fed_first_;
  std::vector<uint32_t> fed_;

  size_t size_ = 0;
  size_t shards_first_ = 0, shard_bytes_ = 0, shard_hist_ = 0;
  size_t banks_first_ = 0, bank_bytes_ = 0, buffer_bytes_ = 0;
  size_t collected_ = 0, collected_bytes_ = 0, collected_hist_ = 0;
  size_t clocks_ = 0;
  size_t evidence_ = 0, evidence_bytes_ = 0, evidence_words_ = 0;
  size_t checkpoint_words_ = 0, restored_ = 0;
};

}  // namespace rel
