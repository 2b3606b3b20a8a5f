// LT: the label tilt, a sequential Mann-Whitney test on histograms, "the candidate's values are
// stochastically worse".
// Input: of one pane, the counts of each bucket in both arms, and a score phi a bucket that rises
// with the value and was fixed before the pane. Output: log E under H0: the candidate's values are
// stochastically no larger (Worse::higher) or no smaller (Worse::lower) than the baseline's.
// Owner: whoever evaluates the trigger; plain memory.
//
// Given a value, the tilted probability that it is the candidate's is w e^(theta phi) over w
// e^(theta phi) + 1 - w. With the share w known it is exact under per-request randomisation for any
// law and dependence of values; with the realised share it is exact for values independent within
// an arm and a pane. Same family as Podkopaev and Ramdas (NeurIPS 2023). phi is bounded, so heavy
// tails are harmless; phi = 1 above a constant and 0 below is the test of exceedances.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "runtime/stats/evidence.h"

namespace rel::stats {

inline constexpr size_t tilt_grid_size = 5;
inline constexpr std::array<double, tilt_grid_size> tilt_grid = {0.1, 0.2, 0.4, 0.8, 1.6};

enum class Worse : uint8_t { higher, lower };

// One pane: phi, candidate's and baseline's counts of each bucket, of equal length.
struct TiltPane {
  std::span<const double> phi;
  std::span<const uint64_t> candidate;
  std::span<const uint64_t> baseline;
};

// Logarithm of each theta's factor at share w. False, and nothing written, if the lengths differ, w
// is outside [0, 1], or a phi or theta is not finite. Use a negative theta for "lower is worse".
[[nodiscard]] bool label_tilt_factors(const TiltPane& pane, double w, std::span<const double> theta,
                                      std::span<double> log_factors);

// phi = 2 F(middle of the bucket) - 1 of a reference histogram, the baseline of earlier panes.
// False if it is empty.
[[nodiscard]] bool rank_scores(std::span<const uint64_t> reference, std::span<double> phi);

// phi = min(value, cap) / cap for each bucket's value >= 0, cap > 0. False otherwise.
[[nodiscard]] bool capped_scores(std::span<const double> values, double cap, std::span<double> phi);

struct LabelTilt {
  std::array<double, tilt_grid_size> log_s{};
  Worse worse = Worse::higher;
  uint8_t reserved[7] = {};
  int64_t last_pane = INT64_MIN;

  // At the share realised in the pane.
  [[nodiscard]] PaneTaken update(int64_t id, const TiltPane& pane);

  // At a share of the candidate known from the assignment.
  [[nodiscard]] PaneTaken update(int64_t id, const TiltPane& pane, double known_share);

  // Adds the evidence of other panes; false, and nothing done, if the directions differ.
  [[nodiscard]] bool merge(const LabelTilt& other);

  double log_e() const;
};

}  // namespace rel::stats
