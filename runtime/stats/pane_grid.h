// PG: the pane-grid e-process, "the candidate's rate is above r0 times the baseline's".
// Input: the counts of a pane, each pane once. Output: log E under H0: p_c <= r0 p_b.
// Owner: whoever evaluates the trigger; the state is plain memory, checkpointed as it is.
//
// Each factor compares k_c of k_c + k_b with what the realised share of that pane makes of a rate
// ratio r0 g against r0, so it needs no known split and survives ramps and a shared outage. Valid
// for independent outcomes by the inequality of means, and at r0 = 1 under per-request
// randomisation for any dependence of outcomes (Hoeffding 1963, Thm 4). Generalises Turner, Ly and
// Grunwald (2024) and Lindon and Malek (NeurIPS 2022). Count the rarer outcome.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "runtime/stats/evidence.h"
#include "runtime/stats/pane_counts.h"

namespace rel::stats {

inline constexpr size_t ratio_grid_size = 8;

// Alternatives to p_c = r0 p_b, as multiples of r0, each of weight 1/8.
inline constexpr std::array<double, ratio_grid_size> ratio_grid = {1.1, 1.2, 1.35, 1.5,
                                                                   2,   3,   5,    10};

// Logarithm of each grid point's factor of one pane at its realised share. False, and nothing
// written, if the counts cannot be or r0 is not a positive number. An empty pane gives zeros.
[[nodiscard]] bool pane_grid_factors(const PaneCounts& pane, double r0,
                                     std::span<double, ratio_grid_size> log_factors);

// The same for events at a known share pi of requests, any grid (e-process of the conditional
// binomial, Lindon and Malek 2022): k_c log g + (k_c + k_b) log((pi r0 + 1 - pi) / (pi r0 g + 1 -
// pi)).
[[nodiscard]] bool known_share_factors(double k_c, double k_b, double pi, double r0,
                                       std::span<const double> grid,
                                       std::span<double> log_factors);

// For "better" (H0: p_c >= r0 p_b) give swapped(pane) and 1 / r0.
struct PaneGrid {
  std::array<double, ratio_grid_size> log_s{};
  double r0 = 1;
  int64_t last_pane = INT64_MIN;

  // Takes pane `id`; ids rise, gaps between them are fine.
  [[nodiscard]] PaneTaken update(int64_t id, const PaneCounts& pane);

  // Adds the evidence of other panes; the sets of panes must not overlap, and r0 must be equal
  // (checked: false, and nothing done, if it is not).
  [[nodiscard]] bool merge(const PaneGrid& other);

  double log_e() const;
};

}  // namespace rel::stats
