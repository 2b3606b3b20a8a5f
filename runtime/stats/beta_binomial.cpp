// The beta-binomial mixture.
#include "runtime/stats/beta_binomial.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/evidence.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Confidence sequences are searched on [edge, 1 - edge].
constexpr double edge = 1e-12;
constexpr int bisections = 200;

bool are_counts(double k, double n) { return k >= 0 && k <= n && std::isfinite(n); }

bool can_be(double k, double n, double p0, double kappa) {
  return are_counts(k, n) && p0 > 0 && p0 < 1 && kappa > 0 && std::isfinite(kappa);
}

// log E of the two-sided mixture, with everything the one-sided forms need besides.
struct Mixture {
  double a, b, q0, excess;  // prior Beta(a, b); excess of k over n p0

  Mixture(double k, double n, double p0, double kappa)
      : a(kappa * p0), b(kappa * (1 - p0)), q0(1 - p0), excess(k - n * p0) {}
};

double two_sided(const Mixture& m, double k, double n, double p0) {
  return log_beta_over(m.a + k, m.b + (n - k), p0, m.q0, m.excess) -
         log_beta_over(m.a, m.b, p0, m.q0, 0);
}

LogTails posterior_tails(const Mixture& m, double k, double n, double p0) {
  return log_beta_tails(m.a + k, m.b + (n - k), p0, m.q0, m.excess);
}

double fixed_prior_log_e(double k, double n, double p, double a, double b) {
  const double q = 1 - p;
  const double prior = a - (a + b) * p;
  return log_beta_over(a + k, b + (n - k), p, q, prior + (k - n * p)) -
         log_beta_over(a, b, p, q, prior);
}

// The end of {p : log_e(p) < threshold} between `inside`, which is in it, and `outside`.
template <typename LogE>
double boundary(LogE log_e, double threshold, double inside, double outside) {
  for (int i = 0; i < bisections; ++i) {
    const double middle = 0.5 * (inside + outside);
    (log_e(middle) < threshold ? inside : outside) = middle;
  }
  return outside;
}

template <typename LogE>
Interval interval_of(LogE log_e, double k, double n, double alpha) {
  const double threshold = evidence_threshold(alpha);
  if (threshold != threshold || !are_counts(k, n)) return {nan, nan};
  Interval interval{0, 1};
  if (n == 0) return interval;
  const double estimate = std::clamp(k / n, edge, 1 - edge);
  const double at_edges[] = {log_e(edge), log_e(1 - edge), log_e(estimate)};
  for (const double value : at_edges) {
    if (value != value) return {nan, nan};
  }
  if (k > 0 && at_edges[0] >= threshold) interval.low = boundary(log_e, threshold, estimate, edge);
  if (k < n && at_edges[1] >= threshold) {
    interval.high = boundary(log_e, threshold, estimate, 1 - edge);
  }
  return interval;
}

}  // namespace

double beta_binomial_log_e(double k, double n, double p0, double kappa) {
  if (!can_be(k, n, p0, kappa)) return nan;
  return two_sided(Mixture(k, n, p0, kappa), k, n, p0);
}

double beta_binomial_log_e_greater(double k, double n, double p0, double kappa) {
  if (!can_be(k, n, p0, kappa)) return nan;
  const Mixture m(k, n, p0, kappa);
  return two_sided(m, k, n, p0) + posterior_tails(m, k, n, p0).upper -
         log_beta_tails(m.a, m.b, p0, m.q0, 0).upper;
}

double beta_binomial_log_e_less(double k, double n, double p0, double kappa) {
  if (!can_be(k, n, p0, kappa)) return nan;
  const Mixture m(k, n, p0, kappa);
  return two_sided(m, k, n, p0) + posterior_tails(m, k, n, p0).lower -
         log_beta_tails(m.a, m.b, p0, m.q0, 0).lower;
}

Interval rate_interval(double k, double n, double kappa, double alpha) {
  if (!(kappa > 0)) return {nan, nan};
  return interval_of([=](double p) { return beta_binomial_log_e(k, n, p, kappa); }, k, n, alpha);
}

Interval rate_interval_fixed_prior(double k, double n, double a, double b, double alpha) {
  if (!(a > 0) || !(b > 0) || !std::isfinite(a + b)) return {nan, nan};
  return interval_of([=](double p) { return fixed_prior_log_e(k, n, p, a, b); }, k, n, alpha);
}

double conditional_share(double pi, double ratio) {
  if (!(pi > 0) || !(pi < 1) || !(ratio > 0) || !std::isfinite(ratio)) return nan;
  return pi * ratio / (pi * ratio + (1 - pi));
}

Interval rate_ratio_interval(double k_c, double k_b, double pi, double kappa, double alpha) {
  if (!(pi > 0) || !(pi < 1)) return {nan, nan};
  const Interval share = rate_interval(k_c, k_c + k_b, kappa, alpha);
  const auto ratio = [pi](double q) { return q == 1 ? infinity : q / (1 - q) * (1 - pi) / pi; };
  return {ratio(share.low), ratio(share.high)};
}

double mcnemar_log_e(uint64_t candidate_only, uint64_t baseline_only, double kappa) {
  const double k = static_cast<double>(candidate_only);
  return beta_binomial_log_e_greater(k, k + static_cast<double>(baseline_only), 0.5, kappa);
}

Interval rate_gap_interval(const GroupCount* groups, uint32_t count, double kappa, double alpha) {
  if (count < 2) return {nan, nan};
  double low_max = 0, low_min = 1, high_max = 0, high_min = 1;
  for (uint32_t g = 0; g < count; ++g) {
    if (groups[g].n == 0) return {nan, nan};
    const Interval rate =
        rate_interval(static_cast<double>(groups[g].k), static_cast<double>(groups[g].n), kappa,
                      alpha / (2.0 * count));
    if (rate.low != rate.low) return {nan, nan};
    low_max = std::max(low_max, rate.low);
    low_min = std::min(low_min, rate.low);
    high_max = std::max(high_max, rate.high);
    high_min = std::min(high_min, rate.high);
  }
  return {std::max(0.0, low_max - high_min), high_max - low_min};
}

}  // namespace rel::stats
