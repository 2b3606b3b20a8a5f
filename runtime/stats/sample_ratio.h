// DM: counts of several categories against known shares. Sample ratio mismatch of two or more arms,
// and drift of a categorical feature against a fixed reference.
// Input: a count and a share in (0, 1) for each category, the shares adding to 1; concentration
// kappa > 0. Output: log E under H0: the shares are as said. NaN where the inputs have no meaning.
//
// Dirichlet mixture of multinomials centred at the null (Lindon and Malek, NeurIPS 2022). When the
// mismatch fires, verdicts that rest on randomisation are unknown; the pane grid does not.
#pragma once

#include <cstdint>
#include <span>

namespace rel::stats {

inline constexpr double sample_ratio_kappa = 10'000;
inline constexpr double sample_ratio_alpha = 0.001;
inline constexpr double drift_kappa = 100;

double multinomial_log_e(std::span<const uint64_t> counts, std::span<const double> shares,
                         double kappa);

}  // namespace rel::stats
