// What every test here shares: log e-values, their reading, and how a mixture is tuned.
// Input: log E (natural logarithm), alpha in (0, 1). Output: a verdict, a p-value, a tuning
// constant.
//
// The one contract of runtime/stats: a function whose inputs have no meaning (NaN, k > n, a share
// of 0 or 1, no finite answer) returns NaN, and NaN reads as `insufficient`, never as a number. An
// e-process E has E[E at any stopping time] <= 1 under its null; by Ville's inequality P(E >=
// 1/alpha ever) <= alpha, so it may be looked at continuously.
#pragma once

#include <cstdint>

#include "runtime/base/verdict.h"

namespace rel::stats {

// true: log E >= log(1 / alpha); false: no evidence yet; insufficient: not a number.
Verdict evidence_verdict(double log_e, double alpha);

// log(1 / alpha).
double evidence_threshold(double alpha);

// min(1, 1 / E). Anytime valid as the minimum over time (Ville).
double evidence_p_value(double log_e);

// c(alpha) = 2 log(1/alpha) + log(1 + 2 log(1/alpha)): the variance over rho at which a normal
// mixture at level alpha is tightest, to 4 % (Howard et al., AoS 2021, eq 3.7).
double tuning_constant(double alpha);

// The exact optimum, -W_-1(-alpha^2 / e) - 1.
double tuning_constant_exact(double alpha);

// Beta-binomial concentration that is tightest at `n_opt` samples: n_opt / c(alpha) - 1, at least
// 0.001.
double kappa_at_samples(double n_opt, double alpha);

// Beta-binomial concentration for a relative effect `delta` on a rate p0:
// max((1 - p0) / (p0 delta^2) - 1, 0.5).
double kappa_at_effect(double p0, double delta);

// What became of a pane that was offered to an evidence state. A refused or repeated pane leaves
// the state as it was; a refused one is an error of its source.
enum class PaneTaken : uint8_t {
  taken,
  empty,     // no request in either arm: no evidence in it
  repeated,  // its id is not above the last one taken: evidence must not enter twice
  refused,   // counts that cannot be (k > n)
};

}  // namespace rel::stats
