// Means of bounded metrics.
#include "runtime/stats/bounded_mean.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/mixtures.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// A bet is at most this share of what would lose everything.
constexpr double bet_share_max = 0.5;

bool is_bounded(double x) { return x >= 0 && x <= 1; }

}  // namespace

bool BoundedMean::add(double x) {
  if (!is_bounded(x)) return false;
  ++n;
  const double distance = x - (0.5 + sum) / static_cast<double>(n);
  v += distance * distance;
  sum += x;
  return true;
}

void BoundedMean::merge(const BoundedMean& other) {
  n += other.n;
  sum += other.sum;
  v += other.v;
}

double BoundedMean::mean() const { return n == 0 ? nan : sum / static_cast<double>(n); }

double BoundedMean::log_e_greater(double m, double rho) const {
  if (!is_bounded(m)) return nan;
  return gamma_exponential_log_e(sum - static_cast<double>(n) * m, v, rho, 1);
}

double BoundedMean::log_e_less(double m, double rho) const {
  if (!is_bounded(m)) return nan;
  return gamma_exponential_log_e(static_cast<double>(n) * m - sum, v, rho, 1);
}

double BoundedMean::bound(double rho, double alpha) const {
  return gamma_exponential_bound(v, rho, 1, alpha / 2);
}

Interval BoundedMean::interval(double rho, double alpha) const {
  const double half = bound(rho, alpha);
  if (half != half) return {nan, nan};
  if (n == 0) return {0, 1};
  const double width = half / static_cast<double>(n);
  return {std::max(0.0, mean() - width), std::min(1.0, mean() + width)};
}

bool Betting::add(double x) {
  if (!is_bounded(x) || !(m > 0) || !(m < 1) || !(alpha > 0) || !(alpha < 1)) return false;
  const double before = static_cast<double>(n);
  const double i = before + 1;
  const double variance = (0.25 + squares) / (before + 1);
  const double bet = std::sqrt(2 * elementary::log(2 / alpha) /
                               (variance * i * elementary::log(1 + i)));
  log_up += elementary::log1p(std::min(bet, bet_share_max / m) * (x - m));
  log_down += elementary::log1p(-std::min(bet, bet_share_max / (1 - m)) * (x - m));
  ++n;
  sum += x;
  const double distance = x - (0.5 + sum) / (i + 1);
  squares += distance * distance;
  return true;
}

double Betting::log_e() const {
  const double capitals[] = {log_up, log_down};
  return log_mean_exp(capitals);
}

}  // namespace rel::stats
