// Drift: how far the histogram of a feature or score is from a reference, as numbers and as
// evidence.
// Input: counts of the same buckets, reference and current. Output: distances of the empirical
// shares; lower bounds that hold at every look; log E. NaN where a histogram is empty or the
// lengths differ.
//
// The plain PSI is biased: with no drift at all E[PSI] is about (buckets - 1)(1/n + 1/m) (Yurdakul
// 2018); report n with it, and decide on the lower bound. `log_e` of multinomial (sample_ratio.h)
// is the evidence against a fixed reference.
#pragma once

#include <cstdint>
#include <span>

namespace rel::stats {

// Shares below this are raised to it in psi, js and kl, which have logarithms of ratios.
inline constexpr double share_floor = 1e-6;

struct Drift {
  double psi;        // sum (c - r) log(c / r), nats
  double js;         // Jensen-Shannon divergence, nats
  double kl;         // of current from reference, nats
  double ks;         // largest difference of cumulated shares
  double tv;         // total variation
  double chi2;       // pooled 2 x buckets chi-square; empty buckets left out
  double hellinger;  // sqrt(sum (sqrt c - sqrt r)^2 / 2)
};
Drift drift(std::span<const uint64_t> reference, std::span<const uint64_t> current);

enum class Divergence : uint8_t { psi, js, tv, hellinger };

// A lower bound, at every look with probability 1 - alpha, of the divergence of the true current
// shares from the reference's: each bucket's share is moved to the nearest point of its confidence
// sequence at alpha / buckets, tuned for n_opt samples. Every term is convex with its least value 0
// at the reference's share, so the sum is a bound.
double divergence_lower(Divergence divergence, std::span<const uint64_t> reference,
                        std::span<const uint64_t> current, double alpha, double n_opt);

// log E under H0: both arms have the same distribution, from concurrent counts at a known share pi
// of the current arm: given the bucket, the arm is a coin. Buckets empty in both add nothing.
double two_sample_log_e(std::span<const uint64_t> reference, std::span<const uint64_t> current,
                        double pi, double kappa);

}  // namespace rel::stats
