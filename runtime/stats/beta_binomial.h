// BB: the beta-binomial mixture, one rate against a constant.
// Input: k bad of n units (reals are accepted: planning asks at expected counts), a rate p0 in (0,
// 1), a concentration kappa > 0 (evidence.h has two ways to choose it before the data are seen).
// Output: log E, or the rates a confidence sequence leaves. NaN where the inputs have no meaning.
//
// Prior Beta(kappa p0, kappa (1 - p0)), centred at the null (Robbins 1970; Howard et al., AoS 2021,
// Props 7 and 8). The one-sided forms cut the prior at p0; the likelihood ratio is monotone in p,
// so they hold for the whole one-sided null. Counts add, so merging is adding.
#pragma once

#include <cstdint>

#include "runtime/stats/pane_counts.h"

namespace rel::stats {

// H0: p = p0.
double beta_binomial_log_e(double k, double n, double p0, double kappa);

// H0: p <= p0.
double beta_binomial_log_e_greater(double k, double n, double p0, double kappa);

// H0: p >= p0.
double beta_binomial_log_e_less(double k, double n, double p0, double kappa);

struct Interval {
  double low;
  double high;
};

// Confidence sequence {p : log E(p) < log(1 / alpha)}, null-centred prior. It cannot exclude 0
// after a few successes; use the fixed prior near 0 and 1.
Interval rate_interval(double k, double n, double kappa, double alpha);

// Confidence sequence with a fixed Beta(a, b) prior, for example a = b = 0.5.
Interval rate_interval_fixed_prior(double k, double n, double a, double b, double alpha);

// Events of two arms under a known share pi of requests: given an event, it is the candidate's with
// probability q = pi R / (pi R + 1 - pi), R the ratio of rates (Lindon and Malek, NeurIPS 2022).
double conditional_share(double pi, double ratio);

// Confidence sequence for the ratio R from k_c and k_b events; high is infinite when 1 is not
// excluded.
Interval rate_ratio_interval(double k_c, double k_b, double pi, double kappa, double alpha);

// Sequential McNemar on pairs of answers to one request: `candidate_only` failures of the candidate
// alone, `baseline_only` of the baseline alone. H0: the first are no more likely than the second.
double mcnemar_log_e(uint64_t candidate_only, uint64_t baseline_only, double kappa);

// The gap between the largest and the smallest of several groups' rates: a confidence sequence from
// theirs at alpha / (2 groups) each. NaN if a group is empty or there are fewer than two.
struct GroupCount {
  uint64_t k;
  uint64_t n;
};
Interval rate_gap_interval(const GroupCount* groups, uint32_t count, double kappa, double alpha);

}  // namespace rel::stats
