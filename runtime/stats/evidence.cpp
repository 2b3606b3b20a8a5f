// Reading of evidence and tuning of mixtures.
#include "runtime/stats/evidence.h"

#include <algorithm>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double e_inverse = 0.367879441171442321596;

bool is_level(double alpha) { return alpha > 0 && alpha < 1; }

}  // namespace

Verdict evidence_verdict(double log_e, double alpha) {
  if (log_e != log_e || !is_level(alpha)) return Verdict::insufficient;
  return log_e >= evidence_threshold(alpha) ? Verdict::is_true : Verdict::is_false;
}

double evidence_threshold(double alpha) {
  return is_level(alpha) ? -elementary::log(alpha) : nan;
}

double evidence_p_value(double log_e) {
  return log_e <= 0 ? 1.0 : elementary::exp(-log_e);
}

double tuning_constant(double alpha) {
  const double twice = 2 * evidence_threshold(alpha);
  return twice + elementary::log1p(twice);
}

double tuning_constant_exact(double alpha) {
  if (!is_level(alpha)) return nan;
  return -lambert_w_lower(-alpha * alpha * e_inverse) - 1;
}

double kappa_at_samples(double n_opt, double alpha) {
  if (!(n_opt > 0)) return nan;
  const double kappa = n_opt / tuning_constant(alpha) - 1;
  return kappa != kappa ? nan : std::max(kappa, 1e-3);
}

double kappa_at_effect(double p0, double delta) {
  if (!(p0 > 0) || !(p0 < 1) || !(delta != 0)) return nan;
  const double kappa = (1 - p0) / (p0 * delta * delta) - 1;
  return kappa != kappa ? nan : std::max(kappa, 0.5);
}

}  // namespace rel::stats
