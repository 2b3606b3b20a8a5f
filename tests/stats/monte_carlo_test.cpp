// A short Monte Carlo run with a fixed seed: continuous peeking for 24 hours under H0 (both arms at
// 1 %, 100 requests a second, 1 % to the candidate, a look every 15 s). The pane grid keeps its
// level; the naive z test does not, which shows that the simulation can tell them apart.
#include <catch2/catch.hpp>

#include <cmath>
#include <random>

#include "runtime/stats/pane_grid.h"

using namespace rel::stats;

namespace {

constexpr int runs = 2000;
constexpr int looks = 5760;
constexpr double error_rate = 0.01;
constexpr uint64_t requests = 1500;  // in a pane of 15 s
constexpr double share = 0.01;

// Draws by table inversion, so that the stream depends on the seed alone and not on the library.
class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  // Binomial by inversion from 0, for small means.
  uint64_t binomial(uint64_t n, double p) {
    double u = static_cast<double>(random_() >> 11) * 0x1p-53;
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

 private:
  std::mt19937_64 random_;
};

double z_score(const PaneCounts& t) {
  const double n_c = static_cast<double>(t.n_c), n_b = static_cast<double>(t.n_b);
  const double p_c = static_cast<double>(t.k_c) / n_c, p_b = static_cast<double>(t.k_b) / n_b;
  const double pooled = static_cast<double>(t.k_c + t.k_b) / (n_c + n_b);
  const double spread = std::sqrt(pooled * (1 - pooled) * (1 / n_c + 1 / n_b));
  return spread > 0 ? (p_c - p_b) / spread : 0;
}

}  // namespace

TEST_CASE("under continuous peeking the pane grid keeps its level and a naive z test does not") {
  Draw draw(1000);
  int grid_fired = 0, naive_fired = 0, not_taken = 0;
  for (int run = 0; run < runs; ++run) {
    PaneGrid grid;
    PaneCounts total;
    bool grid_fires = false, naive_fires = false;
    for (int t = 0; t < looks && !(grid_fires && naive_fires); ++t) {
      PaneCounts pane;
      pane.n_c = draw.binomial(requests, share);
      pane.n_b = requests - pane.n_c;
      pane.k_c = draw.binomial(pane.n_c, error_rate);
      pane.k_b = draw.binomial(pane.n_b, error_rate);
      not_taken += grid.update(t, pane) != PaneTaken::taken;
      total = total + pane;
      grid_fires |= evidence_verdict(grid.log_e(), 0.05) == rel::Verdict::is_true;
      naive_fires |= total.n_c > 0 && z_score(total) > 1.6448536269514722;
    }
    grid_fired += grid_fires;
    naive_fired += naive_fires;
  }
  CAPTURE(grid_fired, naive_fired);
  CHECK(not_taken == 0);
  // alpha + 3 standard errors of 2000 runs.
  CHECK(grid_fired <= 0.065 * runs);
  CHECK(naive_fired >= 0.45 * runs);
}
