// The label tilt.
#include "runtime/stats/label_tilt.h"

#include <algorithm>
#include <cmath>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

double total(std::span<const uint64_t> counts) {
  double sum = 0;
  for (const uint64_t count : counts) sum += static_cast<double>(count);
  return sum;
}

bool is_finite(double x) { return std::isfinite(x); }

}  // namespace

bool label_tilt_factors(const TiltPane& pane, double w, std::span<const double> theta,
                        std::span<double> log_factors) {
  const size_t buckets = pane.phi.size();
  if (pane.candidate.size() != buckets || pane.baseline.size() != buckets || !(w >= 0) ||
      !(w <= 1) || log_factors.size() != theta.size() ||
      !std::ranges::all_of(pane.phi, is_finite) || !std::ranges::all_of(theta, is_finite)) {
    return false;
  }
  for (size_t j = 0; j < theta.size(); ++j) {
    double sum = 0;
    for (size_t i = 0; i < buckets; ++i) {
      const double of_candidate = static_cast<double>(pane.candidate[i]);
      const double of_both = of_candidate + static_cast<double>(pane.baseline[i]);
      if (of_both == 0) continue;
      const double tilt = theta[j] * pane.phi[i];
      sum += of_candidate * tilt - of_both * elementary::log1p(w * elementary::expm1(tilt));
    }
    log_factors[j] = sum;
  }
  return true;
}

bool rank_scores(std::span<const uint64_t> reference, std::span<double> phi) {
  const double n = total(reference);
  if (n == 0 || phi.size() != reference.size()) return false;
  double below = 0;
  for (size_t i = 0; i < phi.size(); ++i) {
    const double here = static_cast<double>(reference[i]);
    phi[i] = 2 * ((below + 0.5 * here) / n) - 1;
    below += here;
  }
  return true;
}

bool capped_scores(std::span<const double> values, double cap, std::span<double> phi) {
  if (!(cap > 0) || !std::isfinite(cap) || values.size() != phi.size()) return false;
  if (!std::ranges::all_of(values, [](double v) { return v >= 0; })) return false;
  for (size_t i = 0; i < values.size(); ++i) phi[i] = std::min(values[i], cap) / cap;
  return true;
}

PaneTaken LabelTilt::update(int64_t id, const TiltPane& pane) {
  const double n_c = total(pane.candidate);
  const double n = n_c + total(pane.baseline);
  return update(id, pane, n == 0 ? 0 : n_c / n);
}

PaneTaken LabelTilt::update(int64_t id, const TiltPane& pane, double known_share) {
  if (id <= last_pane) return PaneTaken::repeated;
  std::array<double, tilt_grid_size> theta = tilt_grid;
  if (worse == Worse::lower) {
    for (double& t : theta) t = -t;
  }
  std::array<double, tilt_grid_size> factors;
  if (!label_tilt_factors(pane, known_share, theta, factors)) return PaneTaken::refused;
  if (!std::ranges::all_of(factors, is_finite)) return PaneTaken::refused;
  last_pane = id;
  if (total(pane.candidate) + total(pane.baseline) == 0) return PaneTaken::empty;
  for (size_t j = 0; j < factors.size(); ++j) log_s[j] += factors[j];
  return PaneTaken::taken;
}

bool LabelTilt::merge(const LabelTilt& other) {
  if (worse != other.worse) return false;
  for (size_t j = 0; j < log_s.size(); ++j) log_s[j] += other.log_s[j];
  last_pane = std::max(last_pane, other.last_pane);
  return true;
}

double LabelTilt::log_e() const { return log_mean_exp(log_s); }

}  // namespace rel::stats
