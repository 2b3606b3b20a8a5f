// Distances between histograms and what is certain of them.
#include "runtime/stats/drift.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"

namespace rel::stats {
namespace {

using elementary::log;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double total(std::span<const uint64_t> counts) {
  double sum = 0;
  for (const uint64_t count : counts) sum += static_cast<double>(count);
  return sum;
}

double psi_term(double c, double r) { return (c - r) * log(c / r); }

double js_term(double c, double r) {
  const double middle = 0.5 * (c + r);
  return 0.5 * (c * log(c / middle) + r * log(r / middle));
}

double hellinger_term(double c, double r) {
  const double apart = std::sqrt(c) - std::sqrt(r);
  return 0.5 * apart * apart;
}

double term(Divergence divergence, double c, double r) {
  switch (divergence) {
    case Divergence::psi: return psi_term(c, std::max(r, share_floor));
    case Divergence::js: return js_term(c, std::max(r, share_floor));
    case Divergence::tv: return 0.5 * std::fabs(c - r);
    case Divergence::hellinger: return hellinger_term(c, r);
  }
  return nan;
}

}  // namespace

Drift drift(std::span<const uint64_t> reference, std::span<const uint64_t> current) {
  const double n = total(reference);
  const double m = total(current);
  if (reference.size() != current.size() || n == 0 || m == 0) {
    return {nan, nan, nan, nan, nan, nan, nan};
  }
  Drift d{};
  double squares = 0;
  double cumulated = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double of_reference = static_cast<double>(reference[i]);
    const double of_current = static_cast<double>(current[i]);
    const double r = of_reference / n;
    const double c = of_current / m;
    const double floored_r = std::max(r, share_floor);
    const double floored_c = std::max(c, share_floor);
    d.psi += psi_term(floored_c, floored_r);
    d.js += js_term(floored_c, floored_r);
    d.kl += floored_c * log(floored_c / floored_r);
    cumulated += c - r;
    d.ks = std::max(d.ks, std::fabs(cumulated));
    d.tv += 0.5 * std::fabs(c - r);
    squares += hellinger_term(c, r);
    const double both = of_reference + of_current;
    if (both > 0) {
      const double expected_r = both * (n / (n + m));
      const double expected_c = both * (m / (n + m));
      d.chi2 += (of_reference - expected_r) * (of_reference - expected_r) / expected_r +
                (of_current - expected_c) * (of_current - expected_c) / expected_c;
    }
  }
  d.hellinger = std::sqrt(squares);
  return d;
}

double divergence_lower(Divergence divergence, std::span<const uint64_t> reference,
                        std::span<const uint64_t> current, double alpha, double n_opt) {
  const double n = total(reference);
  const double m = total(current);
  if (reference.size() != current.size() || n == 0 || m == 0) return nan;
  const double level = alpha / static_cast<double>(reference.size());
  const double kappa = kappa_at_samples(n_opt, level);
  double sum = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double r = static_cast<double>(reference[i]) / n;
    const Interval share = rate_interval(static_cast<double>(current[i]), m, kappa, level);
    if (share.low != share.low) return nan;
    const double nearest = std::clamp(r, share.low, share.high);
    if (nearest != r) sum += term(divergence, nearest, r);
  }
  return divergence == Divergence::hellinger ? std::sqrt(sum) : sum;
}

double two_sample_log_e(std::span<const uint64_t> reference, std::span<const uint64_t> current,
                        double pi, double kappa) {
  if (reference.size() != current.size()) return nan;
  double sum = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double c = static_cast<double>(current[i]);
    sum += beta_binomial_log_e(c, c + static_cast<double>(reference[i]), pi, kappa);
  }
  return sum;
}

}  // namespace rel::stats
