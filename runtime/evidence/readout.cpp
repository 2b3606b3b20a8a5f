// Reading evidence into the frame: the numbers of tests, or why they are not known.
#include <algorithm>
#include <cmath>

#include "runtime/evidence/evidence.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/sample_ratio.h"

namespace rel {
namespace {

// An arm that has been silent for so many times its mean distance between observations, and for so
// long at least, is not there any more.
constexpr int64_t silence_gaps_max = 20;
constexpr int64_t silence_ns_min = 10'000'000'000;
constexpr uint64_t silence_samples_min = 20;  // before that the mean distance is not known

bool is_silent(const TestEvidence& state, size_t arm, int64_t now_ns, int64_t pane_ns) {
  if (state.n[arm] < silence_samples_min) return state.n[arm] == 0;
  const int64_t silence = now_ns - state.seen_ns[arm];
  // What came is seen when its pane closes.
  if (silence <= std::max(silence_ns_min, 2 * pane_ns)) return false;
  const auto n = static_cast<int64_t>(std::min<uint64_t>(state.n[arm], INT64_MAX));
  const int64_t gap = std::max<int64_t>(state.seen_ns[arm] - state.first_ns, 1) / n + 1;
  return silence / silence_gaps_max > gap;
}

void show(const Plan& plan, AggregateId id, uint32_t cell, const ShownNumber& shown,
          const FrameColumns& frame) {
  if (id.is_none()) return;
  const Aggregate& aggregate = plan.aggregates[id.value];
  const uint32_t place = aggregate.frame_first + (cell - aggregate.cell_first);
  frame.values[place] = shown.value;
  frame.samples[place] = shown.samples;
  frame.causes[place] = shown.causes;
}

ShownNumber shown_estimate(const EvidenceTest& test, const CellEvidence& cell, Arm arm) {
  ShownNumber shown;
  shown.samples = cell.arm[static_cast<size_t>(arm)].n;
  const double value = estimate_of(test, cell, arm);
  if (std::isnan(value)) shown.causes = cause_no_data;
  else shown.value = value;
  return shown;
}

// The quantile a test of quantiles compares, from all its counts.
ShownNumber shown_quantile(const EvidenceTest& test, const BucketMap& map,
                     std::span<const uint64_t> counts, uint64_t n) {
  if (n == 0) return {.causes = cause_no_data};
  return {bucket_value(map, quantile_bucket(counts, 0, n, test.quantile)), n, cause_none};
}

}  // namespace

// Too little of an arm, or an approximation that does not hold yet.
uint8_t RunningEvidence::causes_of_cell(const EvidenceTest& test, const CellEvidence& cell) const {
  if (test.method == TestMethod::sample_ratio || test.method == TestMethod::event_level) {
    return cause_none;
  }
  uint64_t least = cell.arm[static_cast<size_t>(test.arm)].n;
  if (compares_arms(test.method)) least = std::min(cell.arm[0].n, cell.arm[1].n);
  if (least == 0) return cause_no_data;
  if (least < test.samples_min || !is_usable(test, cell)) return cause_insufficient;
  return cause_none;
}

uint8_t RunningEvidence::causes_of(const EvidenceTest& test, const TestEvidence& state,
                            int64_t now_ns) const {
  if (test.method == TestMethod::sample_ratio) return cause_none;
  uint8_t causes = cause_none;
  if (state.bad_pane != 0) causes |= cause_source_error;
  const bool both = compares_arms(test.method);
  for (size_t arm = 0; arm < 2; ++arm) {
    if (!both && arm != static_cast<size_t>(test.arm)) continue;
    if (is_silent(state, arm, now_ns, plan_.pane_ns)) causes |= cause_no_data;
  }
  if (header().gap != 0) causes |= cause_insufficient;
  if (test.randomised != 0 && ratio_is_off()) causes |= cause_insufficient;
  return causes;
}

// Of `any`, cells with too little are left out; of `every`, one that is known and has no evidence
// decides, otherwise one that is not known.
void RunningEvidence::write_test(const EvidenceTest& test, const TestEvidence& state,
                                 uint8_t causes, const FrameColumns& frame) const {
  uint64_t samples = 0;
  uint8_t of_cells = cause_none;
  uint32_t known = 0;
  bool denied = false;
  const double threshold = stats::evidence_threshold(test.alpha);
  for (uint32_t row = test.cells.first; row < test.cells.end(); ++row) {
    const TestCell& shown = plan_.test_cells[row];
    const CellEvidence& cell = at<CellEvidence>(shape_.cell(row));
    const uint8_t own = causes_of_cell(test, cell);
    const uint64_t n = cell.arm[0].n + cell.arm[1].n;
    samples += n;
    of_cells |= own;
    if (own == cause_none) ++known;
    if (own == cause_none && cell.peak < threshold) denied = true;
    const double log_e = test.fold == TestFold::any ? cell.log_e : cell.peak;
    // Values that are all alike have no spread, and so no evidence either way.
    const uint8_t spread = std::isnan(log_e) ? cause_insufficient : cause_none;
    show(plan_, shown.evidence, shown.cell,
         {spread ? 0 : log_e, n, static_cast<uint8_t>(causes | own | spread)}, frame);
    for (const Arm arm : {Arm::baseline, Arm::candidate}) {
      const AggregateId where = arm == Arm::baseline ? shown.baseline : shown.candidate;
      show(plan_, where, shown.cell, estimate(test, row, cell, arm), frame);
    }
  }
  const bool decided = test.fold == TestFold::any     ? known > 0
                       : test.fold == TestFold::every ? denied || known == test.cells.count
                                                      : known > 0;
  if (!decided) causes |= of_cells;
  double value = state.peak;
  if (test.fold == TestFold::every && denied) value = std::min(value, 0.0);
  show(plan_, test.evidence, 0, {value, samples, causes}, frame);
}

ShownNumber RunningEvidence::estimate(const EvidenceTest& test, uint32_t row,
                                      const CellEvidence& cell, Arm arm) const {
  if (test.method != TestMethod::quantile_ratio) return shown_estimate(test, cell, arm);
  const uint32_t buckets = shape_.buckets_of(row);
  const auto side = static_cast<size_t>(arm);
  const auto counts =
      std::span(words_).subspan(shape_.kept_counts(row) + side * buckets, buckets);
  const MetricId metric = plan_.trackers[test.tracker.value].metric;
  return shown_quantile(test, layout_.buckets(metric.value), counts, cell.arm[side].n);
}

bool RunningEvidence::ratio_is_off() const {
  for (uint32_t index = 0; index < plan_.tests.size(); ++index) {
    const EvidenceTest& test = plan_.tests[index];
    if (test.method != TestMethod::sample_ratio) continue;
    if (at<TestEvidence>(shape_.test(index)).peak >= stats::evidence_threshold(test.alpha)) {
      return true;
    }
  }
  return false;
}

void RunningEvidence::write_frame(int64_t now_ns, SourceHealth source,
                                  const FrameColumns& frame) const {
  for (uint32_t index = 0; index < plan_.tests.size(); ++index) {
    const EvidenceTest& test = plan_.tests[index];
    const TestEvidence& state = at<TestEvidence>(shape_.test(index));
    uint8_t causes = causes_of(test, state, now_ns);
    const MetricId metric = plan_.trackers[test.tracker.value].metric;
    if (source.fails_for(metric) && test.method != TestMethod::sample_ratio) {
      causes |= cause_source_error;
    }
    write_test(test, state, causes, frame);
  }
}

}  // namespace rel
