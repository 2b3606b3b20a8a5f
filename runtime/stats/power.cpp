// Power of the sequential tests.
#include "runtime/stats/power.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

using elementary::log;
using elementary::log1p;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.693147180559945309417;
constexpr double events_max = 1e12;
constexpr double ratio_max = 100;
constexpr int bisections = 60;

double square(double x) { return x * x; }

// The sequential test of a question, with the share q1 that holds if the ratio is the one given.
struct SequentialTest {
  double q0, kappa, alpha;

  // Whether it fires at `events` when the candidate has z standard deviations less than expected.
  bool fires(double events, double q1, double z) const {
    const double count = events * q1 - z * std::sqrt(events * q1 * (1 - q1));
    if (!(count >= 0)) return false;
    return beta_binomial_log_e_greater(std::min(count, events), events, q0, kappa) >=
           evidence_threshold(alpha);
  }

  double events_needed(double q1, double z) const {
    double high = 10;
    while (!fires(high, q1, z)) {
      high *= 2;
      if (high > events_max) return infinity;
    }
    double low = high > 10 ? high / 2 : 0;
    for (int i = 0; i < bisections; ++i) {
      const double middle = 0.5 * (low + high);
      (fires(middle, q1, z) ? high : low) = middle;
    }
    return high;
  }

  double power_at(double events, double q1) const {
    double low = -10, high = 10;
    for (int i = 0; i < bisections; ++i) {
      const double middle = 0.5 * (low + high);
      (fires(events, q1, middle) ? low : high) = middle;
    }
    return normal_cdf(low);
  }
};

// z*(K)^2 of the one-sided mixture: the squared boundary in standard deviations.
double squared_boundary(double per_kappa, double alpha) {
  return (1 + 1 / per_kappa) * (2 * evidence_threshold(alpha) + log1p(per_kappa) - 2 * ln2);
}

double events_by_normal(const SequentialTest& test, double q1, double z_power) {
  double events = std::max(test.kappa, 10.0);
  for (int i = 0; i < 1000; ++i) {
    const double boundary = std::sqrt(squared_boundary(events / test.kappa, test.alpha));
    const double next = square((boundary * std::sqrt(test.q0 * (1 - test.q0)) +
                                z_power * std::sqrt(q1 * (1 - q1))) /
                               (q1 - test.q0));
    const bool settled = std::fabs(next - events) <= 1e-13 * events;
    events = next;
    if (settled) break;
  }
  return events;
}

double events_by_wald(const SequentialTest& test, double q1) {
  const double q0 = test.q0;
  const double divergence = q1 * log(q1 / q0) + (1 - q1) * log((1 - q1) / (1 - q0));
  double events = std::max(test.kappa, 10.0);
  for (int i = 0; i < 1000; ++i) {
    const double spent = evidence_threshold(test.alpha) - ln2 + 0.5 * log1p(events / test.kappa) +
                         test.kappa * (events / (events + test.kappa)) * divergence;
    const double next = spent / divergence;
    const bool settled = std::fabs(next - events) <= 1e-13 * events;
    events = next;
    if (settled) break;
  }
  return events;
}

bool can_be(const PowerQuestion& q) {
  return q.base_rate > 0 && q.base_rate < 1 && q.ratio > q.null_ratio && q.null_ratio > 0 &&
         q.base_rate * q.ratio <= 1 && q.share > 0 && q.share < 1 && q.per_second > 0 &&
         std::isfinite(q.per_second) && q.alpha > 0 && q.alpha < 1 && q.power > 0 && q.power < 1 &&
         q.duration_s >= 0 && std::isfinite(q.duration_s);
}

double fixed_samples(const PowerQuestion& q, double z_alpha, double z_power) {
  const double p_b = q.base_rate;
  const double p_c = q.base_rate * q.ratio;
  const double pooled = q.share * p_c + (1 - q.share) * p_b;
  const double under_null = std::sqrt(pooled * (1 - pooled) / (q.share * (1 - q.share)));
  const double spread =
      std::sqrt(p_c * (1 - p_c) / q.share + p_b * (1 - p_b) / (1 - q.share));
  return square((z_alpha * under_null + z_power * spread) / (p_c - p_b));
}

double events_per_second(const PowerQuestion& q, double ratio) {
  return q.per_second * (q.share * q.base_rate * ratio + (1 - q.share) * q.base_rate);
}

// The smallest ratio that `test`, tuned as it is, detects within the duration.
double detectable(const PowerQuestion& q, const SequentialTest& test, double z_power) {
  const auto seconds = [&](double ratio) {
    return test.events_needed(conditional_share(q.share, ratio), z_power) /
           events_per_second(q, ratio);
  };
  double low = q.null_ratio * 1.0001;
  double high = std::max(ratio_max, q.ratio);
  if (seconds(high) > q.duration_s) return infinity;
  for (int i = 0; i < bisections; ++i) {
    const double middle = std::sqrt(low * high);
    (seconds(middle) <= q.duration_s ? high : low) = middle;
  }
  return high;
}

PowerAnswer unknown() {
  PowerAnswer a{};
  for (double* value : {&a.q0, &a.q1, &a.kappa, &a.fixed_total, &a.fixed_candidate,
                        &a.fixed_seconds, &a.events, &a.events_normal, &a.events_mean, &a.seconds,
                        &a.candidate_requests, &a.median_seconds, &a.events_in_duration,
                        &a.power_in_duration, &a.detectable_ratio}) {
    *value = nan;
  }
  a.detects = Detects::cannot;
  return a;
}

}  // namespace

PowerAnswer rate_power(const PowerQuestion& q) {
  PowerAnswer a = unknown();
  if (!can_be(q)) return a;
  const double z_power = normal_upper_quantile(1 - q.power);
  a.q0 = conditional_share(q.share, q.null_ratio);
  a.q1 = conditional_share(q.share, q.ratio);
  a.kappa = kappa_at_effect(a.q0, q.ratio / q.null_ratio - 1);
  a.fixed_total = fixed_samples(q, normal_upper_quantile(q.alpha), z_power);
  a.fixed_candidate = a.fixed_total * q.share;
  a.fixed_seconds = a.fixed_total / q.per_second;

  const SequentialTest test{a.q0, a.kappa, q.alpha};
  const double rate = events_per_second(q, q.ratio);
  a.events = test.events_needed(a.q1, z_power);
  a.events_normal = events_by_normal(test, a.q1, z_power);
  a.events_mean = events_by_wald(test, a.q1);
  a.seconds = a.events / rate;
  a.candidate_requests = a.seconds * q.per_second * q.share;
  a.median_seconds = test.events_needed(a.q1, 0) / rate;
  a.events_in_duration = rate * q.duration_s;
  a.power_in_duration = test.power_at(a.events_in_duration, a.q1);
  a.detectable_ratio = detectable(q, test, z_power);
  a.detects = a.seconds <= q.duration_s ? Detects::can : Detects::cannot;
  return a;
}

double mean_power_samples(double sigma, double delta, double rho2, double alpha, double power) {
  if (!(sigma > 0) || !(delta != 0) || !(rho2 > 0) || !(alpha > 0) || !(alpha < 1) ||
      !(power > 0) || !(power < 1) || !std::isfinite(sigma / delta)) {
    return nan;
  }
  const double z_power = normal_upper_quantile(1 - power);
  double n = std::max(1 / rho2, 10.0);
  for (int i = 0; i < 1000; ++i) {
    const double boundary = std::sqrt(squared_boundary(n * rho2, alpha));
    const double next = square(sigma * (boundary + z_power) / delta);
    const bool settled = std::fabs(next - n) <= 1e-13 * n;
    n = next;
    if (settled) break;
  }
  return n;
}

}  // namespace rel::stats
