// Closing panes: from the windows into the evidence.
#include "runtime/evidence/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/stats/combine.h"
#include "runtime/stats/special.h"

namespace rel {
namespace {

constexpr int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

bool mirrors(const Plan& plan, StageId stage) {
  return !stage.is_none() && plan.stages[stage.value].kind == StageKind::mirror;
}

LaneArm lane_of(size_t arm, CandidateLane lane) {
  if (arm == 0) return LaneArm::baseline_live;
  return lane == CandidateLane::shadow ? LaneArm::candidate_shadow : LaneArm::candidate_live;
}

bool watched_in(const EvidenceTest& test, const Exposure& exposure) {
  if (!test.stage.is_none() && test.stage != exposure.stage) return false;
  if (test.method != TestMethod::sample_ratio) return true;
  const uint32_t share = exposure.share_millionths;
  return exposure.lane == CandidateLane::live && share > 0 && share < 1'000'000;
}

std::span<const BucketMap> no_maps() { return {}; }

std::vector<BucketMap> maps_of(const Plan& plan, const SharedLayout& layout) {
  std::vector<BucketMap> maps;
  for (uint32_t row = 0; row < plan.metrics.size(); ++row) maps.push_back(layout.buckets(row));
  return maps;
}

}  // namespace

RunningEvidence::RunningEvidence(const Plan& plan, const SharedLayout& layout)
    : plan_(plan),
      layout_(layout),
      shape_(plan, plan.tests.empty() ? no_maps() : std::span<const BucketMap>(
                                                        maps_of(plan, layout))),
      words_(shape_.words()) {
  uint32_t buckets_max = 0;
  for (uint32_t row = 0; row < plan.test_cells.size(); ++row) {
    buckets_max = std::max(buckets_max, shape_.buckets_of(row));
  }
  for (std::vector<uint64_t>& counts : gained_) counts.resize(buckets_max);
  clear();
}

// -- the state

std::span<const uint64_t> RunningEvidence::checkpoint() const {
  return std::span(words_).first(plan_.tests.empty() ? 0 : shape_.checkpoint_words());
}

void RunningEvidence::load(std::span<const uint64_t> state) {
  if (state.size() != words_.size()) return clear();
  std::ranges::copy(state, words_.begin());
  if (!words_.empty() && header().initialised == 0) clear();
}

void RunningEvidence::restore(std::span<const uint64_t> checkpoint) {
  if (words_.empty() || checkpoint.size() != shape_.checkpoint_words()) return clear();
  std::ranges::copy(checkpoint, words_.begin());
  if (header().initialised == 0) clear();
  windows_emptied();
}

void RunningEvidence::clear() {
  std::ranges::fill(words_, 0);
  if (words_.empty()) return;
  header() = EvidenceHeader{.initialised = 1};
  for (uint32_t index = 0; index < plan_.tests.size(); ++index) reset_test(index);
}

void RunningEvidence::reset_test(uint32_t index) {
  const EvidenceTest& test = plan_.tests[index];
  at<TestEvidence>(shape_.test(index)) = TestEvidence{};
  for (uint32_t row = test.cells.first; row < test.cells.end(); ++row) {
    at<CellEvidence>(shape_.cell(row)) = fresh_cell(test);
    if (test.method != TestMethod::quantile_ratio) continue;
    std::fill_n(words_.begin() + static_cast<ptrdiff_t>(shape_.kept_counts(row)),
                size_t{2} * shape_.buckets_of(row), 0);
  }
}

void RunningEvidence::windows_emptied() {
  if (words_.empty()) return;
  header().open_pane = 0;
  std::fill(words_.begin() + static_cast<ptrdiff_t>(shape_.checkpoint_words()), words_.end(), 0);
}

void RunningEvidence::clock_gap() {
  if (!words_.empty()) header().gap = 1;
}

void RunningEvidence::enter_stage(StageId stage) {
  if (words_.empty()) return;
  const StageId before = header().stage;
  header().stage = stage;
  const bool same_lane = !before.is_none() && mirrors(plan_, before) == mirrors(plan_, stage);
  for (uint32_t index = 0; index < plan_.tests.size(); ++index) {
    const StageId own = plan_.tests[index].stage;
    if (own.is_none() ? !same_lane : own == stage) reset_test(index);
  }
}

// -- panes

bool RunningEvidence::advance(int64_t now_ns, const Windows& windows, const Exposure& exposure) {
  if (words_.empty() || exposure.stage.is_none()) return false;
  const int64_t pane = floor_div(now_ns, plan_.pane_ns);
  if (header().open_pane == 0) {
    header().open_pane = pane;
    return false;
  }
  if (pane <= header().open_pane) return false;
  close_pane(now_ns, windows, exposure);
  header().open_pane = pane;
  return true;
}

void RunningEvidence::close_pane(int64_t now_ns, const Windows& windows, const Exposure& exposure) {
  CellPane pane;
  pane.id = header().last_id = std::max(header().open_pane, header().last_id + 1);
  pane.end_ns = now_ns;
  pane.length_ns = plan_.pane_ns;
  pane.share_millionths = exposure.share_millionths;
  for (uint32_t index = 0; index < plan_.tests.size(); ++index) {
    const EvidenceTest& test = plan_.tests[index];
    TestEvidence& state = at<TestEvidence>(shape_.test(index));
    if (!watched_in(test, exposure)) continue;
    const uint64_t before = state.n[0] + state.n[1];
    for (uint32_t row = test.cells.first; row < test.cells.end(); ++row) {
      close_cell(test, row, windows, exposure, pane, state);
    }
    if (state.n[0] + state.n[1] != before) header().gap = 0;
    combine(test, state);
  }
}

void RunningEvidence::close_cell(const EvidenceTest& test, uint32_t row, const Windows& windows,
                          const Exposure& exposure, CellPane& pane, TestEvidence& state) {
  const uint32_t cell = plan_.test_cells[row].cell;
  const Tracker& tracker = plan_.trackers[test.tracker.value];
  const uint32_t metric = tracker.metric.is_none() ? static_cast<uint32_t>(plan_.metrics.size())
                                                   : tracker.metric.value;
  CellContext own{.test = test,
                  .map = layout_.buckets(metric),
                  .kept_counts = std::span(words_).subspan(
                      shape_.kept_counts(row),
                      test.method == TestMethod::quantile_ratio ? 2 * shape_.buckets_of(row) : 0)};
  for (size_t arm = 0; arm < 2; ++arm) {
    const WindowReading reading =
        windows.read(layout_.window_of(test.tracker, lane_of(arm, exposure.lane), cell));
    pane.arm[arm] = gained(row, arm, reading);
    if (pane.arm[arm].n != 0) {
      if (state.first_ns == 0) state.first_ns = pane.end_ns;
      state.seen_ns[arm] = pane.end_ns;
      state.n[arm] += pane.arm[arm].n;
    }
    if (arm == 0 && !reading.counts.empty()) {
      const size_t first = std::min<size_t>(reading.first, reading.counts.size());
      own.reference = reading.counts.subspan(first);
      own.reference_first = reading.first;
      own.reference_n = reading.totals->hist_n;
    }
  }
  const bool silent = pane.arm[0].n == 0 && pane.arm[1].n == 0;
  // A rate in time goes on in silence; every other number changes only where something came.
  if (silent && test.method != TestMethod::event_level) return;
  const stats::PaneTaken taken = update_cell(own, pane, at<CellEvidence>(shape_.cell(row)));
  state.bad_pane = taken == stats::PaneTaken::refused ? 1 : 0;
}

// What the windows of an arm have more than at the end of the last pane.
ArmPane RunningEvidence::gained(uint32_t row, size_t arm, const WindowReading& reading) {
  ArmSnapshot& known = at<Snapshot>(shape_.snapshot(row)).arm[arm];
  const WindowTotals& totals = *reading.totals;
  ArmPane pane;
  pane.n = totals.n - known.n;
  pane.k = totals.k - known.k;
  pane.sum = totals.sum - join_int128(known.sum_low, known.sum_high);
  known = {totals.n, totals.k, low_word(totals.sum), high_word(totals.sum)};
  const uint32_t buckets = shape_.buckets_of(row);
  if (buckets == 0 || reading.counts.empty()) return pane;
  uint64_t* taken = &words_[shape_.snapshot_counts(row) + arm * buckets];
  const auto end = static_cast<uint32_t>(reading.counts.size());
  for (uint32_t b = reading.first; b < end; ++b) {
    gained_[arm][b] = reading.counts[b] - taken[b];
    taken[b] = reading.counts[b];
  }
  pane.first = reading.first;
  pane.counts = std::span(gained_[arm]).subspan(reading.first, end - reading.first);
  return pane;
}

// The evidence of "any" is the mean of what the cells have now (Vovk and Wang 2021); the largest
// mean so far is kept, not the mean of the largest.
void RunningEvidence::combine(const EvidenceTest& test, TestEvidence& state) {
  if (test.fold == TestFold::everybody) {
    state.peak = at<CellEvidence>(shape_.cell(test.cells.first)).peak;
    return;
  }
  double log_e = 0;
  if (test.fold == TestFold::any) {
    std::array<double, limits::cells_per_test_max> present;
    for (uint32_t i = 0; i < test.cells.count; ++i) {
      const CellEvidence& cell = at<CellEvidence>(shape_.cell(test.cells.first + i));
      const bool left_out = causes_of_cell(test, cell) != cause_none;
      present[i] = left_out ? -std::numeric_limits<double>::infinity() : cell.log_e;
      if (std::isnan(present[i])) present[i] = -std::numeric_limits<double>::infinity();
    }
    log_e = stats::log_mean_exp(std::span(present).first(test.cells.count));
  } else {
    log_e = std::numeric_limits<double>::infinity();
    for (uint32_t i = 0; i < test.cells.count; ++i) {
      log_e = std::min(log_e, at<CellEvidence>(shape_.cell(test.cells.first + i)).peak);
    }
  }
  if (log_e > state.peak) state.peak = log_e;
}

}  // namespace rel
