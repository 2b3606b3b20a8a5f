// Drift off two histograms, against numbers worked out by hand.
#include <catch2/catch.hpp>

#include <cmath>
#include <utility>
#include <vector>

#include "runtime/windows/histogram_drift.h"

namespace rel {
namespace {

struct Histogram {
  explicit Histogram(std::vector<uint64_t> of) : counts(std::move(of)) {
    for (const uint64_t count : counts) totals.hist_n += count;
    while (first < counts.size() && counts[first] == 0) ++first;
  }
  WindowReading reading() const { return {&totals, counts, first}; }

  std::vector<uint64_t> counts;
  WindowTotals totals;
  uint32_t first = 0;
};

double drift_of(AggregateFn fn, const Histogram& baseline, const Histogram& candidate) {
  return histogram_drift(fn, baseline.reading(), candidate.reading());
}

const Histogram even({10, 10, 10, 10, 10, 10, 10, 10, 10, 10});

TEST_CASE("histograms that are alike have not drifted, whatever their sizes") {
  const Histogram more({70, 70, 70, 70, 70, 70, 70, 70, 70, 70});
  for (const AggregateFn fn : {AggregateFn::psi, AggregateFn::jensen_shannon,
                               AggregateFn::kolmogorov_smirnov}) {
    CHECK(drift_of(fn, even, more) == Approx(0).margin(1e-12));
  }
}

// Twice the share in the lowest tenth, none in the highest: 0.1 ln 2 + (e - 0.1) ln(e / 0.1) with
// e = 1e-6, the floor of a share.
TEST_CASE("drift is that of the tenths of the baseline") {
  const Histogram shifted({20, 10, 10, 10, 10, 10, 10, 10, 10, 0});
  const double e = 1e-6;
  CHECK(drift_of(AggregateFn::psi, even, shifted) ==
        Approx(0.1 * std::log(2.0) + (e - 0.1) * std::log(e / 0.1)));
  // Half of each share's part against the middle: 0.15 and 0.05.
  const double js = 0.5 * (0.2 * std::log(0.2 / 0.15) + 0.1 * std::log(0.1 / 0.15)) +
                    0.5 * 0.1 * std::log(2.0);
  CHECK(drift_of(AggregateFn::jensen_shannon, even, shifted) == Approx(js).epsilon(1e-3));
  CHECK(drift_of(AggregateFn::kolmogorov_smirnov, even, shifted) == Approx(0.1));
}

TEST_CASE("fine buckets are one tenth together, and what lies outside of the baseline counts") {
  // 200 buckets of one value each: a tenth is twenty of them; the candidate has them thinned alike.
  std::vector<uint64_t> fine(200, 1);
  std::vector<uint64_t> thin(200, 0);
  for (size_t i = 0; i < thin.size(); i += 4) thin[i] = 1;
  CHECK(drift_of(AggregateFn::psi, Histogram(fine), Histogram(thin)) == Approx(0).margin(1e-12));

  const Histogram low({0, 100, 0});
  const Histogram outside({0, 0, 100});
  CHECK(drift_of(AggregateFn::kolmogorov_smirnov, low, outside) == Approx(1));
  CHECK(drift_of(AggregateFn::psi, low, outside) > 10);
}

}  // namespace
}  // namespace rel
