// QX: quantiles, against a constant, against the other arm, and as confidence sequences.
// Input: counts on one side of a value, sorted samples, or histograms with the edges of their
// buckets. Output: log E, ranks, bounds. NaN where the inputs have no meaning.
//
// A quantile above x is a rate of exceedance above 1 - p: "p99 > 300 ms" needs no sketch. Howard
// and Ramdas (Bernoulli 2022, Thms 1 to 3 and 5); Lindon, Sanden and Shirikian (KDD 2022).
#pragma once

#include <cstdint>
#include <span>

#include "runtime/stats/beta_binomial.h"

namespace rel::stats {

// H0: the p-quantile is <= x, from the number of values above x.
double quantile_exceeds_log_e(uint64_t above, uint64_t n, double p, double kappa);

// Ranks k with log E(k of n; p) < log(1 / alpha): the p-quantile's confidence sequence is
// [X_(low), X_(high + 1)], ranks from 1, -inf for low = 0 and +inf for high = n.
struct RankInterval {
  uint64_t low;
  uint64_t high;
  bool known;  // false: the inputs have no meaning
};
RankInterval quantile_ranks(uint64_t n, double p, double kappa, double alpha);

// A histogram: bucket i holds values in [edges[i], edges[i + 1]), counts.size() + 1 edges,
// ascending.
struct Histogram {
  std::span<const double> edges;
  std::span<const uint64_t> counts;
};

// The same as values: the outer edges of the buckets that hold the two ranks.
Interval quantile_interval(const Histogram& histogram, double p, double kappa, double alpha);

// H0: Q_c(p) <= ratio * Q_b(p), both arms as histograms: the least over the edges x that Q_b may
// have of E(too few candidate values <= ratio x) E(too many baseline values < x). Counts are taken
// at the bucket edge on the safe side, so that the buckets' width cannot make it fire; it is
// conservative.
double quantile_ratio_log_e(const Histogram& candidate, const Histogram& baseline, double p,
                            double ratio, double kappa_c, double kappa_b);

// H0: both arms have the same p-quantile, from sorted samples of each arm (Howard and Ramdas,
// two-sided A/B test). The p-value is evidence_p_value of it.
double quantile_equal_log_e(std::span<const double> a, std::span<const double> b, double p,
                            double kappa);

// Time-uniform DKW inequality (Thm 2): sup |F_t - F| <= A sqrt((log(1 + log(t / t_min)) + C) / t)
// for all t >= t_min with probability 1 - alpha. NaN for t < t_min or C that does not exist.
inline constexpr double dkw_scale = 0.85;
double dkw_constant(double alpha, double scale = dkw_scale);
double dkw_bound(double t, double t_min, double constant, double scale = dkw_scale);

// Lower bound, at every look, of the Kolmogorov distance of two arms whose empirical distributions
// are `distance` apart: distance - b_n(alpha / 2) - b_m(alpha / 2), at least 0.
double ks_lower_two_sample(double distance, double n, double m, double t_min, double alpha);

}  // namespace rel::stats
