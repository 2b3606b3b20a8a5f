// RIPr: sequential test of a difference of two rates in percentage points.
// Input: the counts of a pane, each pane once, in order. Output: log E under H0: p_c <= p_b + d,
// that is, it rejects "the candidate's rate exceeds the baseline's by no more than d".
// Owner: whoever evaluates the trigger; plain memory.
//
// Each factor is the likelihood ratio of a point alternative against its reverse information
// projection onto H0, which makes it an e-value (Grunwald, de Heide and Koolen, JRSSB 2024, Thm 1;
// linear effects: Turner and Grunwald, arXiv 2203.09785). Alternatives come from past panes only,
// so the order of panes matters and two states cannot be merged; shards of a pane are added before.
// "Drops by 2pp" rejects a drop of at most 2pp; a true drop of exactly 2pp then fires with
// probability at most alpha.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "runtime/stats/evidence.h"
#include "runtime/stats/pane_counts.h"

namespace rel::stats {

struct Projection {
  double c;  // candidate's rate of the nearest point of H0
  double b;  // baseline's; c = b + d
};

// Projection of the alternative (theta_c, theta_b) at share w of the candidate onto p_c <= p_b + d.
// An alternative inside H0 is its own projection. NaN unless all rates are in (0, 1), w in [0, 1]
// and -1 < d < 1.
Projection reverse_projection(double theta_c, double theta_b, double w, double d);

// log of the likelihood ratio of a pane: (theta_c, theta_b) against `null`.
double projection_log_factor(const PaneCounts& pane, double theta_c, double theta_b,
                             const Projection& null);

inline constexpr size_t ripr_grid_size = 4;

struct Ripr {
  double d = 0;         // margin, a difference of rates
  double effect = 0.01;  // smallest effect to detect beyond d, a difference of rates
  std::array<double, ripr_grid_size> log_s{};  // theta_b + d + {.5, 1, 2} effect, and plug-in
  PaneCounts past;
  int64_t last_pane = INT64_MIN;

  [[nodiscard]] PaneTaken update(int64_t id, const PaneCounts& pane);
  double log_e() const;
};

// Logarithm of each alternative's factor of `pane` given the panes before it. False, and nothing
// written, if the counts cannot be or the margins have no meaning.
[[nodiscard]] bool ripr_factors(const PaneCounts& past, const PaneCounts& pane, double d,
                                double effect, std::span<double, ripr_grid_size> log_factors);

// Point estimate of p_c - p_b from totals; NaN if an arm is empty. For the second form of a margin:
// "drops at 99 % and the estimate is 2pp" is a Ripr with d = 0 and this at 2pp.
double estimated_difference(const PaneCounts& total);

}  // namespace rel::stats
