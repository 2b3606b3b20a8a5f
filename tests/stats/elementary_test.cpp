// log, exp, log1p and expm1 against the long double functions of the system, in units in the last
// place of the exact result.
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <random>

#include "runtime/stats/elementary.h"

using namespace rel;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Distance from the exact value in units in the last place.
double ulps(double got, long double exact) {
  if (got == static_cast<double>(exact)) return std::fabs(static_cast<double>(
      (static_cast<long double>(got) - exact) /
      (std::nextafter(std::fabs(got), infinity) - std::fabs(got))));
  const double near = std::fabs(static_cast<double>(exact));
  const long double unit = std::nextafter(near, infinity) - near;
  return static_cast<double>(std::fabs((static_cast<long double>(got) - exact) / unit));
}

template <typename Ours, typename Exact>
double worst(Ours ours, Exact exact, double low, double high) {
  std::mt19937_64 random(20261123);
  std::uniform_real_distribution<double> uniform(low, high);
  double largest = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double x = uniform(random);
    largest = std::max(largest, ulps(ours(x), exact(static_cast<long double>(x))));
  }
  return largest;
}

// Over every binary exponent.
template <typename Ours, typename Exact>
double worst_of_all_scales(Ours ours, Exact exact, int low, int high) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> fraction(1, 2);
  double largest = 0;
  for (int e = low; e <= high; ++e) {
    for (int i = 0; i < 50; ++i) {
      const double x = std::ldexp(fraction(random), e);
      largest = std::max(largest, ulps(ours(x), exact(static_cast<long double>(x))));
    }
  }
  return largest;
}

const auto exact_log = [](long double x) { return std::log(x); };
const auto exact_exp = [](long double x) { return std::exp(x); };
const auto exact_log1p = [](long double x) { return std::log1p(x); };
const auto exact_expm1 = [](long double x) { return std::expm1(x); };

}  // namespace

TEST_CASE("log is within one unit in the last place") {
  CHECK(worst(elementary::log, exact_log, 0.3, 3) < 1);
  CHECK(worst(elementary::log, exact_log, 1 - 1e-3, 1 + 1e-3) < 1);
  CHECK(worst_of_all_scales(elementary::log, exact_log, -1074, 1023) < 1);
}

TEST_CASE("exp is within one unit in the last place") {
  CHECK(worst(elementary::exp, exact_exp, -1, 1) < 1);
  CHECK(worst(elementary::exp, exact_exp, -700, 709) < 1);
  CHECK(worst(elementary::exp, exact_exp, -745, -708) < 1);
}

TEST_CASE("log1p is within one unit in the last place") {
  CHECK(worst(elementary::log1p, exact_log1p, -0.9999, 1) < 1);
  CHECK(worst(elementary::log1p, exact_log1p, -1e-3, 1e-3) < 1);
  CHECK(worst_of_all_scales(elementary::log1p, exact_log1p, -1000, 1023) < 1);
}

TEST_CASE("expm1 is within one unit in the last place") {
  CHECK(worst(elementary::expm1, exact_expm1, -1, 1) < 1);
  CHECK(worst(elementary::expm1, exact_expm1, -50, 50) < 1);
  CHECK(worst_of_all_scales(elementary::expm1, exact_expm1, -1000, 9) < 1);
}

TEST_CASE("special values are those of C99") {
  CHECK(elementary::log(0) == -infinity);
  CHECK(elementary::log(infinity) == infinity);
  CHECK(elementary::log(1) == 0);
  CHECK(std::isnan(elementary::log(-1)));
  CHECK(std::isnan(elementary::log(-infinity)));
  CHECK(elementary::exp(-infinity) == 0);
  CHECK(elementary::exp(infinity) == infinity);
  CHECK(elementary::exp(0) == 1);
  CHECK(elementary::exp(710) == infinity);
  CHECK(elementary::exp(-746) == 0);
  CHECK(elementary::exp(709.78271289338399) == std::exp(709.78271289338399));
  CHECK(elementary::log1p(-1) == -infinity);
  CHECK(elementary::log1p(infinity) == infinity);
  CHECK(std::isnan(elementary::log1p(-1.5)));
  CHECK(elementary::expm1(-infinity) == -1);
  CHECK(elementary::expm1(infinity) == infinity);
  CHECK(elementary::expm1(709.5) == std::expm1(709.5));
  for (const auto f : {elementary::log, elementary::exp, elementary::log1p, elementary::expm1}) {
    CHECK(std::isnan(f(std::numeric_limits<double>::quiet_NaN())));
  }
  CHECK(elementary::log(std::numeric_limits<double>::denorm_min()) == Approx(-744.4400719213812));
}
