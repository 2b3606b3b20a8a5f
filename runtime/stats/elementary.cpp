// log: x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and log(1 + f) = 2 atanh(f / (2 + f)) by
// its Taylor series. exp: x = k log 2 + r with |r| <= log(2) / 2, and the Taylor series of exp(r).
// log 2 is split in two parts, the first of 33 bits, so that k times it is exact (Cody and Waite).
#include "runtime/stats/elementary.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace rel::elementary {
namespace {

constexpr double ln2_high = 0x1.62e42feep-1;
constexpr double ln2_low = 0x1.a39ef35793c76p-33;
constexpr double ln2_inverse = 0x1.71547652b82fep0;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr uint64_t fraction_mask = (uint64_t{1} << 52) - 1;
constexpr double sqrt2 = 0x1.6a09e667f3bcdp0;

// 2 atanh(s) = 2 s + s^3 (2/3 + 2/5 s^2 + ...), last term first: s^2 < 0.0295.
constexpr double atanh_series[] = {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                   2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};

// exp(r) = 1 + r + r^2 (1/2! + r/3! + ...), last term first: |r| < 0.347.
constexpr double exp_series[] = {
    1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
    1.0 / 362880,      1.0 / 40320,      1.0 / 5040,      1.0 / 720,      1.0 / 120,
    1.0 / 24,          1.0 / 6,          1.0 / 2};

// 2^k for -1022 <= k <= 1023.
double power_of_two(int k) { return std::bit_cast<double>(static_cast<uint64_t>(k + 1023) << 52); }

// y 2^k, rounded once also where the result is subnormal.
double scaled(double y, int k) {
  if (k > 1023) return y * power_of_two(1023) * power_of_two(k - 1023);
  if (k < -1021) return y * power_of_two(k + 100) * power_of_two(-100);
  return y * power_of_two(k);
}

// k log 2 + log(1 + f) + low, |f| <= sqrt(2) - 1, |low| tiny.
double log_sum(double k, double f, double low) {
  const double s = f / (2 + f);
  const double z = s * s;
  double tail = 0;
  for (const double coefficient : atanh_series) tail = tail * z + coefficient;
  // log(1 + f) = f - half + s (half + z tail), with half = f^2 / 2.
  const double half = 0.5 * f * f;
  const double rest = s * (half + z * tail) + (k * ln2_low + low);
  const double whole = k * ln2_high;
  const double head = whole + f;
  const double lost = whole == 0 ? 0 : (whole - head) + f;
  return head + (lost - (half - rest));
}

// log(x) + low for a finite x > 0.
double log_positive(double x, double low) {
  int k = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p54;
    k = -54;
  }
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  k += static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & fraction_mask) | uint64_t{1023} << 52);
  if (m > sqrt2) {
    m *= 0.5;
    ++k;
  }
  return log_sum(k, m - 1, low);
}

// What exp and expm1 share: x = k log 2 + r + low, and the rest of the series after 1 + r.
struct Reduced {
  int k;
  double r;
  double rest;
};

Reduced reduce(double x) {
  // Adding and taking away 1.5 * 2^52 rounds to the nearest integer.
  constexpr double shift = 0x1.8p52;
  const double k = (x * ln2_inverse + shift) - shift;
  const double high = x - k * ln2_high;
  const double low = k * ln2_low;
  const double r = high - low;
  double tail = 0;
  for (const double coefficient : exp_series) tail = tail * r + coefficient;
  const double error = (high - r) - low;
  return {static_cast<int>(k), r, r * r * tail + error * (1 + r)};
}

}  // namespace

double log(double x) {
  if (x > 0 && x < infinity) return log_positive(x, 0);
  if (x == 0) return -infinity;
  return x < 0 ? nan : x;
}

double log1p(double x) {
  if (x > sqrt2 / 2 - 1 && x < sqrt2 - 1) return log_sum(0, x, 0);
  if (!(x > -1) || x == infinity) return x == -1 ? -infinity : x < -1 ? nan : x;
  const double u = 1 + x;
  const double lost = x > 1 ? 1 - (u - x) : x - (u - 1);
  return log_positive(u, lost / u);
}

double exp(double x) {
  if (x != x) return x;
  if (x > 709.782712893384) return infinity;
  if (x < -745.1332191019412) return 0;
  const Reduced e = reduce(x);
  const double head = 1 + e.r;
  return scaled(head + (((1 - head) + e.r) + e.rest), e.k);
}

double expm1(double x) {
  if (x != x) return x;
  if (x > 709.782712893384) return infinity;
  if (x < -45) return -1;
  const Reduced e = reduce(x);
  if (e.k == 0) return e.r + e.rest;
  if (e.k > 60) return exp(x);
  // 2^k (1 - 2^-k + r + rest); from k = 54 on 1 - 2^-k is no double, and 2^-k joins the rest.
  const double one = power_of_two(-e.k);
  const double whole = e.k < 54 ? 1 - one : 1;
  const double small = e.k < 54 ? e.rest : e.rest - one;
  const double head = whole + e.r;
  return scaled(head + (((whole - head) + e.r) + small), e.k);
}

}  // namespace rel::elementary
