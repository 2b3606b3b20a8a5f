// Reading every aggregate of a plan off its windows.
#include "runtime/windows/frame.h"

#include <algorithm>

#include "runtime/base/verdict.h"
#include "runtime/windows/histogram_drift.h"

namespace rel {
namespace {

struct Number {
  double value = 0;
  uint64_t samples = 0;
  uint8_t causes = cause_none;
};

LaneArm lane_of(Arm arm, CandidateLane candidate) {
  if (arm == Arm::baseline) return LaneArm::baseline_live;
  return candidate == CandidateLane::shadow ? LaneArm::candidate_shadow : LaneArm::candidate_live;
}

double sum_of(const WindowTotals& totals) { return static_cast<double>(totals.sum) / 1e9; }

// The first bucket that is not empty, or the last; there is one.
uint32_t outermost_bucket(const WindowReading& reading, AggregateFn fn) {
  const auto size = static_cast<uint32_t>(reading.counts.size());
  if (fn == AggregateFn::min) {
    uint32_t bucket = reading.first;
    while (bucket + 1 < size && reading.counts[bucket] == 0) ++bucket;
    return bucket;
  }
  uint32_t bucket = size - 1;
  while (bucket > reading.first && reading.counts[bucket] == 0) --bucket;
  return bucket;
}

double known_value(const Aggregate& aggregate, const BucketMap& map, const WindowReading& reading) {
  const WindowTotals& totals = *reading.totals;
  switch (aggregate.fn) {
    case AggregateFn::samples:
      return static_cast<double>(totals.n);
    case AggregateFn::count:
      return static_cast<double>(totals.k);
    case AggregateFn::sum:
      return sum_of(totals);
    case AggregateFn::rate:
      return static_cast<double>(totals.k) / static_cast<double>(totals.n);
    case AggregateFn::mean:
      return sum_of(totals) / static_cast<double>(totals.n);
    case AggregateFn::quantile:
      return bucket_value(
          map, quantile_bucket(reading.counts, reading.first, totals.hist_n, aggregate.quantile));
    case AggregateFn::min:
    case AggregateFn::max:
      return bucket_value(map, outermost_bucket(reading, aggregate.fn));
    case AggregateFn::psi:
    case AggregateFn::jensen_shannon:
    case AggregateFn::kolmogorov_smirnov:
      break;  // drift_of
    case AggregateFn::evidence:
    case AggregateFn::estimate:
      break;  // written by RunningEvidence::write_frame
  }
  return 0;
}

// Of both arms: as many samples as the smaller one has.
Number drift_of(const Aggregate& aggregate, const WindowReading& baseline,
                const WindowReading& candidate) {
  Number number;
  number.samples = std::min(baseline.totals->hist_n, candidate.totals->hist_n);
  if (number.samples == 0) number.causes = cause_no_data;
  else if (number.samples < aggregate.samples_min) number.causes = cause_insufficient;
  if (number.samples != 0) {
    number.value = histogram_drift(aggregate.fn, baseline, candidate);
  }
  return number;
}

Number number_of(const Aggregate& aggregate, const BucketMap& map, const WindowReading& reading) {
  const bool counts = aggregate.fn == AggregateFn::samples || aggregate.fn == AggregateFn::count;
  Number number;
  number.samples = reads_histogram(aggregate.fn) ? reading.totals->hist_n : reading.totals->n;
  if (!counts && number.samples == 0) {
    number.causes = cause_no_data;
  } else if (!counts && number.samples < aggregate.samples_min) {
    number.causes = cause_insufficient;
  }
  // An insufficient number is shown, though nothing may be concluded from it.
  if (number.causes != cause_no_data) number.value = known_value(aggregate, map, reading);
  return number;
}

}  // namespace

void build_frame(const Plan& plan, const SharedLayout& layout, const Windows& windows,
                 CandidateLane candidate, SourceHealth source, const FrameColumns& frame) {
  for (const Aggregate& aggregate : plan.aggregates) {
    if (is_of_test(aggregate)) continue;
    const Tracker& tracker = plan.trackers[aggregate.tracker.value];
    const auto row = tracker.metric.is_none() ? static_cast<uint32_t>(plan.metrics.size())
                                              : tracker.metric.value;
    const LaneArm lane = lane_of(aggregate.arm, candidate);
    for (uint32_t i = 0; i < aggregate.cell_count; ++i) {
      const uint32_t window = layout.window_of(aggregate.tracker, lane, aggregate.cell_first + i);
      const WindowReading reading = windows.read(window);
      Number number;
      if (compares_histograms(aggregate.fn)) {
        const uint32_t other = layout.window_of(aggregate.tracker, LaneArm::baseline_live,
                                                aggregate.cell_first + i);
        number = drift_of(aggregate, windows.read(other), reading);
      } else {
        number = number_of(aggregate, layout.buckets(row), reading);
      }
      const uint32_t place = aggregate.frame_first + i;
      frame.values[place] = number.value;
      frame.samples[place] = number.samples;
      frame.causes[place] = number.causes;
      if (source.fails_for(tracker.metric)) frame.causes[place] |= cause_source_error;
    }
  }
}

}  // namespace rel
