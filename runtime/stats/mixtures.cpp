// Mixture supermartingales and their boundaries.
#include "runtime/stats/mixtures.h"

#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

using elementary::log;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.693147180559945309417;

bool can_be(double s, double v, double rho) {
  return std::isfinite(s) && v >= 0 && std::isfinite(v) && rho > 0 && std::isfinite(rho);
}

// The least s >= 0 at which `log_e`, which rises there, reaches log(1 / alpha).
template <typename LogE>
double crossing(LogE log_e, double v, double rho, double alpha) {
  const double threshold = evidence_threshold(alpha);
  if (threshold != threshold || !can_be(0, v, rho)) return nan;
  double low = 0;
  double high = 1 + std::sqrt(v + rho);
  for (int doubling = 0; !(log_e(high) >= threshold); ++doubling) {
    if (doubling == 200 || log_e(high) != log_e(high)) return nan;
    low = high;
    high *= 2;
  }
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (low + high);
    (log_e(middle) < threshold ? low : high) = middle;
  }
  return high;
}

}  // namespace

double normal_mixture_log_e(double s, double v, double rho) {
  if (!can_be(s, v, rho)) return nan;
  return 0.5 * log(rho / (v + rho)) + s * s / (2 * (v + rho));
}

double normal_mixture_one_sided_log_e(double s, double v, double rho) {
  return normal_mixture_log_e(s, v, rho) + ln2 + log_normal_cdf(s / std::sqrt(v + rho));
}

double gamma_exponential_log_e(double s, double v, double rho, double c) {
  if (!can_be(s, v, rho) || !(c > 0)) return nan;
  const double square = c * c;
  const double r = rho / square;
  const double a = (v + rho) / square;
  const double y = (c * s + v + rho) / square;
  return (c * s + v) / square + log_lower_gamma_scaled(a, y) - log_lower_gamma_scaled(r, r);
}

double gamma_poisson_log_e(double s, double v, double rho, double c) {
  if (!can_be(s, v, rho) || !(c > 0)) return nan;
  const double square = c * c;
  const double r = rho / square;
  const double a = (c * s + v + rho) / square;
  const double y = (v + rho) / square;
  return v / square + log_upper_gamma_scaled(a, y) - log_upper_gamma_scaled(r, r);
}

double normal_mixture_bound(double v, double rho, double alpha) {
  const double threshold = evidence_threshold(alpha);
  if (threshold != threshold || !can_be(0, v, rho)) return nan;
  return std::sqrt((v + rho) * (log((v + rho) / rho) + 2 * threshold));
}

double normal_mixture_one_sided_bound(double v, double rho, double alpha) {
  return crossing([=](double s) { return normal_mixture_one_sided_log_e(s, v, rho); }, v, rho,
                  alpha);
}

double gamma_exponential_bound(double v, double rho, double c, double alpha) {
  return crossing([=](double s) { return gamma_exponential_log_e(s, v, rho, c); }, v, rho, alpha);
}

double gamma_poisson_bound(double v, double rho, double c, double alpha) {
  return crossing([=](double s) { return gamma_poisson_log_e(s, v, rho, c); }, v, rho, alpha);
}

double mixture_rho(double v_opt, double alpha) {
  return v_opt > 0 ? v_opt / tuning_constant(alpha) : nan;
}

double mixture_rho_one_sided(double v_opt, double alpha) {
  return v_opt > 0 && alpha < 0.5 ? v_opt / tuning_constant(2 * alpha) : nan;
}

}  // namespace rel::stats
