// GM: events per second against a constant rate.
// Input: k events in `seconds` of exposure (any unit of time, the same as of `rate`), the rate
// under test > 0, and the shape > 0 of the gamma prior, which has its mean at the rate. Output: log
// E; NaN where the inputs have no meaning.
//
// Gamma mixture of Poisson likelihoods, cut at the rate for the one-sided form. Two Poisson
// streams: condition on the arm of each event and use pane_grid or beta_binomial with the share of
// exposure.
#pragma once

#include <cstdint>

namespace rel::stats {

// H0: rate = rate0.
double poisson_log_e(double k, double seconds, double rate0, double shape);

// H0: rate <= rate0.
double poisson_log_e_greater(double k, double seconds, double rate0, double shape);

}  // namespace rel::stats
