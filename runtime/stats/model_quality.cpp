// Quality of a model from counts.
#include "runtime/stats/model_quality.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"

namespace rel::stats {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double log_loss_cap = 15;  // nats

double share(double part, double whole) { return whole > 0 ? part / whole : nan; }

double number(uint64_t count) { return static_cast<double>(count); }

// Smallest and largest of a share over groups; one NaN makes both NaN.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double x) {
    low = x != x || low != low ? nan : std::min(low, x);
    high = x != x || high != high ? nan : std::max(high, x);
  }
  double gap() const { return high - low; }
};

bool are_buckets(const ScoreBuckets& b) { return b.positives.size() == b.negatives.size(); }

}  // namespace

Confusion operator+(const Confusion& a, const Confusion& b) {
  return {a.tp + b.tp, a.fp + b.fp, a.tn + b.tn, a.fn + b.fn};
}

ConfusionShares confusion_shares(const Confusion& counts) {
  const double tp = number(counts.tp), fp = number(counts.fp);
  const double tn = number(counts.tn), fn = number(counts.fn);
  const double n = tp + fp + tn + fn;
  const double spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
  ConfusionShares s;
  s.accuracy = share(tp + tn, n);
  s.precision = share(tp, tp + fp);
  s.recall = share(tp, tp + fn);
  s.specificity = share(tn, tn + fp);
  s.f1 = share(2 * tp, 2 * tp + fp + fn);
  s.mcc = spread > 0 ? (tp * tn - fp * fn) / std::sqrt(spread) : nan;
  const double by_chance = share((tp + fp) * (tp + fn) + (tn + fp) * (tn + fn), n * n);
  s.kappa = share(s.accuracy - by_chance, 1 - by_chance);
  return s;
}

Fairness fairness(std::span<const Confusion> groups) {
  if (groups.size() < 2) return {nan, nan, nan, nan, nan};
  Range positive, true_positive, false_positive, precision;
  for (const Confusion& g : groups) {
    const double n = number(g.tp) + number(g.fp) + number(g.tn) + number(g.fn);
    positive.take(share(number(g.tp) + number(g.fp), n));
    true_positive.take(share(number(g.tp), number(g.tp) + number(g.fn)));
    false_positive.take(share(number(g.fp), number(g.fp) + number(g.tn)));
    precision.take(share(number(g.tp), number(g.tp) + number(g.fp)));
  }
  Fairness f;
  f.parity_difference = positive.gap();
  f.parity_ratio = share(positive.low, positive.high);
  f.opportunity_difference = true_positive.gap();
  Range gaps;
  gaps.take(true_positive.gap());
  gaps.take(false_positive.gap());
  f.odds_difference = gaps.high;
  f.predictive_difference = precision.gap();
  return f;
}

Discrimination discrimination(const ScoreBuckets& buckets) {
  if (!are_buckets(buckets)) return {nan, nan, nan};
  double positives = 0, negatives = 0, ordered = 0, tied = 0;
  for (size_t i = 0; i < buckets.positives.size(); ++i) {
    const double p = number(buckets.positives[i]);
    const double n = number(buckets.negatives[i]);
    ordered += p * negatives;
    tied += p * n;
    positives += p;
    negatives += n;
  }
  const double pairs = positives * negatives;
  Discrimination d;
  d.auc = share(ordered + 0.5 * tied, pairs);
  d.tie_half_width = share(0.5 * tied, pairs);
  const double a = d.auc;
  const double both_positive = a / (2 - a) - a * a;
  const double both_negative = 2 * a * a / (1 + a) - a * a;
  d.standard_error = std::sqrt(share(a * (1 - a) + (positives - 1) * both_positive +
                                         (negatives - 1) * both_negative,
                                     pairs));
  return d;
}

Calibration calibration(const ScoreBuckets& buckets) {
  if (!are_buckets(buckets) || buckets.score_sums.size() != buckets.positives.size()) {
    return {nan, nan};
  }
  double n = 0, apart = 0, largest = 0;
  for (size_t i = 0; i < buckets.positives.size(); ++i) {
    const double p = number(buckets.positives[i]);
    const double here = p + number(buckets.negatives[i]);
    const double distance = std::fabs(p - buckets.score_sums[i]);
    if (!std::isfinite(distance)) return {nan, nan};
    apart += distance;
    n += here;
    if (here > 0) largest = std::max(largest, distance / here);
  }
  return {share(apart, n), n > 0 ? largest : nan};
}

double brier_loss(double p, Label y) {
  if (!(p >= 0) || !(p <= 1)) return nan;
  const double distance = y == Label::positive ? 1 - p : p;
  return distance * distance;
}

double bounded_log_loss(double p, Label y) {
  if (!(p >= 0) || !(p <= 1)) return nan;
  const double loss = -elementary::log(y == Label::positive ? p : 1 - p);
  return std::min(loss, log_loss_cap) / log_loss_cap;
}

}  // namespace rel::stats
