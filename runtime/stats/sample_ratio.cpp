// The Dirichlet-multinomial mixture.
#include "runtime/stats/sample_ratio.h"

#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

// Shares that a configuration states as decimals may miss 1 by rounding.
constexpr double shares_tolerance = 1e-9;

}  // namespace

// log Gamma(kappa) - log Gamma(kappa + n) + sum [log Gamma(kappa t + c) - log Gamma(kappa t) - c
// log t], every log Gamma by Stirling's formula, so that the large terms meet in the deviances.
double multinomial_log_e(std::span<const uint64_t> counts, std::span<const double> shares,
                         double kappa) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (counts.size() != shares.size() || counts.size() < 2 || !(kappa > 0)) return nan;
  if (!std::isfinite(kappa)) return nan;
  double total = 0;
  double whole = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!(shares[i] > 0) || !(shares[i] < 1)) return nan;
    total += static_cast<double>(counts[i]);
    whole += shares[i];
  }
  if (std::fabs(whole - 1) > shares_tolerance) return nan;
  const double mass = kappa + total;
  double sum = 0.5 * elementary::log(mass / kappa) + stirling_error(kappa) - stirling_error(mass);
  for (size_t i = 0; i < counts.size(); ++i) {
    const double count = static_cast<double>(counts[i]);
    const double prior = kappa * shares[i];
    const double x = prior + count;
    sum += deviance(x, mass * shares[i], count - total * shares[i]) -
           0.5 * elementary::log(x / prior) + stirling_error(x) - stirling_error(prior);
  }
  return sum;
}

}  // namespace rel::stats
