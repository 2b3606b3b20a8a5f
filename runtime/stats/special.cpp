// Special functions in log space.
#include "runtime/stats/special.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/lambert_w.hpp>
#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"

namespace rel::stats {
namespace {

using elementary::exp;
using elementary::expm1;
using elementary::log;
using elementary::log1p;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.693147180559945309417;
constexpr double half_log_2pi = 0.918938533204672741780;

// Steps of a continued fraction or series. The number needed grows with the root of the parameters.
constexpr int steps_max = 300'000;
constexpr double step_precision = 1e-16;

// Errors of Boost come back as NaN; nothing throws.
using Quiet = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::promote_double<false>>;

// A logarithm of a probability that rounding took above 0; NaN stays NaN.
double at_most_zero(double x) { return x > 0 ? 0 : x; }

double away_from_zero(double x) { return x == 0 ? 1e-300 : x; }

// log of the continued fraction K with I_p(a, b) = p^a q^b K / (a B(a, b)); modified Lentz.
double log_beta_fraction(double a, double b, double p) {
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * p / (a + 1));
  double h = d;
  for (int m = 1; m <= steps_max; ++m) {
    const double even = a + 2.0 * m;
    double term = m * (b - m) * p / ((even - 1) * even);
    d = 1 / away_from_zero(1 + term * d);
    c = away_from_zero(1 + term / c);
    h *= d * c;
    term = -(a + m) * (a + b + m) * p / (even * (even + 1));
    d = 1 / away_from_zero(1 + term * d);
    c = away_from_zero(1 + term / c);
    const double step = d * c;
    h *= step;
    if (std::fabs(step - 1) < step_precision) return log(h);
  }
  return nan;
}

// log of the continued fraction F with Gamma(a, y) = y^a exp(-y) F; modified Lentz.
double log_gamma_fraction(double a, double y) {
  double b = y + 1 - a;
  double c = 1e300;
  double d = 1 / away_from_zero(b);
  double h = d;
  for (int i = 1; i <= steps_max; ++i) {
    const double term = -i * (i - a);
    b += 2;
    d = 1 / away_from_zero(term * d + b);
    c = away_from_zero(b + term / c);
    const double step = d * c;
    h *= step;
    if (std::fabs(step - 1) < step_precision) return log(h);
  }
  return nan;
}

// log of the series G with gamma(a, y) = y^a exp(-y) G, y >= 0.
double log_gamma_series(double a, double y) {
  double term = 1 / a;
  double sum = term;
  for (int k = 1; k <= steps_max; ++k) {
    term *= y / (a + k);
    sum += term;
    if (term < sum * step_precision) return log(sum);
  }
  return nan;
}

// log(y^a exp(-y) / Gamma(a)).
double log_gamma_density(double a, double y) {
  return 0.5 * log(a) - half_log_2pi - stirling_error(a) - deviance(a, y, a - y);
}

}  // namespace

double log_sum_exp(std::span<const double> x) {
  double top = -infinity;
  for (const double v : x) {
    if (v != v) return v;
    top = std::max(top, v);
  }
  if (top == -infinity || top == infinity) return top;
  double sum = 0;
  for (const double v : x) sum += exp(v - top);
  return top + log(sum);
}

double log_mean_exp(std::span<const double> x) {
  return log_sum_exp(x) - log(static_cast<double>(x.size()));
}

double log_add_exp(double a, double b) {
  const double pair[] = {a, b};
  return log_sum_exp(pair);
}

double log1m_exp(double x) {
  if (x > 0) return nan;
  return x > -ln2 ? log(-expm1(x)) : log1p(-exp(x));
}

double log_gamma(double x) {
  if (!(x > 0)) return nan;
  if (x == infinity) return infinity;
  return (x - 0.5) * log(x) - x + half_log_2pi + stirling_error(x);
}

double stirling_error(double x) {
  if (!(x > 0)) return nan;
  double shifted = 0;
  for (; x < 15; x += 1) shifted += (x + 0.5) * log1p(1 / x) - 1;
  const double r = 1 / x;
  const double z = r * r;
  double series = -691.0 / 360360;
  for (const double term : {1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12}) {
    series = series * z + term;
  }
  return shifted + series * r;
}

double deviance(double x, double m, double excess) {
  if (!(x >= 0) || !(m > 0)) return nan;
  if (x == 0) return m;
  if (std::fabs(excess) > 0.1 * (x + m)) return x * log(x / m) - excess;
  // x log(x / m) = 2 x atanh(v), and 2 x v - excess = excess v.
  const double v = excess / (x + m);
  const double z = v * v;
  double power = 2 * x * v * z;
  double sum = excess * v;
  for (int odd = 3; odd < 100; odd += 2) {
    const double next = sum + power / odd;
    if (next == sum) break;
    sum = next;
    power *= z;
  }
  return sum;
}

double log_beta_over(double a, double b, double p, double q, double excess) {
  const double n = a + b;
  return deviance(a, n * p, excess) + deviance(b, n * q, -excess) -
         0.5 * (log(a) + log(b / n)) + half_log_2pi + stirling_error(a) + stirling_error(b) -
         stirling_error(n);
}

LogTails log_beta_tails(double a, double b, double p) {
  return log_beta_tails(a, b, p, 1 - p, a - (a + b) * p);
}

LogTails log_beta_tails(double a, double b, double p, double q, double excess) {
  if (!(a > 0) || !(b > 0) || !(p >= 0) || !(q >= 0)) return {nan, nan};
  if (p == 0) return {-infinity, 0};
  if (q == 0) return {0, -infinity};
  const double density = -log_beta_over(a, b, p, q, excess);
  if (p * (a + b + 2) < a + 1) {
    const double lower = at_most_zero(density - log(a) + log_beta_fraction(a, b, p));
    return {lower, log1m_exp(lower)};
  }
  const double upper = at_most_zero(density - log(b) + log_beta_fraction(b, a, q));
  return {log1m_exp(upper), upper};
}

LogTails log_gamma_tails(double a, double y) {
  if (!(a > 0) || !(y >= 0)) return {nan, nan};
  if (y == 0) return {-infinity, 0};
  const double density = log_gamma_density(a, y);
  if (y < a + 1) {
    const double lower = at_most_zero(density + log_gamma_series(a, y));
    return {lower, log1m_exp(lower)};
  }
  const double upper = at_most_zero(density + log_gamma_fraction(a, y));
  return {log1m_exp(upper), upper};
}

double log_upper_gamma_scaled(double a, double y) {
  if (!(y > 0) || a != a) return nan;
  if (a <= 0 || y >= a + 1) return log_gamma_fraction(a, y) - y;
  return log_gamma_tails(a, y).upper - log_gamma_density(a, y) - y;
}

double log_lower_gamma_scaled(double a, double y) {
  if (!(a > 0) || y != y) return nan;
  if (y >= a + 1) return log_gamma_tails(a, y).lower - log_gamma_density(a, y) - y;
  if (y >= 0) return log_gamma_series(a, y) - y;
  // M(a, a + 1, u) / a = exp(u) E[1 / (a + N)] for N Poisson with mean u = -y.
  const double u = -y;
  if (u > 1e6) return u - log(a + u);  // Jensen: below by less than a part in a million
  const double reach = 12 * std::sqrt(u) + 40;
  double sum = 0;
  for (double k = std::max(0.0, std::floor(u - reach)); k <= u + reach; k += 1) {
    sum += exp(k * log(u) - log_gamma(k + 1) - u) / (a + k);
  }
  return u + log(sum);
}

double log_normal_cdf(double z) {
  if (z != z) return z;
  const double tail = log_gamma_tails(0.5, 0.5 * z * z).upper - ln2;  // of |z|
  return z < 0 ? tail : log1m_exp(tail);
}

double normal_cdf(double z) { return exp(log_normal_cdf(z)); }

double normal_upper_quantile(double tail) {
  if (!(tail > 0) || !(tail < 1)) return nan;
  return std::sqrt(2.0) * boost::math::erfc_inv(2 * tail, Quiet());
}

double lambert_w_lower(double x) { return boost::math::lambert_wm1(x, Quiet()); }

}  // namespace rel::stats
