// E-values by exact enumeration: over every outcome of a small sample, under a distribution of the
// null, the expectation of each e-process is at most 1, at every fixed time and at the stopping
// time "first time above a threshold". Where the null is a point, it is exactly 1.
#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/label_tilt.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/stats/poisson.h"
#include "runtime/stats/ripr.h"
#include "runtime/stats/sample_ratio.h"
#include "runtime/stats/start_mixture.h"

using namespace rel::stats;

namespace {

constexpr double slack = 1 + 1e-12;

double binomial(uint64_t n, uint64_t k, double p) {
  return std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0)) *
         std::pow(p, static_cast<double>(k)) * std::pow(1 - p, static_cast<double>(n - k));
}

struct Arms {
  uint64_t n_c, n_b;
};

// Expectations over all outcomes of several panes of an evidence state: at the end, and at the
// first pane where log E reaches `stop` (else the end).
struct Expectation {
  double at_end = 0;
  double stopped = 0;
};

template <typename State>
void enumerate(const std::vector<Arms>& panes, size_t t, double p_c, double p_b, double stop,
               const State& state, double probability, bool is_stopped, Expectation& sum) {
  if (t == panes.size()) {
    sum.at_end += probability * std::exp(state.log_e());
    if (!is_stopped) sum.stopped += probability * std::exp(state.log_e());
    return;
  }
  for (uint64_t k_c = 0; k_c <= panes[t].n_c; ++k_c) {
    for (uint64_t k_b = 0; k_b <= panes[t].n_b; ++k_b) {
      State next = state;
      REQUIRE(next.update(static_cast<int64_t>(t), {panes[t].n_c, k_c, panes[t].n_b, k_b}) ==
              PaneTaken::taken);
      const double here = probability * binomial(panes[t].n_c, k_c, p_c) *
                          binomial(panes[t].n_b, k_b, p_b);
      const bool stops = !is_stopped && next.log_e() >= stop;
      if (stops) sum.stopped += here * std::exp(next.log_e());
      enumerate(panes, t + 1, p_c, p_b, stop, next, here, is_stopped || stops, sum);
    }
  }
}

template <typename State>
Expectation expectation(const std::vector<Arms>& panes, double p_c, double p_b, double stop,
                        const State& state) {
  Expectation sum;
  enumerate(panes, 0, p_c, p_b, stop, state, 1, false, sum);
  return sum;
}

// Evidence of the pane grid through a start mixture, restarted at every pane.
struct Restarting {
  StartMixture mixture =
      start_mixture({.grid = ratio_grid_size, .restart_every = 1, .horizon_panes = 3});

  PaneTaken update(int64_t id, const PaneCounts& pane) {
    std::array<double, ratio_grid_size> factors;
    REQUIRE(pane_grid_factors(pane, 1, factors));
    return mixture.update(id, factors);
  }
  double log_e() const { return mixture.log_e(); }
};

const std::vector<std::vector<Arms>> designs = {
    {{3, 2}, {1, 5}, {4, 1}}, {{6, 6}}, {{1, 7}, {2, 2}}};

}  // namespace

TEST_CASE("the pane grid's expectation is at most 1 on its null, also when stopped") {
  for (const double r0 : {0.8, 1.0, 1.2, 3.0}) {
    for (const double p_b : {0.01, 0.1, 0.3}) {
      for (const double part : {0.5, 1.0}) {
        PaneGrid state;
        state.r0 = r0;
        for (const auto& panes : designs) {
          CAPTURE(r0, p_b, part, panes.size());
          const auto sum = expectation(panes, part * r0 * p_b, p_b, std::log(1.3), state);
          CHECK(sum.at_end <= slack);
          CHECK(sum.stopped <= slack);
        }
      }
    }
  }
}

TEST_CASE("RIPr's expectation is at most 1 on its null, also when stopped") {
  for (const double d : {-0.1, 0.0, 0.05}) {
    for (const double p_b : {0.12, 0.3, 0.6, 0.9}) {
      for (const double below : {0.0, 0.02}) {
        Ripr state;
        state.d = d;
        state.effect = 0.1;
        for (const auto& panes : designs) {
          CAPTURE(d, p_b, below, panes.size());
          const auto sum = expectation(panes, p_b + d - below, p_b, std::log(1.3), state);
          CHECK(sum.at_end <= slack);
          CHECK(sum.stopped <= slack);
        }
      }
    }
  }
}

TEST_CASE("a start mixture's expectation is at most 1, also when stopped") {
  for (const double p : {0.05, 0.4}) {
    for (const auto& panes : designs) {
      const auto sum = expectation(panes, p, p, std::log(1.2), Restarting{});
      CHECK(sum.at_end <= slack);
      CHECK(sum.stopped <= slack);
    }
  }
}

TEST_CASE("the beta-binomial's expectation is 1 at its null and at most 1 on a one-sided one") {
  for (const double p0 : {0.02, 0.3, 0.5}) {
    for (const double kappa : {0.5, 7.0, 400.0}) {
      for (const uint64_t n : {1, 5, 12}) {
        CAPTURE(p0, kappa, n);
        double two = 0, greater = 0, greater_below = 0, less_above = 0;
        for (uint64_t k = 0; k <= n; ++k) {
          const double s = static_cast<double>(k), units = static_cast<double>(n);
          const double at_null = binomial(n, k, p0);
          two += at_null * std::exp(beta_binomial_log_e(s, units, p0, kappa));
          greater += at_null * std::exp(beta_binomial_log_e_greater(s, units, p0, kappa));
          greater_below += binomial(n, k, 0.6 * p0) *
                           std::exp(beta_binomial_log_e_greater(s, units, p0, kappa));
          less_above += binomial(n, k, 1.5 * p0) *
                        std::exp(beta_binomial_log_e_less(s, units, p0, kappa));
        }
        CHECK(two == Approx(1).epsilon(1e-12));
        CHECK(greater == Approx(1).epsilon(1e-12));
        CHECK(greater_below <= slack);
        CHECK(less_above <= slack);
      }
    }
  }
}

TEST_CASE("a beta-binomial stopped at its first crossing has expectation 1") {
  const double p0 = 0.2, kappa = 5;
  double stopped = 0;
  const std::function<void(int, int, double)> walk = [&](int n, int k, double probability) {
    const double log_e = beta_binomial_log_e_greater(k, n, p0, kappa);
    if (n == 12 || log_e >= std::log(3)) {
      stopped += probability * std::exp(log_e);
      return;
    }
    walk(n + 1, k + 1, probability * p0);
    walk(n + 1, k, probability * (1 - p0));
  };
  walk(0, 0, 1);
  CHECK(stopped == Approx(1).epsilon(1e-12));
}

TEST_CASE("the multinomial and Poisson mixtures have expectation 1 at their nulls") {
  const std::vector<double> shares = {0.2, 0.3, 0.5};
  const uint64_t n = 8;
  double sum = 0;
  for (uint64_t i = 0; i <= n; ++i) {
    for (uint64_t j = 0; i + j <= n; ++j) {
      const std::vector<uint64_t> counts = {i, j, n - i - j};
      const double probability = binomial(n, i, shares[0]) * binomial(n - i, j, 0.3 / 0.8);
      sum += probability * std::exp(multinomial_log_e(counts, shares, 30));
    }
  }
  CHECK(sum == Approx(1).epsilon(1e-12));

  const double rate = 0.7, seconds = 4;
  double two = 0, greater = 0;
  for (int k = 0; k < 200; ++k) {
    const double probability =
        std::exp(k * std::log(rate * seconds) - rate * seconds - std::lgamma(k + 1.0));
    two += probability * std::exp(poisson_log_e(k, seconds, rate, 4));
    greater += probability * std::exp(poisson_log_e_greater(k, seconds, rate, 4));
  }
  CHECK(two == Approx(1).epsilon(1e-10));
  CHECK(greater == Approx(1).epsilon(1e-10));
}

// Three buckets, one value at a time, given its arm at random with share w.
TEST_CASE("the label tilt's expectation is at most 1 for every stochastically ordered pair") {
  const std::array<double, 3> phi = {-1, 0.2, 1};
  const double w = 0.3;
  const std::vector<std::pair<std::array<double, 3>, std::array<double, 3>>> laws = {
      {{0.2, 0.3, 0.5}, {0.2, 0.3, 0.5}},
      {{0.4, 0.3, 0.3}, {0.2, 0.3, 0.5}},
      {{0.2, 0.5, 0.3}, {0.2, 0.3, 0.5}}};
  for (const auto& [candidate, baseline] : laws) {
    double sum = 0;
    for (size_t bucket = 0; bucket < 3; ++bucket) {
      for (const bool of_candidate : {false, true}) {
        std::array<uint64_t, 3> c{}, b{};
        (of_candidate ? c : b)[bucket] = 1;
        LabelTilt state;
        REQUIRE(state.update(0, {phi, c, b}, w) == PaneTaken::taken);
        const double probability =
            of_candidate ? w * candidate[bucket] : (1 - w) * baseline[bucket];
        sum += probability * std::exp(state.log_e());
      }
    }
    CHECK(sum <= slack);
    if (candidate == baseline) CHECK(sum == Approx(1).epsilon(1e-14));
  }
}

TEST_CASE("a projection onto the null is a maximum: no null has an expectation above 1") {
  const Projection null = reverse_projection(0.3, 0.1, 0.25, 0.05);
  CHECK(null.c - null.b == Approx(0.05));
  double largest = 0;
  for (int i = 0; i <= 400; ++i) {
    for (int j = 0; j <= 400; ++j) {
      const double p_b = i / 400.0, p_c = j / 400.0;
      if (p_c > p_b + 0.05 + 1e-12) continue;
      // One pane of one candidate's request among four, to the power of its share.
      const double c = p_c * 0.3 / null.c + (1 - p_c) * 0.7 / (1 - null.c);
      const double b = p_b * 0.1 / null.b + (1 - p_b) * 0.9 / (1 - null.b);
      largest = std::max(largest, c * b * b * b);
    }
  }
  CHECK(largest <= 1 + 1e-12);
  CHECK(largest > 0.999);
}
