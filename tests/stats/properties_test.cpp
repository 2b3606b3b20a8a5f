// Order, merging, repeated panes, directions and combinations.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "runtime/stats/asymptotic.h"
#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/bounded_mean.h"
#include "runtime/stats/combine.h"
#include "runtime/stats/drift.h"
#include "runtime/stats/label_tilt.h"
#include "runtime/stats/log_mapping.h"
#include "runtime/stats/noninferiority.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/stats/power.h"
#include "runtime/stats/quantile.h"
#include "runtime/stats/ripr.h"
#include "runtime/stats/start_mixture.h"

using namespace rel;
using namespace rel::stats;

static_assert(std::is_trivially_copyable_v<PaneGrid>);
static_assert(std::is_trivially_copyable_v<StartMixture>);
static_assert(std::is_trivially_copyable_v<ShiryaevRoberts>);
static_assert(std::is_trivially_copyable_v<Ripr>);
static_assert(std::is_trivially_copyable_v<LabelTilt>);
static_assert(std::is_trivially_copyable_v<BoundedMean>);
static_assert(std::is_trivially_copyable_v<Betting>);
static_assert(std::is_trivially_copyable_v<Moments>);

namespace {

std::vector<PaneCounts> some_panes(size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<PaneCounts> panes(count);
  for (PaneCounts& p : panes) {
    p.n_c = random() % 40;
    p.n_b = random() % 400;
    p.k_c = p.n_c == 0 ? 0 : random() % (p.n_c / 4 + 1);
    p.k_b = p.n_b == 0 ? 0 : random() % (p.n_b / 8 + 1);
  }
  return panes;
}

template <typename State>
State fed(State state, const std::vector<PaneCounts>& panes, size_t first, size_t last) {
  for (size_t t = first; t < last; ++t) {
    REQUIRE(state.update(static_cast<int64_t>(t), panes[t]) != PaneTaken::refused);
  }
  return state;
}

}  // namespace

TEST_CASE("the order of panes does not matter to the pane grid") {
  auto panes = some_panes(60, 1);
  const double forward = fed(PaneGrid{}, panes, 0, panes.size()).log_e();
  std::ranges::reverse(panes);
  CHECK(fed(PaneGrid{}, panes, 0, panes.size()).log_e() == Approx(forward).epsilon(1e-12));
}

TEST_CASE("merged evidence of disjoint panes is the evidence of all of them") {
  const auto panes = some_panes(50, 2);
  const PaneGrid whole = fed(PaneGrid{}, panes, 0, 50);
  PaneGrid merged = fed(PaneGrid{}, panes, 0, 20);
  REQUIRE(merged.merge(fed(PaneGrid{}, panes, 20, 50)));
  CHECK(merged.log_e() == Approx(whole.log_e()).epsilon(1e-12));
  CHECK(merged.last_pane == whole.last_pane);
  PaneGrid other;
  other.r0 = 1.2;
  CHECK_FALSE(merged.merge(other));
}

TEST_CASE("a pane offered twice enters once, and the state after it is the same bits") {
  const auto panes = some_panes(10, 3);
  PaneGrid grid = fed(PaneGrid{}, panes, 0, 10);
  const PaneGrid before = grid;
  CHECK(grid.update(9, panes[9]) == PaneTaken::repeated);
  CHECK(grid.update(4, panes[4]) == PaneTaken::repeated);
  CHECK(std::memcmp(&grid, &before, sizeof grid) == 0);
  Ripr ripr = fed(Ripr{}, panes, 0, 10);
  CHECK(ripr.update(9, panes[9]) == PaneTaken::repeated);
  // A restart that replays from a checkpoint ends where the uninterrupted run does.
  PaneGrid restored = fed(PaneGrid{}, panes, 0, 6);
  for (size_t t = 3; t < 10; ++t) {
    const PaneTaken taken = restored.update(static_cast<int64_t>(t), panes[t]);
    CHECK((taken == PaneTaken::repeated) == (t < 6));
  }
  CHECK(restored.log_e() == grid.log_e());
}

TEST_CASE("counts that cannot be are refused and change nothing") {
  PaneGrid grid;
  CHECK(grid.update(1, {10, 11, 10, 0}) == PaneTaken::refused);
  CHECK(grid.update(1, {10, 0, 10, 11}) == PaneTaken::refused);
  CHECK(grid.last_pane == INT64_MIN);
  CHECK(grid.update(1, {0, 0, 0, 0}) == PaneTaken::empty);
  CHECK(grid.log_e() == Approx(0).margin(1e-15));
  CHECK(Ripr{}.update(1, {10, 11, 10, 0}) == PaneTaken::refused);
}

TEST_CASE("evidence goes the way of the data") {
  const std::vector<PaneCounts> worse(50, {100, 10, 900, 30});
  const std::vector<PaneCounts> better(50, {100, 1, 900, 90});
  CHECK(fed(PaneGrid{}, worse, 0, 50).log_e() > 50);
  CHECK(fed(PaneGrid{}, better, 0, 50).log_e() < -1);
  CHECK(fed(Ripr{}, worse, 0, 50).log_e() > 50);
  CHECK(fed(Ripr{}, better, 0, 50).log_e() < -1);
  // "Better" is "worse" with the arms exchanged.
  std::vector<PaneCounts> exchanged;
  for (const PaneCounts& p : better) exchanged.push_back(swapped(p));
  CHECK(fed(PaneGrid{}, exchanged, 0, 50).log_e() > 50);
}

TEST_CASE("a true drop of exactly the margin does not fire its strict form") {
  const std::vector<PaneCounts> two_points(400, {500, 60, 500, 50});
  Ripr strict;
  strict.d = 0.02;
  CHECK(fed(strict, two_points, 0, 400).log_e() < 3);
  const Ripr any_drop = fed(Ripr{}, two_points, 0, 400);
  CHECK(any_drop.log_e() > 20);
  CHECK(estimated_difference(any_drop.past) == Approx(0.02));
}

TEST_CASE("labels that are missing can only weaken the finding that the candidate is worse") {
  const auto panes = some_panes(80, 5);
  PaneGrid labelled, worst_case;
  for (size_t t = 0; t < panes.size(); ++t) {
    REQUIRE(labelled.update(static_cast<int64_t>(t), panes[t]) != PaneTaken::refused);
    // The same units, with three candidate failures and two baseline successes not labelled.
    PaneCounts p = panes[t];
    const uint64_t gone_c = std::min<uint64_t>(p.k_c, 3);
    const uint64_t gone_b = std::min<uint64_t>(p.n_b - p.k_b, 2);
    const PaneCounts known{p.n_c - gone_c, p.k_c - gone_c, p.n_b - gone_b, p.k_b};
    const PaneCounts filled = with_missing_labels(known, gone_c, gone_b);
    CHECK(filled.n_c == p.n_c);
    CHECK(filled.n_b == p.n_b);
    REQUIRE(worst_case.update(static_cast<int64_t>(t), filled) != PaneTaken::refused);
  }
  CHECK(worst_case.log_e() <= labelled.log_e());
}

TEST_CASE("the label tilt merges, follows direction and ignores the order of panes") {
  const std::vector<double> phi = {-0.9, -0.3, 0.3, 0.9};
  const std::vector<uint64_t> low = {9, 5, 2, 1}, high = {1, 2, 5, 9}, flat = {50, 50, 50, 50};
  LabelTilt worse;
  REQUIRE(worse.update(0, {phi, high, flat}) == PaneTaken::taken);
  CHECK(worse.log_e() > 1);
  LabelTilt lower_is_worse;
  lower_is_worse.worse = Worse::lower;
  REQUIRE(lower_is_worse.update(0, {phi, low, flat}) == PaneTaken::taken);
  CHECK(lower_is_worse.log_e() == Approx(worse.log_e()).epsilon(1e-12));
  CHECK_FALSE(worse.merge(lower_is_worse));
  LabelTilt second, both = worse;
  REQUIRE(second.update(1, {phi, low, flat}) == PaneTaken::taken);
  REQUIRE(both.update(1, {phi, low, flat}) == PaneTaken::taken);
  REQUIRE(second.merge(worse));
  CHECK(second.log_e() == Approx(both.log_e()).epsilon(1e-12));
  std::vector<double> scores(4);
  REQUIRE(rank_scores(flat, scores));
  CHECK(scores == std::vector<double>{-0.75, -0.25, 0.25, 0.75});
  CHECK_FALSE(rank_scores(std::vector<uint64_t>(4, 0), scores));
}

TEST_CASE("moments and bounded means merge to what one pass gives") {
  std::mt19937_64 random(6);
  std::normal_distribution<double> normal(1e9, 3);
  Moments whole, parts[3];
  for (int i = 0; i < 3000; ++i) {
    const double x = normal(random);
    REQUIRE(whole.add(x));
    REQUIRE(parts[i % 3].add(x));
  }
  parts[0].merge(parts[1]);
  parts[0].merge(parts[2]);
  CHECK(parts[0].mean == Approx(whole.mean).epsilon(1e-14));
  CHECK(parts[0].variance() == Approx(whole.variance()).epsilon(1e-8));
  CHECK(whole.variance() == Approx(9).epsilon(0.1));
  CHECK_FALSE(whole.add(NAN));
  BoundedMean a, b;
  for (int i = 0; i < 100; ++i) REQUIRE((i % 2 ? a : b).add(i / 100.0));
  const double v = a.v + b.v;
  a.merge(b);
  CHECK(a.n == 100);
  CHECK(a.v == v);
  CHECK(a.mean() == Approx(0.495));
  CHECK_FALSE(a.add(1.0000001));
}

TEST_CASE("a start mixture sees a late change sooner than the cumulative grid") {
  PaneGrid cumulative;
  StartMixture mixture =
      start_mixture({.grid = ratio_grid_size, .restart_every = 60, .horizon_panes = 3600});
  int64_t cumulative_at = 0, mixture_at = 0;
  for (int64_t t = 0; t < 3600 && (cumulative_at == 0 || mixture_at == 0); ++t) {
    // Both arms at 1 %, the candidate at 2 % from pane 2400 on, in expected counts times 100.
    const uint64_t k_c = t < 2400 ? 10 : 20;
    const PaneCounts pane{1000, k_c, 9000, 90};
    std::array<double, ratio_grid_size> factors;
    REQUIRE(pane_grid_factors(pane, 1, factors));
    for (double& f : factors) f /= 20;  // fewer events a pane, the same expectation
    REQUIRE(mixture.update(t, factors) == PaneTaken::taken);
    for (size_t j = 0; j < factors.size(); ++j) cumulative.log_s[j] += factors[j];
    if (cumulative_at == 0 && cumulative.log_e() >= std::log(100)) cumulative_at = t;
    if (mixture_at == 0 && mixture.log_e() >= std::log(100)) mixture_at = t;
  }
  CHECK(mixture_at > 2400);
  CHECK((cumulative_at == 0 || mixture_at < cumulative_at));
}

TEST_CASE("a Shiryaev-Roberts statistic grows by one a pane without evidence") {
  ShiryaevRoberts state;
  state.grid = 2;
  const double nothing[] = {0, 0};
  for (int64_t t = 0; t < 10; ++t) REQUIRE(state.update(t, nothing) == PaneTaken::taken);
  CHECK(std::exp(state.log_r_mean()) == Approx(10).epsilon(1e-12));
}

TEST_CASE("closed testing finds no less than Bonferroni and agrees with all subsets") {
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal(1.5, 2.5);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<double> log_e(1 + random() % 8);
    for (double& x : log_e) x = normal(random);
    const double alpha = trial % 2 ? 0.05 : 0.2;
    std::vector<uint32_t> by_subsets;
    for (uint32_t i = 0; i < log_e.size(); ++i) {
      bool rejected = true;
      for (uint32_t set = 0; set < 1u << log_e.size(); ++set) {
        if (!(set >> i & 1)) continue;
        double sum = 0;
        for (uint32_t j = 0; j < log_e.size(); ++j) sum += set >> j & 1 ? std::exp(log_e[j]) : 0;
        rejected &= sum / std::popcount(set) >= 1 / alpha;
      }
      if (rejected) by_subsets.push_back(i);
    }
    CHECK(closed_mean(log_e, alpha) == by_subsets);
    const auto bonferroni = e_bonferroni(log_e, alpha);
    CHECK(std::ranges::includes(by_subsets, bonferroni));
    CHECK(std::ranges::includes(e_benjamini_hochberg(log_e, alpha), bonferroni));
  }
}

TEST_CASE("segments that are not known are the safe side in lists and unknown in the mean") {
  const std::vector<double> log_e = {NAN, 10, 800};
  CHECK(closed_mean(log_e, 0.05) == std::vector<uint32_t>{1, 2});
  CHECK(e_benjamini_hochberg(log_e, 0.05) == std::vector<uint32_t>{1, 2});
  CHECK(std::isnan(log_e_any(log_e)));
  const std::vector<double> known = {0, 3}, weights = {0.5, 0.25};
  CHECK(log_e_any(known, weights) == Approx(std::log(0.75 + 0.25 * std::exp(3))));
  CHECK(std::isnan(log_e_any(known, std::vector<double>{0.9, 0.2})));
  double sum = 0;
  for (uint64_t k = 1; k < 100'000; ++k) sum += arrival_weight(k);
  CHECK(sum < 1);
  CHECK(sum > 0.9999);
}

TEST_CASE("a confidence sequence is the set that its e-process does not exclude") {
  const double kappa = 50, alpha = 0.05;
  const Interval rate = rate_interval(30, 400, kappa, alpha);
  CHECK(beta_binomial_log_e(30, 400, rate.low, kappa) == Approx(std::log(20)).epsilon(1e-6));
  CHECK(beta_binomial_log_e(30, 400, rate.high, kappa) == Approx(std::log(20)).epsilon(1e-6));
  const GroupCount groups[] = {{30, 400}, {90, 400}, {50, 400}};
  const Interval gap = rate_gap_interval(groups, 3, kappa, alpha);
  CHECK(gap.low < 0.15);
  CHECK(gap.high > 0.15);
  CHECK(gap.low > 0);
}

TEST_CASE("McNemar needs discordant pairs only and goes one way") {
  CHECK(mcnemar_log_e(0, 0, 10) == Approx(0).margin(1e-12));
  CHECK(mcnemar_log_e(40, 10, 10) > 5);
  CHECK(mcnemar_log_e(10, 40, 10) < 0);
}

TEST_CASE("the literal quantile ratio fires far off the margin and never on equal histograms") {
  const std::vector<double> edges = {0, 1, 2, 4, 8, 16, 32};
  const std::vector<uint64_t> base = {0, 9000, 600, 380, 18, 2};
  const std::vector<uint64_t> slow = {0, 7000, 600, 900, 900, 600};
  const Histogram b{edges, base}, c{edges, slow};
  CHECK(quantile_ratio_log_e(c, b, 0.99, 1, 100, 100) > 10);
  CHECK(quantile_ratio_log_e(b, b, 0.99, 1, 100, 100) < 0);
  CHECK(quantile_ratio_log_e(b, c, 0.99, 1, 100, 100) < 0);
  const Interval p99 = quantile_interval(b, 0.99, 1000, 0.05);
  CHECK(p99.low == 4);
  CHECK(p99.high == 8);
  CHECK(std::isnan(quantile_interval({edges, std::vector<uint64_t>{1, 2}}, 0.5, 10, 0.05).low));
}

TEST_CASE("divergences have a lower bound that is 0 without drift and below the estimate") {
  const std::vector<uint64_t> r = {500, 300, 150, 40, 10}, same = {5000, 3000, 1500, 400, 100};
  const std::vector<uint64_t> moved = {2000, 3000, 3000, 1500, 500};
  for (const auto d : {Divergence::psi, Divergence::js, Divergence::tv, Divergence::hellinger}) {
    CHECK(divergence_lower(d, r, same, 0.05, 1000) == 0);
    CHECK(divergence_lower(d, r, moved, 0.05, 1000) > 0);
  }
  CHECK(divergence_lower(Divergence::psi, r, moved, 0.05, 1000) < drift(r, moved).psi);
  CHECK(divergence_lower(Divergence::js, r, moved, 0.05, 1000) < drift(r, moved).js);
  CHECK(divergence_lower(Divergence::tv, r, moved, 0.05, 1000) < drift(r, moved).tv);
}

TEST_CASE("the asymptotic test stays closed until the skew allows it") {
  CHECK(skew_gate(99, 10'000, 0) == SkewGate::closed);
  CHECK(skew_gate(100, 10'000, 2) == SkewGate::open);
  CHECK(skew_gate(5'000, 10'000, 20) == SkewGate::closed);
  CHECK(skew_gate(10'000, 10'000, 20) == SkewGate::open);
  CHECK(skew_gate(1'000'000, 1'000'000, NAN) == SkewGate::closed);
}

TEST_CASE("equivalence is the weaker of its two halves") {
  const MeanDifference d{0.001, 0.002, 50'000};
  const double rho2 = asymptotic_rho2_one_sided(20'000, 0.05);
  CHECK(log_e_equivalent(d, 0.02, rho2) > std::log(20));
  CHECK(compare_with_margin(d, 0.02, Better::higher, rho2, 0.05).equivalent);
  CHECK(log_e_equivalent(d, 0.001, rho2) < std::log(20));
  const Comparison lower =
      compare_with_margin({-0.03, 0.002, 50'000}, 0.02, Better::lower, rho2, 0.05);
  CHECK(lower.superior);
  CHECK_FALSE(lower.inferior);
}

TEST_CASE("more traffic, more time or a larger ratio never detect less") {
  const PowerQuestion question{.base_rate = 0.01, .ratio = 2, .share = 0.05, .per_second = 50,
                               .alpha = 0.05, .power = 0.8, .duration_s = 3600};
  const PowerAnswer answer = rate_power(question);
  CHECK(answer.events_mean < answer.events);
  CHECK(answer.median_seconds < answer.seconds);
  PowerQuestion other = question;
  other.per_second = 100;
  CHECK(rate_power(other).seconds == Approx(answer.seconds / 2).epsilon(1e-9));
  other = question;
  other.ratio = 3;
  CHECK(rate_power(other).seconds < answer.seconds);
  other.ratio = 1;
  CHECK(std::isnan(rate_power(other).seconds));
  CHECK(mean_power_samples(1, 0.1, 1e-3, 0.05, 0.8) > mean_power_samples(1, 0.2, 1e-3, 0.05, 0.8));
}

TEST_CASE("a logarithmic bucket's value is within the accuracy of everything in it") {
  const auto mapping = log_mapping(0.01);
  REQUIRE(mapping);
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> log_value(-600, 600);
  for (int i = 0; i < 20'000; ++i) {
    const double x = std::exp(log_value(random));
    const auto index = mapping->index(x);
    REQUIRE(index);
    CHECK(std::fabs(mapping->value(*index) - x) <= 0.01 * x * (1 + 1e-9));
    CHECK(mapping->lower_edge(*index) < x * (1 + 1e-12));
  }
  CHECK_FALSE(mapping->index(0));
  CHECK_FALSE(mapping->index(-1));
  CHECK_FALSE(mapping->index(INFINITY));
  CHECK_FALSE(log_mapping(0));
  CHECK_FALSE(log_mapping(1));
}
