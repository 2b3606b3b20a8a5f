// Combination of e-values.
#include "runtime/stats/combine.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "runtime/stats/elementary.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Sums of e-values over the threshold stay finite below this logarithm; above it all are rejected.
constexpr double log_e_max = 600;

double safe(double log_e) { return log_e != log_e ? -infinity : log_e; }

std::vector<uint32_t> ascending(std::span<const double> log_e) {
  std::vector<uint32_t> order(log_e.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, {}, [&](uint32_t i) { return safe(log_e[i]); });
  return order;
}

}  // namespace

double log_e_any(std::span<const double> log_e) {
  return log_e.empty() ? 0 : log_mean_exp(log_e);
}

double log_e_any(std::span<const double> log_e, std::span<const double> weights) {
  if (log_e.size() != weights.size()) return nan;
  double whole = 0;
  std::vector<double> terms;
  terms.reserve(log_e.size() + 1);
  for (size_t i = 0; i < log_e.size(); ++i) {
    if (!(weights[i] >= 0)) return nan;
    whole += weights[i];
    terms.push_back(log_e[i] + elementary::log(weights[i]));
  }
  if (!(whole <= 1 + 1e-12)) return nan;
  // What is not yet given to a segment stays 1.
  terms.push_back(elementary::log(std::max(0.0, 1 - whole)));
  return log_sum_exp(terms);
}

double arrival_weight(uint64_t k) {
  constexpr double six_over_pi_squared = 0.607927101854026628664;
  const double place = static_cast<double>(k);
  return k == 0 ? nan : six_over_pi_squared / (place * place);
}

std::vector<uint32_t> e_bonferroni(std::span<const double> log_e, double alpha) {
  std::vector<uint32_t> rejected;
  const double threshold =
      evidence_threshold(alpha) + elementary::log(static_cast<double>(log_e.size()));
  for (uint32_t i = 0; i < log_e.size(); ++i) {
    if (log_e[i] >= threshold) rejected.push_back(i);
  }
  return rejected;
}

std::vector<uint32_t> closed_mean(std::span<const double> log_e, double alpha) {
  const double threshold = evidence_threshold(alpha);
  if (threshold != threshold) return {};
  const std::vector<uint32_t> order = ascending(log_e);
  const size_t count = order.size();
  // In units of 1 / alpha. sum[s]: the s smallest together.
  std::vector<double> value(count), sum(count + 1, 0.0);
  for (size_t r = 0; r < count; ++r) {
    value[r] = elementary::exp(std::min(safe(log_e[order[r]]) - threshold, log_e_max));
    sum[r + 1] = sum[r] + value[r];
  }
  // weakest[r]: the least mean of the s smallest with s > r, which hold the r-th itself.
  std::vector<double> weakest(count + 1, infinity);
  for (size_t s = count; s-- > 0;) {
    weakest[s] = std::min(weakest[s + 1], sum[s + 1] / static_cast<double>(s + 1));
  }
  std::vector<uint32_t> rejected;
  double needed = -infinity;  // value + sum[s] >= s + 1 for every s <= r
  for (size_t r = 0; r < count; ++r) {
    needed = std::max(needed, static_cast<double>(r + 1) - sum[r]);
    if (value[r] >= needed && weakest[r] >= 1) rejected.push_back(order[r]);
  }
  std::ranges::sort(rejected);
  return rejected;
}

std::vector<uint32_t> e_benjamini_hochberg(std::span<const double> log_e, double alpha) {
  const double threshold =
      evidence_threshold(alpha) + elementary::log(static_cast<double>(log_e.size()));
  std::vector<uint32_t> order = ascending(log_e);
  std::ranges::reverse(order);
  size_t accepted = 0;
  for (size_t k = 1; k <= order.size(); ++k) {
    const double needed = threshold - elementary::log(static_cast<double>(k));
    if (safe(log_e[order[k - 1]]) >= needed) accepted = k;
  }
  order.resize(accepted);
  std::ranges::sort(order);
  return order;
}

}  // namespace rel::stats
