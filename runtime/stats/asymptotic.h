// AC: asymptotic confidence sequences for means and differences of means, and the sequential t
// test.
// Input: mergeable moments of each arm. Output: log E, half-widths, bounds. Units are the metric's.
// Owner of Moments: whoever aggregates; plain memory.
//
// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (AoS 2024, arXiv 2103.06476v7, eq 9, 134, 155,
// 161); the same as a normal mSPRT with variance rho2 sigma^2. Valid only once the mean is near
// normal: the gate below must hold, else use the label tilt. t: Lindon et al., anytime-valid linear
// models.
#pragma once

#include <cstdint>

#include "runtime/stats/beta_binomial.h"

namespace rel::stats {

// Count, mean and sum of squared distances from it; merged without cancellation (Chan et al.).
struct Moments {
  uint64_t n = 0;
  double mean = 0;
  double m2 = 0;

  [[nodiscard]] bool add(double x);  // false, and nothing taken, if x is not finite
  void merge(const Moments& other);
  double variance() const;  // unbiased; NaN below two values
};

// From sums of x and x^2, as some sources export them. Cancels where the mean is large against the
// spread; NaN moments if the sums contradict each other.
Moments moments_of_sums(uint64_t n, double sum, double sum_of_squares);

// A difference of means, candidate - (1 + lift) baseline, with its standard error.
struct MeanDifference {
  double estimate;
  double standard_error;
  double n;  // values of both arms
};
MeanDifference mean_difference(const Moments& baseline, const Moments& candidate, double lift = 0);

// rho^2 for a planned total of n_opt values: c(alpha) / n_opt, one-sided c(2 alpha) / n_opt.
double asymptotic_rho2(double n_opt, double alpha);
double asymptotic_rho2_one_sided(double n_opt, double alpha);
double asymptotic_rho2_exact(double n_opt, double alpha);  // with tuning_constant_exact

// Half-width of the two-sided sequence; distance of the one-sided bound from the estimate.
double asymptotic_half(const MeanDifference& d, double rho2, double alpha);
double asymptotic_half_one_sided(const MeanDifference& d, double rho2, double alpha);

// H0: difference = null, and H0: difference <= null.
double asymptotic_log_e(const MeanDifference& d, double null, double rho2);
double asymptotic_log_e_greater(const MeanDifference& d, double null, double rho2);

// Sequential t, H0: difference = null, n - 2 degrees of freedom, g = 1 / rho2.
double sequential_t_log_e(const MeanDifference& d, double null, double rho2);

// Whether the normal approximation may be used: min(n_c, n_b) >= max(100, 25 skew^2), with the
// skewness of the metric from the baseline before the stage.
enum class SkewGate : uint8_t { open, closed };
SkewGate skew_gate(uint64_t n_c, uint64_t n_b, double skewness);

}  // namespace rel::stats
