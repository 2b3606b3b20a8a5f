#include "runtime/windows/histogram_drift.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "runtime/stats/drift.h"

namespace rel {
namespace {

constexpr uint64_t groups = 10;

uint64_t count_at(const WindowReading& reading, size_t bucket) {
  return bucket < reading.first ? 0 : reading.counts[bucket];
}

// The tenth of the baseline that a bucket's middle lies in.
uint64_t group_of(uint64_t before, uint64_t own, uint64_t all) {
  return std::min(groups - 1, groups * (2 * before + own) / (2 * all));
}

}  // namespace

double histogram_drift(AggregateFn fn, const WindowReading& baseline,
                       const WindowReading& candidate) {
  std::array<uint64_t, groups> reference{};
  std::array<uint64_t, groups> current{};
  uint64_t before = 0;
  uint64_t before_candidate = 0;
  double apart = 0;
  const uint64_t n = baseline.totals->hist_n;
  const uint64_t m = candidate.totals->hist_n;
  const size_t buckets = std::min(baseline.counts.size(), candidate.counts.size());
  for (size_t bucket = std::min(baseline.first, candidate.first); bucket < buckets; ++bucket) {
    const uint64_t own = count_at(baseline, bucket);
    const uint64_t other = count_at(candidate, bucket);
    const uint64_t group = group_of(before, own, n);
    reference[group] += own;
    current[group] += other;
    before += own;
    before_candidate += other;
    apart = std::max(apart, std::fabs(static_cast<double>(before) / static_cast<double>(n) -
                                      static_cast<double>(before_candidate) /
                                          static_cast<double>(m)));
  }
  if (fn == AggregateFn::kolmogorov_smirnov) return apart;
  const stats::Drift drift = stats::drift(reference, current);
  return fn == AggregateFn::jensen_shannon ? drift.js : drift.psi;
}

}  // namespace rel
