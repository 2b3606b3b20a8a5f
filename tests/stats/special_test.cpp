// The special functions in log space against Boost where it holds, and in the tails where it does
// not.
#include <catch2/catch.hpp>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/special.h"

using namespace rel::stats;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool near(double got, double want, double tolerance) {
  INFO("got " << got << ", want " << want);
  return std::fabs(got - want) <= tolerance * std::max(1.0, std::fabs(want));
}

}  // namespace

TEST_CASE("log_gamma agrees with Boost over its range") {
  for (const long double x :
       {1e-300L, 1e-10L, 0.1L, 0.5L, 1.0L, 1.5L, 2.0L, 3.7L, 14.9L, 15.1L, 170.6L, 1e6L, 1e12L}) {
    CAPTURE(x);
    CHECK(near(log_gamma(static_cast<double>(x)), boost::math::lgamma(x), 1e-14));
  }
  CHECK(std::isnan(log_gamma(0)));
  CHECK(std::isnan(log_gamma(-0.5)));
}

TEST_CASE("both tails of the beta distribution agree with Boost where Boost has a number") {
  for (const double a : {0.02, 0.5, 1.0, 7.3, 120.0, 5e4}) {
    for (const double b : {0.4, 1.0, 33.0, 4e3, 1e6}) {
      for (const double p : {1e-6, 0.001, 0.02, 0.3, 0.5, 0.9, 0.999}) {
        CAPTURE(a, b, p);
        const LogTails tails = log_beta_tails(a, b, p);
        const long double exact[] = {a, b, p};
        const long double lower = boost::math::ibeta(exact[0], exact[1], exact[2]);
        const long double upper = boost::math::ibetac(exact[0], exact[1], exact[2]);
        if (lower > 1e-290L) CHECK(near(tails.lower, std::log(lower), 1e-11));
        if (upper > 1e-290L) CHECK(near(tails.upper, std::log(upper), 1e-11));
      }
    }
  }
}

TEST_CASE("both tails of the gamma distribution agree with Boost") {
  for (const double a : {0.3, 0.5, 1.0, 4.0, 77.0, 5e4}) {
    for (const double ratio : {0.01, 0.5, 0.99, 1.0, 1.01, 2.0, 5.0}) {
      CAPTURE(a, ratio);
      const LogTails tails = log_gamma_tails(a, a * ratio);
      const long double exact[] = {a, a * ratio};
      const long double lower = boost::math::gamma_p(exact[0], exact[1]);
      const long double upper = boost::math::gamma_q(exact[0], exact[1]);
      if (lower > 1e-4000L) CHECK(near(tails.lower, std::log(lower), 1e-11));
      if (upper > 1e-4000L) CHECK(near(tails.upper, std::log(upper), 1e-11));
    }
  }
}

TEST_CASE("log Phi holds far out in the tail") {
  CHECK(near(log_normal_cdf(0), std::log(0.5), 1e-15));
  CHECK(near(log_normal_cdf(-1.959963984540054), std::log(0.025), 1e-12));
  CHECK(near(log_normal_cdf(5), std::log1p(-2.866515718791939e-07), 1e-12));
  // Asymptotic series -z^2/2 - log(z sqrt(2 pi)) + log(1 - 1/z^2 + 3/z^4 - 15/z^6) at z = 100.
  const double series = std::log1p(-1e-4 + 3e-8 - 15e-12);
  CHECK(near(log_normal_cdf(-100), -5000 - std::log(100 * std::sqrt(2 * M_PI)) + series, 1e-14));
  CHECK(near(normal_upper_quantile(0.025), 1.959963984540054, 1e-14));
}

// The incomplete beta function underflows on a long healthy run (p = 1 % against H0: p <= 2 %); a
// floor of 1e-300 under its logarithm then leaves the huge two-sided evidence standing.
TEST_CASE("a healthy run does not fire where a floored incomplete beta would") {
  const double k = 8640, n = 864'000, p0 = 0.02, kappa = 200;
  const double a = kappa * p0, b = kappa * (1 - p0);
  const double floored = std::max(boost::math::ibetac(a + k, b + n - k, p0), 1e-300);
  const double naive = beta_binomial_log_e(k, n, p0, kappa) + std::log(floored) -
                       std::log(boost::math::ibetac(a, b, p0));
  CHECK(naive > std::log(1 / 0.05));
  CHECK(log_beta_tails(a + k, b + n - k, p0).upper < -2000);
  CHECK(beta_binomial_log_e_greater(k, n, p0, kappa) < -5);
  for (double units = 1e3; units < 1e9; units *= 10) {
    CHECK(beta_binomial_log_e_greater(0.01 * units, units, p0, kappa) < 0);
  }
}

TEST_CASE("log sums hold at any magnitude") {
  const double huge[] = {1e5, 1e5};
  CHECK(near(log_sum_exp(huge), 1e5 + std::log(2.0), 1e-15));
  const double none[] = {-infinity, -infinity};
  CHECK(log_sum_exp(none) == -infinity);
  CHECK(near(log1m_exp(-1e-20), std::log(1e-20), 1e-14));
  CHECK(log1m_exp(-800) == 0);
  CHECK(log1m_exp(0) == -infinity);
}

TEST_CASE("a continued fraction that does not converge is not a number, never a floor") {
  const double shape = 1e17;
  const LogTails tails = log_beta_tails(shape, shape, 0.5);
  CHECK((std::isnan(tails.lower) || near(tails.lower, std::log(0.5), 1e-6)));
}

TEST_CASE("the lower incomplete gamma function holds for negative arguments") {
  // gamma(1, y) / y = (1 - exp(-y)) / y for any y.
  for (const double y : {-0.5, -3.0, -40.0, -2000.0}) {
    CAPTURE(y);
    CHECK(near(log_lower_gamma_scaled(1, y), -y + std::log1p(-std::exp(y)) - std::log(-y), 1e-11));
  }
  CHECK(near(log_lower_gamma_scaled(1, 3), std::log((1 - std::exp(-3.0)) / 3), 1e-13));
  // Gamma(-1, y) y = E_2(y), E_2(1) = 0.148495506775922.
  CHECK(near(log_upper_gamma_scaled(-1, 1), std::log(0.148495506775922), 1e-12));
}
