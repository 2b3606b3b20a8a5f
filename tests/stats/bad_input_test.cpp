// Bad data never makes a number: for every function and every mix of NaN, infinities, zeros, full
// counts, shares of 0 and 1 and counts of 1e15, the answer is NaN ("unknown") or a number whose
// meaning is right, and it comes in bounded time.
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "runtime/stats/asymptotic.h"
#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/bounded_mean.h"
#include "runtime/stats/drift.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/group_sequential.h"
#include "runtime/stats/label_tilt.h"
#include "runtime/stats/mixtures.h"
#include "runtime/stats/model_quality.h"
#include "runtime/stats/noninferiority.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/stats/poisson.h"
#include "runtime/stats/power.h"
#include "runtime/stats/quantile.h"
#include "runtime/stats/ripr.h"
#include "runtime/stats/sample_ratio.h"
#include "runtime/stats/start_mixture.h"

using namespace rel;
using namespace rel::stats;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

const std::vector<double> counts = {0, 1, 7, 1e3, 1e15, -1, not_a_number, infinity, -infinity};
const std::vector<double> shares = {0,   1e-12, 0.01, 0.5,          1 - 1e-12,
                                    1.0, -0.1,  1.1,  not_a_number, infinity};
const std::vector<double> positives = {1e-3, 1, 1e6, 0, -1, not_a_number, infinity};

bool unknown_or_finite(double x) { return std::isnan(x) || std::isfinite(x); }

bool is_count(double x) { return x >= 0 && std::isfinite(x); }

}  // namespace

TEST_CASE("beta-binomial evidence of any input is unknown or finite") {
  for (const double n : counts) {
    for (const double k : counts) {
      for (const double p : shares) {
        for (const double kappa : positives) {
          CAPTURE(k, n, p, kappa);
          const bool can_be = is_count(n) && is_count(k) && k <= n && p > 0 && p < 1 &&
                              kappa > 0 && std::isfinite(kappa);
          for (const double log_e : {beta_binomial_log_e(k, n, p, kappa),
                                     beta_binomial_log_e_greater(k, n, p, kappa),
                                     beta_binomial_log_e_less(k, n, p, kappa)}) {
            CHECK(unknown_or_finite(log_e));
            if (!can_be) CHECK(std::isnan(log_e));
          }
          if (can_be) CHECK(std::isfinite(beta_binomial_log_e(k, n, p, kappa)));
        }
      }
    }
  }
}

TEST_CASE("no data at all is no evidence, and all or none of it is finite") {
  CHECK(beta_binomial_log_e(0, 0, 0.1, 10) == Approx(0).margin(1e-14));
  CHECK(beta_binomial_log_e_greater(0, 0, 0.1, 10) == Approx(0).margin(1e-14));
  CHECK(poisson_log_e(0, 0, 2, 4) == Approx(0).margin(1e-14));
  for (const double n : {1.0, 1e3, 1e9}) {
    CHECK(beta_binomial_log_e_greater(n, n, 0.01, 100) > 0);
    CHECK(beta_binomial_log_e_greater(0, n, 0.01, 100) < 0);
    CHECK(std::isfinite(beta_binomial_log_e_less(0, n, 0.01, 100)));
  }
}

TEST_CASE("intervals of any input are unknown or within their range") {
  for (const double n : counts) {
    for (const double k : counts) {
      for (const double alpha : {0.05, 0.0, 1.0, not_a_number}) {
        for (const Interval i : {rate_interval(k, n, 100, alpha),
                                 rate_interval_fixed_prior(k, n, 0.5, 0.5, alpha)}) {
          CAPTURE(k, n, alpha, i.low, i.high);
          const bool can_be = is_count(n) && is_count(k) && k <= n && alpha > 0 && alpha < 1;
          if (!can_be) CHECK(std::isnan(i.low));
          if (!std::isnan(i.low)) {
            CHECK(0 <= i.low);
            CHECK(i.low <= i.high);
            CHECK(i.high <= 1);
          }
        }
      }
    }
  }
  const Interval nothing = rate_interval(0, 0, 100, 0.05);
  CHECK(nothing.low == 0);
  CHECK(nothing.high == 1);
}

TEST_CASE("Poisson evidence of any input is unknown or finite") {
  for (const double k : counts) {
    for (const double seconds : counts) {
      for (const double rate : positives) {
        CAPTURE(k, seconds, rate);
        CHECK(unknown_or_finite(poisson_log_e(k, seconds, rate, 4)));
        CHECK(unknown_or_finite(poisson_log_e_greater(k, seconds, rate, 4)));
        if (!is_count(k) || !is_count(seconds)) {
          CHECK(std::isnan(poisson_log_e(k, seconds, rate, 4)));
        }
      }
    }
  }
}

TEST_CASE("evidence states of any counts refuse or stay finite") {
  const std::vector<uint64_t> whole = {0, 1, 500, 1'000'000'000'000'000};
  for (const uint64_t n_c : whole) {
    for (const uint64_t k_c : whole) {
      for (const uint64_t n_b : whole) {
        for (const uint64_t k_b : whole) {
          CAPTURE(n_c, k_c, n_b, k_b);
          const PaneCounts pane{n_c, k_c, n_b, k_b};
          PaneGrid grid;
          Ripr ripr;
          CHECK((grid.update(0, pane) == PaneTaken::refused) == !is_possible(pane));
          CHECK((ripr.update(0, pane) == PaneTaken::refused) == !is_possible(pane));
          CHECK((ripr.update(1, pane) == PaneTaken::refused) == !is_possible(pane));
          CHECK(std::isfinite(grid.log_e()));
          CHECK(std::isfinite(ripr.log_e()));
          if (n_c == 0 || n_b == 0) CHECK(grid.log_e() == Approx(0).margin(1e-14));
        }
      }
    }
  }
}

TEST_CASE("parameters of evidence states that cannot be make them refuse") {
  for (const double bad : {not_a_number, infinity, 0.0, -1.0}) {
    PaneGrid grid;
    grid.r0 = bad;
    CHECK(grid.update(0, {10, 1, 10, 1}) == PaneTaken::refused);
  }
  for (const double bad : {not_a_number, infinity, 1.0, -1.0}) {
    Ripr ripr;
    ripr.d = bad;
    CHECK(ripr.update(0, {10, 1, 10, 1}) == PaneTaken::refused);
    ripr = Ripr{};
    ripr.effect = bad;
    CHECK(ripr.update(0, {10, 1, 10, 1}) == PaneTaken::refused);
  }
  const double factors[] = {0.1, not_a_number};
  StartMixture mixture = start_mixture({.grid = 2, .restart_every = 1, .horizon_panes = 4});
  CHECK(mixture.update(0, factors) == PaneTaken::refused);
  CHECK(mixture.log_e() == Approx(0).margin(1e-14));
  CHECK(std::isnan(start_mixture({.grid = 9, .restart_every = 1, .horizon_panes = 4}).log_e()));
  CHECK(std::isnan(start_mixture({.grid = 2, .restart_every = 0, .horizon_panes = 4}).log_e()));
  std::vector<double> out(1);
  const std::vector<double> grid = {2};
  for (const double pi : shares) {
    const bool taken = known_share_factors(3, 5, pi, 1, grid, out);
    CHECK(taken == (pi >= 0 && pi <= 1));
  }
}

TEST_CASE("the label tilt refuses what has no meaning") {
  const std::vector<double> phi = {-1, 1}, broken = {not_a_number, 1};
  const std::vector<uint64_t> one = {1, 2}, three = {1, 2, 3};
  LabelTilt state;
  CHECK(state.update(0, {phi, three, one}) == PaneTaken::refused);
  CHECK(state.update(0, {broken, one, one}) == PaneTaken::refused);
  CHECK(state.update(0, {phi, one, one}, not_a_number) == PaneTaken::refused);
  CHECK(state.update(0, {phi, one, one}, 1.5) == PaneTaken::refused);
  CHECK(state.update(0, {phi, one, one}, 1.0) == PaneTaken::taken);
  CHECK(std::isfinite(state.log_e()));
}

TEST_CASE("mixtures and their bounds of any input are unknown or finite") {
  for (const double s : {0.0, 1.0, -5.0, 1e15, not_a_number, infinity}) {
    for (const double v : counts) {
      for (const double rho : positives) {
        CAPTURE(s, v, rho);
        CHECK(unknown_or_finite(normal_mixture_log_e(s, v, rho)));
        CHECK(unknown_or_finite(normal_mixture_one_sided_log_e(s, v, rho)));
        if (v < 1e6 || !(v == v)) {
          CHECK_FALSE(gamma_exponential_log_e(s, v, rho, 1) == infinity);
          CHECK_FALSE(gamma_poisson_log_e(s, v, rho, 1) == infinity);
        }
      }
    }
  }
  CHECK(std::isnan(normal_mixture_bound(10, 5, 0)));
  CHECK(std::isnan(gamma_exponential_bound(not_a_number, 5, 1, 0.05)));
}

TEST_CASE("comparisons of means need a spread and two values") {
  const Moments one{.n = 1, .mean = 3, .m2 = 0}, same{.n = 10, .mean = 3, .m2 = 0};
  const Moments fine{.n = 1000, .mean = 3, .m2 = 500};
  for (const auto& d : {mean_difference(one, fine), mean_difference(Moments{}, fine),
                        mean_difference(same, same)}) {
    CHECK(std::isnan(asymptotic_log_e(d, 0, 0.01)));
    CHECK(std::isnan(asymptotic_log_e_greater(d, 0, 0.01)));
    CHECK(std::isnan(asymptotic_half(d, 0.01, 0.05)));
    CHECK(std::isnan(sequential_t_log_e(d, 0, 0.01)));
    const Comparison c = compare_with_margin(d, 0.1, Better::higher, 0.01, 0.05);
    CHECK(std::isnan(c.half_one));
    CHECK_FALSE((c.noninferior || c.superior || c.inferior || c.equivalent || c.futile));
  }
  CHECK(std::isnan(moments_of_sums(10, 100, 50).mean));  // sum of squares below n mean^2
  CHECK(std::isnan(asymptotic_log_e(mean_difference(fine, fine), not_a_number, 0.01)));
}

TEST_CASE("counts, histograms and plans that cannot be are unknown") {
  const std::vector<uint64_t> some = {5, 5}, none = {0, 0};
  CHECK(std::isnan(multinomial_log_e(some, std::vector<double>{0.5, 0.6}, 100)));
  CHECK(std::isnan(multinomial_log_e(some, std::vector<double>{0.0, 1.0}, 100)));
  CHECK(std::isnan(multinomial_log_e(some, std::vector<double>{0.5, 0.5}, not_a_number)));
  CHECK(std::isfinite(multinomial_log_e(std::vector<uint64_t>{1'000'000'000'000'000, 1},
                                        std::vector<double>{0.5, 0.5}, 1e4)));
  CHECK(std::isnan(drift(none, some).psi));
  CHECK(std::isnan(drift(some, none).ks));
  CHECK(std::isnan(confusion_shares({}).accuracy));
  CHECK(std::isnan(confusion_shares({.tn = 5}).precision));
  CHECK(std::isnan(fairness(std::vector<Confusion>{{1, 1, 1, 1}, {0, 0, 5, 0}})
                       .opportunity_difference));
  CHECK(std::isnan(discrimination({none, some, {}}).auc));
  CHECK_FALSE(quantile_ranks(100, 1, 10, 0.05).known);
  CHECK_FALSE(quantile_ranks(100, 0.5, 10, not_a_number).known);
  CHECK(quantile_ranks(0, 0.5, 10, 0.05).known);
  CHECK(std::isnan(dkw_constant(0)));
  CHECK(std::isnan(dkw_bound(10, 100, 8)));
  CHECK(group_sequential_bounds(std::vector<double>{0.5, 0.4}, 0.025, Spending::pocock).empty());
  for (const double bad : {not_a_number, 0.0, 1.0, infinity, -1.0}) {
    CHECK(std::isnan(rate_power({.base_rate = 0.01, .share = bad, .per_second = 10,
                                 .duration_s = 60}).seconds));
  }
  CHECK(evidence_verdict(not_a_number, 0.05) == Verdict::insufficient);
  CHECK(evidence_verdict(100, not_a_number) == Verdict::insufficient);
  CHECK(evidence_verdict(100, 0.05) == Verdict::is_true);
  CHECK(evidence_verdict(2.9, 0.05) == Verdict::is_false);
}
