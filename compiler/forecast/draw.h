// Random numbers of forecasts and of the Monte Carlo runs: from the seed alone, the same with every
// library. Input: a seed. Output: uniform, normal, binomial and geometric draws. Owner: one run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

namespace rel {

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1p-53; }

  double normal() {
    return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform());
  }

  // By inversion from 0, in parts small enough that the first mass does not vanish.
  uint64_t binomial(uint64_t n, double p) {
    if (p <= 0) return 0;
    if (p > 0.5) return n - binomial(n, 1 - p);
    const double part = std::max(1.0, std::floor(300 / std::max(p * 300, 1.0)));
    uint64_t k = 0;
    while (n > 0) {
      const uint64_t m = p * static_cast<double>(n) < 300
                             ? n
                             : std::min<uint64_t>(n, static_cast<uint64_t>(part * 100));
      k += small_binomial(m, p);
      n -= m;
    }
    return k;
  }

 private:
  uint64_t small_binomial(uint64_t n, double p) {
    double u = uniform();
    double mass = std::exp(static_cast<double>(n) * std::log1p(-p));
    const double odds = p / (1 - p);
    uint64_t k = 0;
    while (u > mass && k < n) {
      u -= mass;
      mass *= odds * static_cast<double>(n - k) / static_cast<double>(k + 1);
      ++k;
    }
    return k;
  }

  std::mt19937_64 random_;
};

}  // namespace rel
