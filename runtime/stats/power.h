// What a stage can detect: samples, seconds and odds, for the plan and the lint.
// Input: base rate, ratio to detect, share of the candidate, requests a second, level, power,
// duration. Output: the numbers below; NaN where the question has no meaning (a ratio at or below
// the null's, a share of 0 or 1), infinity where no amount of traffic is enough.
//
// `events` are bad requests of both arms together; the sequential numbers are for the one-sided
// beta-binomial of the conditional share, tuned to the ratio. The exact variant evaluates its
// evidence at the expected count less z standard deviations; the closed form with normal quantiles
// is too optimistic below about 200 events and is for documentation.
#pragma once

#include <cstdint>

namespace rel::stats {

struct PowerQuestion {
  double base_rate = 0;       // of the baseline, 0 to 1
  double ratio = 2;           // of the candidate's rate to the baseline's
  double share = 0;           // of requests that the candidate gets, 0 to 1
  double per_second = 0;      // requests of both arms
  double alpha = 0.05;
  double power = 0.8;
  double duration_s = 0;
  double null_ratio = 1;      // H0: the ratio is at most this
};

enum class Detects : uint8_t { can, cannot };

struct PowerAnswer {
  double q0, q1;        // share of events that are the candidate's, under the null and the ratio
  double kappa;
  double fixed_total;   // requests of both arms, one test at the end: one-sided z, pooled null
  double fixed_candidate;
  double fixed_seconds;
  double events;        // until detection with the power
  double events_normal;  // the same by the closed form
  double events_mean;   // mean at detection (Wald)
  double seconds;
  double candidate_requests;
  double median_seconds;  // until detection with power 1/2
  double events_in_duration;
  double power_in_duration;
  double detectable_ratio;  // smallest ratio detected with the power in the duration
  Detects detects;      // seconds <= duration
};

PowerAnswer rate_power(const PowerQuestion& question);

// Values (of both arms, sigma^2 = n standard_error^2) until the one-sided asymptotic test detects a
// difference of means `delta` with `power`; rho2 as in asymptotic.h. Closed form, iterated.
double mean_power_samples(double sigma, double delta, double rho2, double alpha, double power);

}  // namespace rel::stats
