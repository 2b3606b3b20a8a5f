// Asymptotic confidence sequences.
#include "runtime/stats/asymptotic.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

using elementary::log;
using elementary::log1p;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.693147180559945309417;

bool can_be(const MeanDifference& d, double rho2) {
  return std::isfinite(d.estimate) && d.standard_error > 0 && std::isfinite(d.standard_error) &&
         d.n > 0 && rho2 > 0 && std::isfinite(rho2);
}

bool is_level(double alpha) { return alpha > 0 && alpha < 1; }

double z_score(const MeanDifference& d, double null) {
  return (d.estimate - null) / d.standard_error;
}

}  // namespace

bool Moments::add(double x) {
  if (!std::isfinite(x)) return false;
  ++n;
  const double before = x - mean;
  mean += before / static_cast<double>(n);
  m2 += before * (x - mean);
  return true;
}

void Moments::merge(const Moments& other) {
  if (other.n == 0) return;
  const double ours = static_cast<double>(n);
  const double theirs = static_cast<double>(other.n);
  const double apart = other.mean - mean;
  n += other.n;
  mean += apart * (theirs / (ours + theirs));
  m2 += other.m2 + apart * apart * (ours * theirs / (ours + theirs));
}

double Moments::variance() const { return n < 2 ? nan : m2 / static_cast<double>(n - 1); }

Moments moments_of_sums(uint64_t n, double sum, double sum_of_squares) {
  if (n == 0) return {};
  const double mean = sum / static_cast<double>(n);
  const double m2 = sum_of_squares - sum * mean;
  // Below zero by more than rounding: no values have these sums.
  if (!(m2 >= -1e-9 * std::fabs(sum_of_squares)) || !std::isfinite(m2)) return {n, nan, nan};
  return {n, mean, std::max(m2, 0.0)};
}

MeanDifference mean_difference(const Moments& baseline, const Moments& candidate, double lift) {
  const double n_b = static_cast<double>(baseline.n);
  const double n_c = static_cast<double>(candidate.n);
  const double scale = 1 + lift;
  return {candidate.mean - scale * baseline.mean,
          std::sqrt(scale * scale * baseline.variance() / n_b + candidate.variance() / n_c),
          n_b + n_c};
}

double asymptotic_rho2(double n_opt, double alpha) {
  return n_opt > 0 ? tuning_constant(alpha) / n_opt : nan;
}

double asymptotic_rho2_one_sided(double n_opt, double alpha) {
  return n_opt > 0 && alpha < 0.5 ? tuning_constant(2 * alpha) / n_opt : nan;
}

double asymptotic_rho2_exact(double n_opt, double alpha) {
  return n_opt > 0 ? tuning_constant_exact(alpha) / n_opt : nan;
}

double asymptotic_half(const MeanDifference& d, double rho2, double alpha) {
  if (!can_be(d, rho2) || !is_level(alpha)) return nan;
  const double nr = d.n * rho2;
  return d.standard_error * std::sqrt((nr + 1) / nr * (log1p(nr) - 2 * log(alpha)));
}

double asymptotic_half_one_sided(const MeanDifference& d, double rho2, double alpha) {
  if (!can_be(d, rho2) || !is_level(alpha)) return nan;
  const double nr = d.n * rho2;
  return d.standard_error *
         std::sqrt(2 * (nr + 1) / nr * log1p(std::sqrt(nr + 1) / (2 * alpha)));
}

double asymptotic_log_e(const MeanDifference& d, double null, double rho2) {
  if (!can_be(d, rho2) || !std::isfinite(null)) return nan;
  const double nr = d.n * rho2;
  const double z = z_score(d, null);
  return -0.5 * log1p(nr) + z * z * (nr / (2 * (nr + 1)));
}

double asymptotic_log_e_greater(const MeanDifference& d, double null, double rho2) {
  if (!can_be(d, rho2) || !std::isfinite(null)) return nan;
  const double nr = d.n * rho2;
  return ln2 + asymptotic_log_e(d, null, rho2) +
         log_normal_cdf(z_score(d, null) * std::sqrt(nr / (nr + 1)));
}

double sequential_t_log_e(const MeanDifference& d, double null, double rho2) {
  if (!can_be(d, rho2) || !std::isfinite(null) || !(d.n > 2)) return nan;
  const double g = 1 / rho2;
  const double r = g / (g + d.n);
  const double freedom = d.n - 2;
  const double t = z_score(d, null);
  const double ratio = t * t / freedom;
  return 0.5 * log(r) + 0.5 * (freedom + 1) * (log1p(ratio) - log1p(r * ratio));
}

SkewGate skew_gate(uint64_t n_c, uint64_t n_b, double skewness) {
  const double least = static_cast<double>(std::min(n_c, n_b));
  // A skewness that is not a number keeps the gate closed.
  const bool enough = least >= 100 && least >= 25 * skewness * skewness;
  return enough ? SkewGate::open : SkewGate::closed;
}

}  // namespace rel::stats
