// Order, means and quantiles.
#include "runtime/evidence/value_update.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "runtime/stats/asymptotic.h"
#include "runtime/stats/bounded_mean.h"
#include "runtime/stats/elementary.h"
#include "runtime/stats/label_tilt.h"
#include "runtime/stats/mixtures.h"
#include "runtime/stats/quantile.h"

namespace rel {
namespace {

using stats::PaneTaken;

constexpr size_t baseline = 0;
constexpr size_t candidate = 1;

// Values of both arms the normal approximations are tuned for; where a bound is tight, not whether
// it holds.
constexpr double tuned_samples = 10'000;
constexpr double tuned_variance = 0.05;  // of a mean within [0, 1]
// The middle of the bucket that holds 1; what lies beyond has no bounded mean.
constexpr double bounded_max = 1.01;
// Baseline values that make the first ranks, and at which ranks are fine enough to stay.
constexpr uint64_t ranks_from = 100;
constexpr uint64_t ranks_settled = 20'000;

uint32_t neighbour(const BucketMap& map, uint32_t bucket, Finding finding) {
  const uint32_t last = map.size() - 1;
  if (finding == Finding::above) return bucket == last ? last : bucket + 1;
  return bucket == 0 ? 0 : bucket - 1;
}

// Where a baseline value of this bucket lies once multiplied by the margin, at the edge that is
// against the finding.
uint32_t scaled_bucket(const CellContext& context, uint32_t bucket) {
  const EvidenceTest& test = context.test;
  if (test.margin == 1) return bucket;
  const double edge = bucket_value(context.map, neighbour(context.map, bucket, test.finding));
  return bucket_index(context.map, edge * test.margin);
}

using Levels = std::array<uint64_t, rank_knots + 1>;

void add_levels(const CellContext& context, const CellEvidence& cell, const ArmPane& arm,
                bool scaled, Levels& levels) {
  for (size_t i = 0; i < arm.counts.size(); ++i) {
    if (arm.counts[i] == 0) continue;
    uint32_t bucket = arm.first + static_cast<uint32_t>(i);
    if (scaled) bucket = scaled_bucket(context, bucket);
    const auto level = std::lower_bound(cell.knots.begin(), cell.knots.end(), bucket);
    levels[static_cast<size_t>(level - cell.knots.begin())] += arm.counts[i];
  }
}

// The ranks of later panes: levels of equal shares of what the baseline has shown so far.
void make_knots(const CellContext& context, CellEvidence& cell) {
  const uint64_t n = context.reference_n;
  const bool first = cell.knots_of == 0 && n >= ranks_from;
  const bool finer = cell.knots_of != 0 && cell.knots_of < ranks_settled && n >= 2 * cell.knots_of;
  if (!first && !finer) return;
  uint64_t seen = 0;
  size_t knot = 0;
  for (size_t i = 0; i < context.reference.size() && knot < rank_knots; ++i) {
    seen += context.reference[i];
    while (knot < rank_knots && seen * (rank_knots + 1) >= (knot + 1) * n) {
      const uint32_t bucket = context.reference_first + static_cast<uint32_t>(i);
      cell.knots[knot++] = static_cast<uint16_t>(scaled_bucket(context, bucket));
    }
  }
  if (knot == rank_knots) cell.knots_of = n;
}

std::array<double, rank_knots + 1> level_scores() {
  std::array<double, rank_knots + 1> scores;
  for (size_t level = 0; level < scores.size(); ++level) {
    scores[level] = (2 * static_cast<double>(level) + 1) / static_cast<double>(scores.size()) - 1;
  }
  return scores;
}

// Moments of both arms around the centre of the first pane, from buckets.
void add_moments(const CellContext& context, const CellPane& pane, CellEvidence& cell) {
  if (cell.arm[baseline].n + cell.arm[candidate].n == 0) {
    const Int128 sum = pane.arm[baseline].sum + pane.arm[candidate].sum;
    const uint64_t n = pane.arm[baseline].n + pane.arm[candidate].n;
    cell.centre = static_cast<double>(sum) / 1e9 / static_cast<double>(n);
  }
  for (size_t arm = 0; arm < 2; ++arm) {
    const ArmPane& own = pane.arm[arm];
    ArmEvidence& total = cell.arm[arm];
    total.n += own.n;
    total.add_sum(own.sum);
    for (size_t i = 0; i < own.counts.size(); ++i) {
      if (own.counts[i] == 0) continue;
      const double value = bucket_value(context.map, own.first + static_cast<uint32_t>(i));
      const double distance = value - cell.centre;
      const double square = static_cast<double>(own.counts[i]) * distance * distance;
      total.squares += square;
      total.cubes += square * distance;
    }
  }
}

stats::Moments moments_of(const CellEvidence& cell, size_t arm) {
  const ArmEvidence& total = cell.arm[arm];
  if (total.n == 0) return {};
  const double n = static_cast<double>(total.n);
  const double apart = total.mean() - cell.centre;
  return {total.n, total.mean(), std::max(total.squares - n * apart * apart, 0.0)};
}

double skewness_of(const CellEvidence& cell, size_t arm) {
  const ArmEvidence& total = cell.arm[arm];
  const double n = static_cast<double>(total.n);
  const double apart = total.mean() - cell.centre;
  const double second = total.squares / n - apart * apart;
  const double third =
      total.cubes / n - 3 * apart * (total.squares / n) + 2 * apart * apart * apart;
  return third / (second * std::sqrt(second));
}

}  // namespace

PaneTaken update_order(const CellContext& context, const CellPane& pane, CellEvidence& cell) {
  std::array<double, stats::tilt_grid_size> factors{};
  if (cell.knots_of != 0) {
    Levels levels[2] = {};
    add_levels(context, cell, pane.arm[baseline], true, levels[baseline]);
    add_levels(context, cell, pane.arm[candidate], false, levels[candidate]);
    uint64_t n[2] = {};
    for (size_t arm = 0; arm < 2; ++arm) {
      for (const uint64_t count : levels[arm]) n[arm] += count;
    }
    std::array<double, stats::tilt_grid_size> theta = stats::tilt_grid;
    if (context.test.finding == Finding::below) {
      for (double& each : theta) each = -each;
    }
    const double all = static_cast<double>(n[0] + n[1]);
    const double share = all == 0 ? 0 : static_cast<double>(n[candidate]) / all;
    const std::array<double, rank_knots + 1> phi = level_scores();
    if (!stats::label_tilt_factors({phi, levels[candidate], levels[baseline]}, share, theta,
                                   factors)) {
      return PaneTaken::refused;
    }
  }
  const PaneTaken taken = cell.mixture.update(pane.id, factors);
  make_knots(context, cell);
  return taken;
}

PaneTaken update_means(const CellContext& context, const CellPane& pane, CellEvidence& cell) {
  add_moments(context, pane, cell);
  const EvidenceTest& test = context.test;
  const bool ratio = test.method == TestMethod::mean_ratio;
  stats::MeanDifference difference =
      stats::mean_difference(moments_of(cell, baseline), moments_of(cell, candidate),
                             ratio ? test.margin - 1 : 0);
  double null = ratio ? 0 : test.margin;
  if (test.finding == Finding::below) {
    difference.estimate = -difference.estimate;
    null = -null;
  }
  const double rho2 = stats::asymptotic_rho2_one_sided(tuned_samples, test.alpha);
  cell.log_e = stats::asymptotic_log_e_greater(difference, null, rho2);
  return PaneTaken::taken;
}

// The baseline's quantile lies below the upper end of its confidence sequence at alpha / 5, and the
// candidate's exceedances of margin times that end are tested with the rest of the level.
PaneTaken update_quantile_ratio(const CellContext& context, const CellPane& pane,
                                CellEvidence& cell) {
  const EvidenceTest& test = context.test;
  const uint32_t buckets = context.map.size();
  for (size_t arm = 0; arm < 2; ++arm) {
    const ArmPane& own = pane.arm[arm];
    uint64_t* kept = context.kept_counts.data() + arm * buckets;
    for (size_t i = 0; i < own.counts.size(); ++i) kept[own.first + i] += own.counts[i];
    cell.arm[arm].n += own.n;
    cell.arm[arm].add_sum(own.sum);
  }
  // Found above: the baseline is the reference and the candidate is tested; below: by turns.
  const size_t held = test.finding == Finding::above ? baseline : candidate;
  const double ratio = test.finding == Finding::above ? test.margin : 1 / test.margin;
  const size_t tested = 1 - held;
  const double p = test.quantile;
  const double kappa = stats::kappa_at_effect(1 - p, 0.5);
  const stats::RankInterval ranks =
      stats::quantile_ranks(cell.arm[held].n, p, kappa, test.alpha / 5);
  if (!ranks.known || ranks.high >= cell.arm[held].n) return PaneTaken::taken;
  const uint64_t* reference = context.kept_counts.data() + held * buckets;
  uint32_t bucket = 0;
  for (uint64_t seen = reference[0]; seen < ranks.high + 1 && bucket + 1 < buckets;) {
    seen += reference[++bucket];
  }
  const double limit =
      bucket_value(context.map, neighbour(context.map, bucket, Finding::above)) * ratio;
  const uint64_t* counts = context.kept_counts.data() + tested * buckets;
  uint64_t above = 0;
  for (uint32_t i = bucket_index(context.map, limit) + 1; i < buckets; ++i) above += counts[i];
  const double log_e = stats::quantile_exceeds_log_e(above, cell.arm[tested].n, p, kappa);
  cell.log_e = log_e + elementary::log(0.8);
  return PaneTaken::taken;
}

PaneTaken update_mean_level(const CellContext& context, const CellPane& pane, CellEvidence& cell) {
  const EvidenceTest& test = context.test;
  const ArmPane& own = pane.arm[static_cast<size_t>(test.arm)];
  ArmEvidence& total = cell.arm[static_cast<size_t>(test.arm)];
  for (size_t i = 0; i < own.counts.size(); ++i) {
    const double value = bucket_value(context.map, own.first + static_cast<uint32_t>(i));
    if (own.counts[i] != 0 && (value < 0 || value > bounded_max)) return PaneTaken::refused;
  }
  const double centre = (0.5 + cell.bounded_sum) / (static_cast<double>(total.n) + 1);
  const Finding against = test.finding == Finding::above ? Finding::below : Finding::above;
  for (size_t i = 0; i < own.counts.size(); ++i) {
    if (own.counts[i] == 0) continue;
    const uint32_t edge = neighbour(context.map, own.first + static_cast<uint32_t>(i), against);
    const double bounded = std::min(bucket_value(context.map, edge), 1.0);
    const double count = static_cast<double>(own.counts[i]);
    cell.bounded_sum += count * bounded;
    cell.bounded_v += count * (bounded - centre) * (bounded - centre);
  }
  total.n += own.n;
  total.add_sum(own.sum);
  const stats::BoundedMean mean{total.n, cell.bounded_sum, cell.bounded_v};
  const double rho = stats::mixture_rho_one_sided(tuned_samples * tuned_variance, test.alpha);
  cell.log_e = test.finding == Finding::above ? mean.log_e_greater(test.margin, rho)
                                              : mean.log_e_less(test.margin, rho);
  return PaneTaken::taken;
}

uint64_t beyond(const CellContext& context, const ArmPane& arm) {
  const uint32_t limit = bucket_index(context.map, context.test.margin);
  // Found below: a value in the bucket of the constant counts as beyond it, against the finding.
  const uint32_t first = context.test.finding == Finding::above ? limit + 1 : limit;
  uint64_t count = 0;
  for (size_t i = 0; i < arm.counts.size(); ++i) {
    if (arm.first + i >= first) count += arm.counts[i];
  }
  return count;
}

bool is_usable(const EvidenceTest& test, const CellEvidence& cell) {
  if (test.method != TestMethod::mean_ratio && test.method != TestMethod::mean_difference) {
    return true;
  }
  if (cell.arm[baseline].n < 2 || cell.arm[candidate].n < 2) return false;
  const double skewness = std::max(std::fabs(skewness_of(cell, baseline)),
                                   std::fabs(skewness_of(cell, candidate)));
  return stats::skew_gate(cell.arm[candidate].n, cell.arm[baseline].n, skewness) ==
         stats::SkewGate::open;
}

}  // namespace rel
