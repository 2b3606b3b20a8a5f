// Reverse information projection for two Bernoulli arms.
#include "runtime/stats/ripr.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Alternatives are kept this far from 0 and 1. A changed alternative is still an e-value.
constexpr double theta_min = 1e-9;

bool is_rate(double p) { return p > 0 && p < 1; }

double clamped(double theta) { return std::clamp(theta, theta_min, 1 - theta_min); }

// Derivative, by the baseline's rate b, of the divergence from the alternative to (b + d, b).
double slope(double theta_c, double theta_b, double w, double d, double b) {
  const double c = b + d;
  return w * ((1 - theta_c) / (1 - c) - theta_c / c) +
         (1 - w) * ((1 - theta_b) / (1 - b) - theta_b / b);
}

// The root of `slope` in (low, high), which rises: Newton's step where it stays inside, else the
// middle. About five steps where bisection took fifty.
double root(double theta_c, double theta_b, double w, double d, double low, double high) {
  double b = low + 0.5 * (high - low);
  const double pooled = w * (theta_c - d) + (1 - w) * theta_b;
  if (pooled > low && pooled < high) b = pooled;
  for (int i = 0; i < 100; ++i) {
    const double value = slope(theta_c, theta_b, w, d, b);
    if (value == 0) return b;
    (value < 0 ? low : high) = b;
    const double c = b + d;
    const double rise = w * ((1 - theta_c) / ((1 - c) * (1 - c)) + theta_c / (c * c)) +
                        (1 - w) * ((1 - theta_b) / ((1 - b) * (1 - b)) + theta_b / (b * b));
    double next = b - value / rise;
    if (!(next > low) || !(next < high)) next = low + 0.5 * (high - low);
    const bool settled = next == b || std::fabs(next - b) <= 1e-16 * std::fabs(b);
    b = next;
    if (settled || b == low || b == high) break;
  }
  return b;
}

// k log(theta / null) + (n - k) log((1 - theta) / (1 - null)); 0 log 0 is 0.
double arm_log_factor(double n, double k, double theta, double null) {
  double sum = 0;
  if (k > 0) sum += k * elementary::log(theta / null);
  if (n > k) sum += (n - k) * elementary::log((1 - theta) / (1 - null));
  return sum;
}

}  // namespace

Projection reverse_projection(double theta_c, double theta_b, double w, double d) {
  if (!is_rate(theta_c) || !is_rate(theta_b) || !(w >= 0) || !(w <= 1) || !(std::fabs(d) < 1)) {
    return {nan, nan};
  }
  if (theta_c <= theta_b + d) return {theta_c, theta_b};
  if (d == 0) {
    const double pooled = w * theta_c + (1 - w) * theta_b;
    return {pooled, pooled};
  }
  // At b = theta_b only the candidate's term is left and is negative, at b = theta_c - d only the
  // baseline's, positive: the root lies between, and within the b for which both rates are rates.
  const double low = std::max({theta_b, 0.0, -d});
  const double high = std::min({theta_c - d, 1.0, 1 - d});
  const double b = root(theta_c, theta_b, w, d, low, high);
  return {b + d, b};
}

double projection_log_factor(const PaneCounts& pane, double theta_c, double theta_b,
                             const Projection& null) {
  if (!is_possible(pane)) return nan;
  return arm_log_factor(static_cast<double>(pane.n_c), static_cast<double>(pane.k_c), theta_c,
                        null.c) +
         arm_log_factor(static_cast<double>(pane.n_b), static_cast<double>(pane.k_b), theta_b,
                        null.b);
}

bool ripr_factors(const PaneCounts& past, const PaneCounts& pane, double d, double effect,
                  std::span<double, ripr_grid_size> log_factors) {
  if (!is_possible(past) || !is_possible(pane) || !(std::fabs(d) < 1) || !(effect > 0) ||
      !(effect < 1)) {
    return false;
  }
  std::ranges::fill(log_factors, 0.0);
  if (pane.n_c == 0 || pane.n_b == 0) return true;  // one arm alone: its projection is itself
  const double n_c = static_cast<double>(pane.n_c);
  const double w = n_c / (n_c + static_cast<double>(pane.n_b));
  const double theta_b = (static_cast<double>(past.k_b) + 1) / (static_cast<double>(past.n_b) + 2);
  const double plug_in = (static_cast<double>(past.k_c) + 1) / (static_cast<double>(past.n_c) + 2);
  const double alternatives[ripr_grid_size] = {theta_b + d + 0.5 * effect, theta_b + d + effect,
                                               theta_b + d + 2 * effect, plug_in};
  for (size_t j = 0; j < ripr_grid_size; ++j) {
    const double theta_c = clamped(alternatives[j]);
    const Projection null = reverse_projection(theta_c, clamped(theta_b), w, d);
    if (!is_rate(null.c) || !is_rate(null.b)) continue;
    log_factors[j] = projection_log_factor(pane, theta_c, clamped(theta_b), null);
  }
  return true;
}

PaneTaken Ripr::update(int64_t id, const PaneCounts& pane) {
  if (id <= last_pane) return PaneTaken::repeated;
  std::array<double, ripr_grid_size> factors;
  if (!ripr_factors(past, pane, d, effect, factors)) return PaneTaken::refused;
  last_pane = id;
  if (is_empty(pane)) return PaneTaken::empty;
  for (size_t j = 0; j < factors.size(); ++j) log_s[j] += factors[j];
  past = past + pane;
  return PaneTaken::taken;
}

double Ripr::log_e() const { return log_mean_exp(log_s); }

double estimated_difference(const PaneCounts& total) {
  if (!is_possible(total) || total.n_c == 0 || total.n_b == 0) return nan;
  return static_cast<double>(total.k_c) / static_cast<double>(total.n_c) -
         static_cast<double>(total.k_b) / static_cast<double>(total.n_b);
}

}  // namespace rel::stats
