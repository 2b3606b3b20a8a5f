// Group sequential bounds by numerical recursion.
#include "runtime/stats/group_sequential.h"

#include <boost/math/special_functions/erf.hpp>
#include <cmath>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

constexpr int cells = 600;           // of Simpson's rule, even
constexpr double reach = 9;          // standard deviations below 0 that still count
constexpr double z_max = 40;
constexpr double root_2pi_inverse = 0.398942280401432677940;

double normal_upper(double z) { return 0.5 * boost::math::erfc(z * std::sqrt(0.5)); }

// Density of the Brownian motion B(t) over the paths that crossed no boundary yet, on a grid.
struct Density {
  double low = 0;
  double step = 0;
  std::vector<double> weighted;  // density times Simpson's weight

  double at(int i) const { return low + step * i; }
};

double simpson_weight(int i, double step) {
  if (i == 0 || i == cells) return step / 3;
  return (i % 2 == 1 ? 4 : 2) * step / 3;
}

// Probability to be above `bound` after another `dt`.
double crossing(const Density& before, double dt, double bound) {
  const double root = std::sqrt(dt);
  if (before.weighted.empty()) return normal_upper(bound / root);
  double sum = 0;
  for (int i = 0; i <= cells; ++i) {
    sum += before.weighted[i] * normal_upper((bound - before.at(i)) / root);
  }
  return sum;
}

Density advance(const Density& before, double t, double dt, double bound) {
  Density next;
  next.low = -reach * std::sqrt(t);
  next.step = (bound - next.low) / cells;
  next.weighted.resize(cells + 1);
  const double root = std::sqrt(dt);
  const auto kernel = [root](double distance) {
    const double z = distance / root;
    return root_2pi_inverse / root * elementary::exp(-0.5 * z * z);
  };
  for (int j = 0; j <= cells; ++j) {
    const double y = next.at(j);
    double density = 0;
    if (before.weighted.empty()) {
      density = kernel(y);
    } else {
      for (int i = 0; i <= cells; ++i) density += before.weighted[i] * kernel(y - before.at(i));
    }
    next.weighted[j] = density * simpson_weight(j, next.step);
  }
  return next;
}

double spent_at(double t, double alpha, Spending spending) {
  switch (spending) {
    case Spending::obrien_fleming:
      return 2 * normal_upper(normal_upper_quantile(alpha / 2) / std::sqrt(t));
    case Spending::pocock: return alpha * elementary::log1p(elementary::expm1(1) * t);
  }
  return 0;
}

bool are_fractions(std::span<const double> fractions) {
  double before = 0;
  for (const double t : fractions) {
    if (!(t > before) || !(t <= 1)) return false;
    before = t;
  }
  return !fractions.empty();
}

}  // namespace

std::vector<Look> group_sequential_bounds(std::span<const double> fractions, double alpha,
                                          Spending spending) {
  if (!are_fractions(fractions) || !(alpha > 0) || !(alpha < 1)) return {};
  std::vector<Look> looks;
  Density density;
  double t = 0;
  double spent = 0;
  for (const double next : fractions) {
    const double dt = next - t;
    const double total = spent_at(next, alpha, spending);
    double low = -z_max, high = z_max;
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      const double crossed = crossing(density, dt, middle * std::sqrt(next));
      (crossed > total - spent ? low : high) = middle;
    }
    looks.push_back({total, high});
    density = advance(density, next, dt, high * std::sqrt(next));
    t = next;
    spent = total;
  }
  return looks;
}

}  // namespace rel::stats
