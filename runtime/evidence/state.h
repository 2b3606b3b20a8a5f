// What the tests of a plan remember: plain memory of a fixed shape, so that it is published,
// checkpointed and taken over as it is. Input: a plan and the buckets of its trackers. Output:
// where each part stands in the words. Owner: RunningEvidence (evidence.h) in private memory;
// copies of it stand in the banks of the mapping.
//
// The words: EvidenceHeader | TestEvidence[] | CellEvidence[] | kept counts | Snapshot[] | counts
// of the snapshots. What stands before the snapshots is the checkpoint: it outlives the windows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/int128.h"
#include "runtime/plan/plan.h"
#include "runtime/stats/start_mixture.h"
#include "runtime/windows/histogram.h"

namespace rel {

// Scores of the label tilt: as many levels of equal shares of the baseline.
inline constexpr size_t rank_knots = 15;

struct EvidenceHeader {
  uint64_t initialised = 0;
  int64_t open_pane = 0;  // the pane that is being counted; 0: none
  int64_t last_id = 0;    // of the last pane closed; grows whatever the clock does
  uint64_t gap = 0;       // 1: the clock had a gap, and no pane has been taken since
  StageId stage;          // whose triggers are watched; none: not begun
  uint32_t reserved = 0;
};

struct TestEvidence {
  double peak = 0;  // largest log of the combined e-value: a verdict, once true, stays
  int64_t first_ns = 0;
  int64_t seen_ns[2] = {};  // end of the last pane with an observation, by arm
  uint64_t n[2] = {};       // observations, by arm
  uint64_t bad_pane = 0;    // 1: the last pane was refused, its counts cannot be
};

struct ArmEvidence {
  uint64_t n = 0;
  uint64_t k = 0;  // true flags, or values beyond the constant
  uint64_t sum_low = 0, sum_high = 0;  // Int128 of 1e-9 base units
  double squares = 0, cubes = 0;       // of the distances from CellEvidence::centre

  Int128 sum() const { return join_int128(sum_low, sum_high); }
  void add_sum(Int128 by) {
    const Int128 total = sum() + by;
    sum_low = low_word(total);
    sum_high = high_word(total);
  }
  double mean() const { return static_cast<double>(sum()) / 1e9 / static_cast<double>(n); }
};

struct CellEvidence {
  stats::StartMixture mixture;  // of the grid methods
  ArmEvidence arm[2];           // baseline, candidate
  double log_e = 0;             // present
  double peak = 0;
  uint64_t panes = 0;
  double centre = 0;            // of the moments; set with the first pane
  double bounded_sum = 0, bounded_v = 0;  // mean_level
  uint64_t knots_of = 0;                  // baseline values the knots were made from; 0: none yet
  std::array<uint16_t, rank_knots> knots{};  // upper bucket of each rank level but the last
  uint16_t reserved = 0;
  // sample_ratio: one share after the other
  double closed_log_e = 0;  // of the shares before
  int64_t settled_after_ns = 0;
  uint64_t share_n[2] = {};
  uint32_t share_millionths = 0;
  uint32_t reserved2 = 0;
};

// The totals of a cell's windows when the last pane was closed.
struct ArmSnapshot {
  uint64_t n = 0;
  uint64_t k = 0;
  uint64_t sum_low = 0, sum_high = 0;
};
struct Snapshot {
  ArmSnapshot arm[2];
};

// Where the parts stand, in words of 8 bytes.
class EvidenceShape {
 public:
  // `buckets` by metric row; those without a histogram are not asked for.
  EvidenceShape(const Plan& plan, std::span<const BucketMap> buckets);

  size_t words() const { return words_; }
  size_t checkpoint_words() const { return snapshots_; }
  size_t test(uint32_t index) const { return tests_ + index * test_words; }
  size_t cell(uint32_t row) const { return cells_ + row * cell_words; }
  size_t snapshot(uint32_t row) const { return snapshots_ + row * snapshot_words; }
  // Counts of both arms one after the other, `buckets_of` each; 0 buckets: the test keeps none.
  size_t kept_counts(uint32_t row) const { return kept_[row]; }
  size_t snapshot_counts(uint32_t row) const { return counted_[row]; }
  uint32_t buckets_of(uint32_t row) const { return buckets_[row]; }

  static constexpr size_t header_words = sizeof(EvidenceHeader) / 8;
  static constexpr size_t test_words = sizeof(TestEvidence) / 8;
  static constexpr size_t cell_words = sizeof(CellEvidence) / 8;
  static constexpr size_t snapshot_words = sizeof(Snapshot) / 8;

 private:
  size_t tests_ = 0, cells_ = 0, snapshots_ = 0, words_ = 0;
  std::vector<size_t> kept_, counted_;  // by row of Plan::test_cells
  std::vector<uint32_t> buckets_;
};

static_assert(sizeof(EvidenceHeader) % 8 == 0 && sizeof(TestEvidence) % 8 == 0);
static_assert(sizeof(CellEvidence) % 8 == 0 && alignof(CellEvidence) == 8);

}  // namespace rel
