// The gamma mixture of Poisson likelihoods.
#include "runtime/stats/poisson.h"

#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

bool can_be(double k, double seconds, double rate0, double shape) {
  return k >= 0 && std::isfinite(k) && seconds >= 0 && std::isfinite(seconds * rate0) &&
         rate0 > 0 && shape > 0 && std::isfinite(shape);
}

}  // namespace

// a log b - log Gamma(a) + log Gamma(a + k) - (a + k) log(b + T) + rate0 T - k log rate0 with
// b = a / rate0, arranged so that the large terms meet in the deviance.
double poisson_log_e(double k, double seconds, double rate0, double shape) {
  if (!can_be(k, seconds, rate0, shape)) return std::numeric_limits<double>::quiet_NaN();
  const double expected = rate0 * seconds;
  const double x = shape + k;
  return deviance(x, shape + expected, k - expected) - 0.5 * elementary::log(x / shape) +
         stirling_error(x) - stirling_error(shape);
}

double poisson_log_e_greater(double k, double seconds, double rate0, double shape) {
  if (!can_be(k, seconds, rate0, shape)) return std::numeric_limits<double>::quiet_NaN();
  return poisson_log_e(k, seconds, rate0, shape) +
         log_gamma_tails(shape + k, shape + rate0 * seconds).upper -
         log_gamma_tails(shape, shape).upper;
}

}  // namespace rel::stats
