// The counts of one pane, the short interval of the fixed grid that evidence is updated by.
// Input: units (requests, or users under stickiness) of each arm and those among them that are bad.
// Output: the same, checked or rearranged. Shards of one pane are added before any evidence is
// made.
#pragma once

#include <cstdint>

namespace rel::stats {

struct PaneCounts {
  uint64_t n_c = 0;  // units of the candidate
  uint64_t k_c = 0;  // bad ones among them
  uint64_t n_b = 0;  // units of the baseline
  uint64_t k_b = 0;

  friend bool operator==(const PaneCounts&, const PaneCounts&) = default;
};

constexpr bool is_possible(const PaneCounts& p) { return p.k_c <= p.n_c && p.k_b <= p.n_b; }
constexpr bool is_empty(const PaneCounts& p) { return p.n_c == 0 && p.n_b == 0; }

constexpr PaneCounts operator+(const PaneCounts& a, const PaneCounts& b) {
  return {a.n_c + b.n_c, a.k_c + b.k_c, a.n_b + b.n_b, a.k_b + b.k_b};
}

// The arms exchanged: "candidate better" is "baseline worse".
constexpr PaneCounts swapped(const PaneCounts& p) { return {p.n_b, p.k_b, p.n_c, p.k_c}; }

// Good counted instead of bad, for a metric where higher is better and the rare outcome is good.
constexpr PaneCounts complemented(const PaneCounts& p) {
  return {p.n_c, p.n_c - p.k_c, p.n_b, p.n_b - p.k_b};
}

// The worst case of labels that never came, against the finding "candidate worse": missing ones of
// the candidate count as good, of the baseline as bad. The pane-grid evidence rises in k_c and
// falls in k_b, so what it says then holds for every way the labels could have come out.
constexpr PaneCounts with_missing_labels(const PaneCounts& labelled, uint64_t missing_c,
                                         uint64_t missing_b) {
  return {labelled.n_c + missing_c, labelled.k_c, labelled.n_b + missing_b,
          labelled.k_b + missing_b};
}

}  // namespace rel::stats
