// One pane into the evidence of one cell of a test, by the method of the test.
// Input: what both arms counted in the pane, and the state before it. Output: the state after it.
// Pure apart from the state; does not allocate.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/evidence/state.h"
#include "runtime/stats/evidence.h"

namespace rel {

// One arm of a cell in one pane. `counts` holds the buckets [first, first + size).
struct ArmPane {
  uint64_t n = 0;
  uint64_t k = 0;
  Int128 sum = 0;
  std::span<const uint64_t> counts;
  uint32_t first = 0;
};

// Baseline and candidate; of a form with one arm only that one is read.
struct CellPane {
  int64_t id = 0;
  int64_t end_ns = 0;
  int64_t length_ns = 0;
  ArmPane arm[2];
  uint32_t share_millionths = 0;  // of the candidate, as routed when the pane ended
};

// What a cell stands on apart from its own state.
struct CellContext {
  const EvidenceTest& test;
  const BucketMap& map;            // of the metric, when it has a histogram
  std::span<uint64_t> kept_counts;  // quantile_ratio: both arms, all panes
  // Everything the baseline counted in this stage, for the ranks of later panes.
  std::span<const uint64_t> reference;
  uint32_t reference_first = 0;
  uint64_t reference_n = 0;
};

// A fresh state, before any pane.
CellEvidence fresh_cell(const EvidenceTest& test);

// Refused: counts that cannot be; the state is as before.
stats::PaneTaken update_cell(const CellContext& context, const CellPane& pane, CellEvidence& cell);

// Whether the evidence may be used at all: a normal approximation waits for its gate.
bool is_usable(const EvidenceTest& test, const CellEvidence& cell);

// The share of values, or of true flags; a mean; what a quantile test compares. NaN without data.
double estimate_of(const EvidenceTest& test, const CellEvidence& cell, Arm arm);

}  // namespace rel
