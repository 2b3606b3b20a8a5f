// EB and betting: the mean of a metric that lies in [0, 1] (a judge's score, a Brier score, a
// capped loss divided by its cap).
// Input: one value at a time. Output: log E under H0 on the mean, a confidence sequence.
// Owner: whoever evaluates the trigger; plain memory.
//
// EB: empirical Bernstein with the predictable centre (1/2 + S) / i and the gamma-exponential
// mixture at c = 1 (Howard et al., AoS 2021, Thm 4). Its three numbers add over shards, each with
// its own centre. Betting: the hedged capital of Waudby-Smith and Ramdas (JRSSB 2024, Thm 3)
// against one fixed mean, tighter at small n, dependent on order and so not mergeable.
#pragma once

#include <cstdint>

#include "runtime/stats/beta_binomial.h"

namespace rel::stats {

struct BoundedMean {
  uint64_t n = 0;
  double sum = 0;
  double v = 0;  // sum of squared distances from the predictable centre

  // False, and nothing taken, for a value outside [0, 1].
  [[nodiscard]] bool add(double x);
  void merge(const BoundedMean& other);
  double mean() const;  // NaN when n = 0

  // H0: mean <= m, and H0: mean >= m. rho as in mixture_rho.
  double log_e_greater(double m, double rho) const;
  double log_e_less(double m, double rho) const;

  // Confidence sequence at alpha, both sides together, cut to [0, 1]; [0, 1] when n = 0.
  Interval interval(double rho, double alpha) const;

  // Half-width of the uncut sequence times n.
  double bound(double rho, double alpha) const;
};

struct Betting {
  double m;      // the mean under test, in (0, 1)
  double alpha;  // the level the bets are sized for
  double log_up = 0;    // log capital that bets on a larger mean
  double log_down = 0;  // on a smaller one
  double sum = 0;
  double squares = 0;  // sum of squared distances from the running centre
  uint64_t n = 0;

  [[nodiscard]] bool add(double x);
  double log_e() const;  // log of the mean of both capitals; H0: mean = m
};

}  // namespace rel::stats
