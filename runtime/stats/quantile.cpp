// Quantile tests and confidence sequences.
#include "runtime/stats/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"

namespace rel::stats {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// log E of k values at or below the p-quantile, of n.
struct RankEvidence {
  uint64_t n;
  double p;
  double kappa;

  double operator()(uint64_t k) const {
    return beta_binomial_log_e(static_cast<double>(k), static_cast<double>(n), p, kappa);
  }

  // The k of least evidence; log E is convex in k.
  uint64_t least() const {
    uint64_t low = 0, high = n;
    while (low < high) {
      const uint64_t middle = low + (high - low) / 2;
      if ((*this)(middle + 1) < (*this)(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
};

bool is_well_formed(const Histogram& h) {
  if (h.counts.empty() || h.edges.size() != h.counts.size() + 1) return false;
  for (size_t i = 0; i + 1 < h.edges.size(); ++i) {
    if (!(h.edges[i] < h.edges[i + 1])) return false;
  }
  return true;
}

uint64_t total(std::span<const uint64_t> counts) {
  uint64_t sum = 0;
  for (const uint64_t count : counts) sum += count;
  return sum;
}

// Values that may be <= x: of every bucket that begins at or below it.
uint64_t at_most(const Histogram& h, double x) {
  uint64_t sum = 0;
  for (size_t i = 0; i < h.counts.size() && h.edges[i] <= x; ++i) sum += h.counts[i];
  return sum;
}

size_t bucket_of_rank(const Histogram& h, uint64_t rank) {
  uint64_t below = 0;
  for (size_t i = 0; i < h.counts.size(); ++i) {
    below += h.counts[i];
    if (below >= rank) return i;
  }
  return h.counts.size() - 1;
}

// The error probability of the DKW bound with constant c: the least over eta of
// 4 exp(-g c) (1 + 1 / ((g - 1) log eta)), g = 2 (scale - sqrt(2 (eta - 1) / c))^2 / eta > 1.
double dkw_error_at(double eta, double c, double scale) {
  const double reach = scale - std::sqrt(2 * (eta - 1) / c);
  const double g = reach > 0 ? 2 * reach * reach / eta : 0;
  if (!(g > 1) || !(eta > 1)) return infinity;
  return 4 * elementary::exp(-g * c) * (1 + 1 / ((g - 1) * elementary::log(eta)));
}

double dkw_error(double c, double scale) {
  constexpr int cells = 400;
  const double width = (2 * scale * scale - 1) / cells;
  int best = 1;
  for (int i = 2; i < cells; ++i) {
    if (dkw_error_at(1 + i * width, c, scale) < dkw_error_at(1 + best * width, c, scale)) best = i;
  }
  double low = 1 + (best - 1) * width;
  double high = 1 + (best + 1) * width;
  for (int i = 0; i < 80; ++i) {
    const double third = (high - low) / 3;
    if (dkw_error_at(low + third, c, scale) < dkw_error_at(high - third, c, scale)) high -= third;
    else low += third;
  }
  return dkw_error_at(0.5 * (low + high), c, scale);
}

}  // namespace

double quantile_exceeds_log_e(uint64_t above, uint64_t n, double p, double kappa) {
  return beta_binomial_log_e_greater(static_cast<double>(above), static_cast<double>(n), 1 - p,
                                     kappa);
}

RankInterval quantile_ranks(uint64_t n, double p, double kappa, double alpha) {
  const RankEvidence log_e{n, p, kappa};
  const double threshold = evidence_threshold(alpha);
  if (threshold != threshold || log_e(0) != log_e(0)) return {0, 0, false};
  const uint64_t least = log_e.least();
  uint64_t outside = 0, low = least;
  if (log_e(0) < threshold) low = 0;
  while (low - outside > 1) {
    const uint64_t middle = outside + (low - outside) / 2;
    (log_e(middle) < threshold ? low : outside) = middle;
  }
  uint64_t high = least;
  outside = n;
  if (log_e(n) < threshold) high = n;
  while (outside > high && outside - high > 1) {
    const uint64_t middle = high + (outside - high) / 2;
    (log_e(middle) < threshold ? high : outside) = middle;
  }
  return {low, high, true};
}

Interval quantile_interval(const Histogram& histogram, double p, double kappa, double alpha) {
  if (!is_well_formed(histogram)) return {nan, nan};
  const uint64_t n = total(histogram.counts);
  const RankInterval ranks = quantile_ranks(n, p, kappa, alpha);
  if (!ranks.known) return {nan, nan};
  Interval interval{-infinity, infinity};
  if (ranks.low > 0) interval.low = histogram.edges[bucket_of_rank(histogram, ranks.low)];
  if (ranks.high < n) {
    interval.high = histogram.edges[bucket_of_rank(histogram, ranks.high + 1) + 1];
  }
  return interval;
}

double quantile_ratio_log_e(const Histogram& candidate, const Histogram& baseline, double p,
                            double ratio, double kappa_c, double kappa_b) {
  if (!is_well_formed(candidate) || !is_well_formed(baseline) || !(ratio > 0)) return nan;
  if (!(baseline.edges[0] >= 0) || !std::isfinite(ratio)) return nan;
  const double n_c = static_cast<double>(total(candidate.counts));
  const double n_b = static_cast<double>(total(baseline.counts));
  const size_t buckets = baseline.counts.size();
  double least = infinity;
  double below = 0;
  // x in bucket i of the baseline; one more turn for x at or above the last edge, where every value
  // may be at most ratio x.
  for (size_t i = 0; i <= buckets; ++i) {
    const double reach = i < buckets ? ratio * baseline.edges[i + 1] : infinity;
    const double few = beta_binomial_log_e_less(
        static_cast<double>(at_most(candidate, reach)), n_c, p, kappa_c);
    const double log_e = few + beta_binomial_log_e_greater(below, n_b, p, kappa_b);
    if (log_e != log_e) return nan;
    least = std::min(least, log_e);
    if (i < buckets) below += static_cast<double>(baseline.counts[i]);
  }
  return least;
}

double quantile_equal_log_e(std::span<const double> a, std::span<const double> b, double p,
                            double kappa) {
  if (!std::ranges::is_sorted(a) || !std::ranges::is_sorted(b)) return nan;
  const std::span<const double> arms[] = {a, b};
  const RankEvidence evidence[] = {{a.size(), p, kappa}, {b.size(), p, kappa}};
  uint64_t least_rank[2];
  for (int arm = 0; arm < 2; ++arm) {
    if (evidence[arm](0) != evidence[arm](0)) return nan;
    least_rank[arm] = evidence[arm].least();
  }
  // At a common quantile x the number of values at or below it lies between those < x and those <=
  // x; the least favourable one counts. Only the samples' own values matter.
  double least = infinity;
  for (const auto& values : arms) {
    for (const double x : values) {
      double log_e = 0;
      for (int arm = 0; arm < 2; ++arm) {
        const auto equal = std::ranges::equal_range(arms[arm], x);
        const uint64_t below = static_cast<uint64_t>(equal.begin() - arms[arm].begin());
        const uint64_t up_to = below + equal.size();
        log_e += evidence[arm](std::clamp(least_rank[arm], below, up_to));
      }
      least = std::min(least, log_e);
    }
  }
  return least == infinity ? 0 : least;
}

double dkw_constant(double alpha, double scale) {
  if (!(alpha > 0) || !(alpha < 1) || !(2 * scale * scale > 1) || !std::isfinite(scale)) return nan;
  double low = 0, high = 1;
  while (dkw_error(high, scale) > alpha) {
    high *= 2;
    if (high > 1e9) return nan;
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (middle > 0 && dkw_error(middle, scale) <= alpha ? high : low) = middle;
  }
  return high;
}

double dkw_bound(double t, double t_min, double constant, double scale) {
  if (!(t_min > 0) || !(t >= t_min) || !std::isfinite(t)) return nan;
  const double iterated = elementary::log1p(elementary::log(t / t_min));
  return scale * std::sqrt((iterated + constant) / t);
}

double ks_lower_two_sample(double distance, double n, double m, double t_min, double alpha) {
  if (!(distance >= 0) || !(distance <= 1)) return nan;
  const double constant = dkw_constant(alpha / 2);
  const double lower = distance - dkw_bound(n, t_min, constant) - dkw_bound(m, t_min, constant);
  return lower < 0 ? 0 : lower;
}

}  // namespace rel::stats
