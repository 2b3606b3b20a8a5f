// Quality of a model from mergeable counts: confusion, discrimination, calibration, fairness.
// Input: counts of labelled predictions, by score bucket or by group. Output: shares and distances;
// NaN where a denominator is 0, never 0. Everything merges by adding counts.
//
// The numbers are for display and raw thresholds; a test of accuracy, recall or precision is a test
// of rates (pane_grid, ripr) over the cases that condition it.
#pragma once

#include <cstdint>
#include <span>

namespace rel::stats {

struct Confusion {
  uint64_t tp = 0;
  uint64_t fp = 0;
  uint64_t tn = 0;
  uint64_t fn = 0;

  friend bool operator==(const Confusion&, const Confusion&) = default;
};

Confusion operator+(const Confusion& a, const Confusion& b);

struct ConfusionShares {
  double accuracy;
  double precision;
  double recall;       // true positive rate
  double specificity;  // true negative rate
  double f1;
  double mcc;    // Matthews correlation
  double kappa;  // Cohen's
};
ConfusionShares confusion_shares(const Confusion& counts);

struct Fairness {
  double parity_difference;   // of positive predictions, largest less smallest group
  double parity_ratio;        // smallest over largest (the 80 % rule)
  double opportunity_difference;  // of true positive rates
  double odds_difference;     // the larger gap of true and false positive rates
  double predictive_difference;  // of precisions
};
// NaN where a group has no case that the measure needs, or there are fewer than two groups.
Fairness fairness(std::span<const Confusion> groups);

// Scores in buckets of ascending score: positives, negatives and, for calibration, the sum of
// scores.
struct ScoreBuckets {
  std::span<const uint64_t> positives;
  std::span<const uint64_t> negatives;
  std::span<const double> score_sums;
};

struct Discrimination {
  double auc;             // ties inside a bucket count half
  double tie_half_width;  // the exact AUC is within this of it
  double standard_error;  // Hanley and McNeil (1982)
};
Discrimination discrimination(const ScoreBuckets& buckets);

struct Calibration {
  double expected_error;  // ECE, biased up by about sum sqrt(2 n_b q (1 - q) / pi) / n
  double maximum_error;   // MCE
};
Calibration calibration(const ScoreBuckets& buckets);

// Losses in [0, 1] for bounded_mean: (p - y)^2, and min(-log p(y), 15) / 15. NaN for p outside [0,
// 1].
enum class Label : uint8_t { negative, positive };
double brier_loss(double p, Label y);
double bounded_log_loss(double p, Label y);

}  // namespace rel::stats
