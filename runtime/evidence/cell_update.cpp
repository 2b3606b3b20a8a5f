// Evidence of flags, and the choice of the method.
#include "runtime/evidence/cell_update.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/evidence/value_update.h"
#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/label_tilt.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/stats/poisson.h"
#include "runtime/stats/ripr.h"
#include "runtime/stats/sample_ratio.h"

namespace rel {
namespace {

using stats::PaneCounts;
using stats::PaneTaken;

constexpr double million = 1'000'000;
constexpr size_t baseline = 0;
constexpr size_t candidate = 1;

// The relative effect the mixtures of one arm against a constant are tuned for.
constexpr double tuned_effect = 0.5;
// Requests under way when the share changes were routed by the share before: not counted.
constexpr int64_t settle_ns = 10'000'000'000;

size_t grid_of(TestMethod method) {
  switch (method) {
    case TestMethod::rate_ratio: return stats::ratio_grid_size;
    case TestMethod::rate_difference: return stats::ripr_grid_size;
    case TestMethod::order: return stats::tilt_grid_size;
    case TestMethod::mean_ratio:
    case TestMethod::mean_difference:
    case TestMethod::quantile_ratio:
    case TestMethod::rate_level:
    case TestMethod::quantile_level:
    case TestMethod::mean_level:
    case TestMethod::event_level:
    case TestMethod::sample_ratio: return 1;
  }
  return 1;
}

PaneCounts counts_of(const ArmPane& b, const ArmPane& c) { return {c.n, c.k, b.n, b.k}; }

PaneCounts past_of(const CellEvidence& cell) {
  const ArmEvidence& b = cell.arm[baseline];
  const ArmEvidence& c = cell.arm[candidate];
  return {c.n, c.k, b.n, b.k};
}

void add_totals(const CellPane& pane, CellEvidence& cell) {
  for (size_t arm = 0; arm < 2; ++arm) {
    cell.arm[arm].n += pane.arm[arm].n;
    cell.arm[arm].k += pane.arm[arm].k;
    cell.arm[arm].add_sum(pane.arm[arm].sum);
  }
}

// The rarer outcome carries the evidence. Which one it is the past says, so that the choice is
// fixed before the pane. Only at a ratio of 1 both outcomes have the same null.
bool counts_false(const EvidenceTest& test, const PaneCounts& past) {
  return test.margin == 1 && 2 * (past.k_c + past.k_b) > past.n_c + past.n_b;
}

PaneTaken update_rate_ratio(const EvidenceTest& test, const CellPane& pane, CellEvidence& cell) {
  PaneCounts counts = counts_of(pane.arm[baseline], pane.arm[candidate]);
  if (!is_possible(counts)) return PaneTaken::refused;
  bool above = test.finding == Finding::above;
  if (counts_false(test, past_of(cell))) {
    counts = complemented(counts);
    above = !above;
  }
  std::array<double, stats::ratio_grid_size> factors;
  const bool made = above ? stats::pane_grid_factors(counts, test.margin, factors)
                          : stats::pane_grid_factors(swapped(counts), 1 / test.margin, factors);
  return made ? cell.mixture.update(pane.id, factors) : PaneTaken::refused;
}

PaneTaken update_rate_difference(const EvidenceTest& test, const CellPane& pane,
                                 CellEvidence& cell) {
  PaneCounts counts = counts_of(pane.arm[baseline], pane.arm[candidate]);
  PaneCounts past = past_of(cell);
  double margin = test.margin;
  if (test.finding == Finding::below) {
    counts = swapped(counts);
    past = swapped(past);
    margin = -margin;
  }
  constexpr double effect_min = 0.005;
  const double effect = std::max(std::fabs(margin), effect_min);
  std::array<double, stats::ripr_grid_size> factors;
  if (!stats::ripr_factors(past, counts, margin, effect, factors)) return PaneTaken::refused;
  return cell.mixture.update(pane.id, factors);
}

// Counts of one arm so far, against a constant: no grid, the mixture is over the rate.
double level_log_e(const EvidenceTest& test, const ArmEvidence& arm, double p0) {
  const double kappa = stats::kappa_at_effect(p0, tuned_effect);
  const double k = static_cast<double>(arm.k);
  const double n = static_cast<double>(arm.n);
  return test.finding == Finding::above ? stats::beta_binomial_log_e_greater(k, n, p0, kappa)
                                        : stats::beta_binomial_log_e_less(k, n, p0, kappa);
}

double event_log_e(const EvidenceTest& test, const CellPane& pane, const CellEvidence& cell) {
  constexpr double shape = 1 / (tuned_effect * tuned_effect);
  const double seconds =
      static_cast<double>(cell.panes) * (static_cast<double>(pane.length_ns) / 1e9);
  const double k = static_cast<double>(cell.arm[static_cast<size_t>(test.arm)].k);
  return stats::poisson_log_e_greater(k, seconds, test.margin, shape);
}

// A share at a time: evidence of one share, stopped when it ends, times that of the next. Their
// panes are disjoint, so the product is evidence.
double sample_ratio_log_e(const CellPane& pane, CellEvidence& cell) {
  if (cell.share_millionths != pane.share_millionths) {
    cell.closed_log_e = cell.log_e;
    cell.settled_after_ns = cell.share_millionths == 0 ? 0 : pane.end_ns + settle_ns;
    cell.share_millionths = pane.share_millionths;
    cell.share_n[baseline] = cell.share_n[candidate] = 0;
  }
  if (pane.end_ns < cell.settled_after_ns) return cell.log_e;
  cell.share_n[baseline] += pane.arm[baseline].n;
  cell.share_n[candidate] += pane.arm[candidate].n;
  const double share = cell.share_millionths / million;
  const double shares[] = {1 - share, share};
  return cell.closed_log_e +
         stats::multinomial_log_e(cell.share_n, shares, stats::sample_ratio_kappa);
}

PaneTaken update_by_method(const CellContext& context, const CellPane& pane, CellEvidence& cell) {
  const EvidenceTest& test = context.test;
  const ArmEvidence& arm = cell.arm[static_cast<size_t>(test.arm)];
  switch (test.method) {
    case TestMethod::rate_ratio: return update_rate_ratio(test, pane, cell);
    case TestMethod::rate_difference: return update_rate_difference(test, pane, cell);
    case TestMethod::order: return update_order(context, pane, cell);
    case TestMethod::mean_ratio:
    case TestMethod::mean_difference: return update_means(context, pane, cell);
    case TestMethod::quantile_ratio: return update_quantile_ratio(context, pane, cell);
    case TestMethod::rate_level:
      add_totals(pane, cell);
      cell.log_e = level_log_e(test, arm, test.margin);
      return PaneTaken::taken;
    case TestMethod::quantile_level:
      add_totals(pane, cell);
      cell.arm[static_cast<size_t>(test.arm)].k +=
          beyond(context, pane.arm[static_cast<size_t>(test.arm)]);
      cell.log_e = level_log_e(test, arm, 1 - test.quantile);
      return PaneTaken::taken;
    case TestMethod::mean_level: return update_mean_level(context, pane, cell);
    case TestMethod::event_level:
      add_totals(pane, cell);
      ++cell.panes;
      cell.log_e = event_log_e(test, pane, cell);
      return PaneTaken::taken;
    case TestMethod::sample_ratio:
      add_totals(pane, cell);
      cell.log_e = sample_ratio_log_e(pane, cell);
      return PaneTaken::taken;
  }
  return PaneTaken::refused;
}

// Whether the method's evidence is the mixture over starts of its grid.
bool has_grid(TestMethod method) {
  return method == TestMethod::rate_ratio || method == TestMethod::rate_difference ||
         method == TestMethod::order;
}

}  // namespace

CellEvidence fresh_cell(const EvidenceTest& test) {
  CellEvidence cell;
  cell.mixture = stats::start_mixture({.grid = static_cast<uint32_t>(grid_of(test.method)),
                                       .restart_every = test.restart_panes,
                                       .horizon_panes = test.horizon_panes,
                                       .cumulative = 0.5});
  return cell;
}

PaneTaken update_cell(const CellContext& context, const CellPane& pane, CellEvidence& cell) {
  if (pane.id <= cell.mixture.last_pane) return PaneTaken::repeated;
  for (const ArmPane& arm : pane.arm) {
    if (arm.k > arm.n) return PaneTaken::refused;
  }
  const PaneTaken taken = update_by_method(context, pane, cell);
  if (taken != PaneTaken::taken) return taken;
  if (has_grid(context.test.method)) {
    add_totals(pane, cell);
    cell.log_e = cell.mixture.log_e();
  }
  cell.mixture.last_pane = pane.id;
  if (context.test.method != TestMethod::event_level) ++cell.panes;
  // No number is no evidence; what was evidence stays.
  if (cell.log_e > cell.peak && is_usable(context.test, cell)) cell.peak = cell.log_e;
  return PaneTaken::taken;
}

double estimate_of(const EvidenceTest& test, const CellEvidence& cell, Arm arm) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const ArmEvidence& own = cell.arm[static_cast<size_t>(arm)];
  if (test.method == TestMethod::sample_ratio) {
    if (arm == Arm::baseline) return cell.share_millionths / million;
    const uint64_t all = cell.share_n[baseline] + cell.share_n[candidate];
    return all == 0 ? nan : static_cast<double>(cell.share_n[candidate]) / static_cast<double>(all);
  }
  if (test.method == TestMethod::event_level) return static_cast<double>(own.k);
  if (own.n == 0) return nan;
  const bool share = test.method == TestMethod::rate_ratio ||
                     test.method == TestMethod::rate_difference ||
                     test.method == TestMethod::rate_level ||
                     test.method == TestMethod::quantile_level;
  return share ? static_cast<double>(own.k) / static_cast<double>(own.n) : own.mean();
}

}  // namespace rel
