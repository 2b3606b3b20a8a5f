// Placing the series and windows of a plan in the shared memory.
#include "runtime/route/layout.h"

#include "runtime/evidence/state.h"
#include "runtime/ingest/shard.h"
#include "runtime/route/shared_state.h"
#include "runtime/windows/windows.h"

namespace rel {
namespace {

constexpr size_t aligned(size_t bytes, size_t to = 64) { return (bytes + to - 1) / to * to; }

uint32_t metric_row(const Plan& plan, const Tracker& tracker) {
  return tracker.metric.is_none() ? static_cast<uint32_t>(plan.metrics.size())
                                  : tracker.metric.value;
}

// What aggregates read of one (row, cell): nothing, totals, or totals and a histogram.
enum class Wanted : uint8_t { nothing, totals, histogram };

// By tracker and cell.
std::vector<Wanted> wanted_cells(const Plan& plan) {
  std::vector<Wanted> wanted(plan.trackers.size() * plan.cell_count, Wanted::nothing);
  for (const Aggregate& aggregate : plan.aggregates) {
    const Tracker& tracker = plan.trackers[aggregate.tracker.value];
    const bool reads_buckets = reads_histogram(aggregate.fn) || is_of_test(aggregate);
    const Wanted kind = reads_buckets && tracker.histogram
                            ? Wanted::histogram
                            : Wanted::totals;
    for (uint32_t i = 0; i < aggregate.cell_count; ++i) {
      Wanted& cell =
          wanted[aggregate.tracker.value * plan.cell_count + aggregate.cell_first + i];
      if (cell < kind) cell = kind;
    }
  }
  return wanted;
}

}  // namespace

SharedLayout::SharedLayout(const Plan& plan) : cell_count_(plan.cell_count) {
  place_series(plan);
  place_windows(plan);
  place_bytes(plan);
}

void SharedLayout::place_series(const Plan& plan) {
  const size_t rows = plan.metrics.size() + 1;  // the last one counts requests
  std::vector<Wanted> wanted(rows * cell_count_, Wanted::nothing);
  const std::vector<Wanted> by_tracker = wanted_cells(plan);
  for (uint32_t t = 0; t < plan.trackers.size(); ++t) {
    const uint32_t row = metric_row(plan, plan.trackers[t]);
    for (uint32_t cell = 0; cell < cell_count_; ++cell) {
      const Wanted kind = by_tracker[t * cell_count_ + cell];
      Wanted& known = wanted[row * cell_count_ + cell];
      if (known < kind) known = kind;
    }
  }

  buckets_.resize(rows);
  series_of_.assign(rows * cell_count_, no_series);
  for (uint32_t row = 0; row < rows; ++row) {
    for (uint32_t cell = 0; cell < cell_count_; ++cell) {
      const Wanted kind = wanted[row * cell_count_ + cell];
      if (kind == Wanted::nothing) continue;
      SeriesShape shape{.metric = row, .cell = cell, .hist_first = hist_per_lane_};
      if (kind == Wanted::histogram) {
        buckets_[row] = bucket_map(plan.metrics[row].histogram);
        shape.buckets = buckets_[row].size();
        hist_per_lane_ += shape.buckets;
      }
      series_of_[row * cell_count_ + cell] = series_per_lane();
      series_.push_back(shape);
    }
  }
}

void SharedLayout::place_windows(const Plan& plan) {
  const std::vector<Wanted> wanted = wanted_cells(plan);
  clock_count_ = static_cast<uint32_t>(plan.windows.size());
  window_of_.assign(plan.trackers.size() * lane_arms * cell_count_, no_series);
  std::vector<std::vector<uint32_t>> fed(series_count());
  for (uint32_t t = 0; t < plan.trackers.size(); ++t) {
    const Tracker& tracker = plan.trackers[t];
    const uint32_t row = metric_row(plan, tracker);
    const Window& window = plan.windows[tracker.window.value];
    for (uint32_t lane = 0; lane < lane_arms; ++lane) {
      for (uint32_t cell = 0; cell < cell_count_; ++cell) {
        const Wanted kind = wanted[t * cell_count_ + cell];
        if (kind == Wanted::nothing) continue;
        WindowSeriesShape shape{.tracker = TrackerId{t}, .window = tracker.window};
        shape.series = lane * series_per_lane() + series_of(row, cell);
        shape.buckets = kind == Wanted::histogram ? buckets_[row].size() : 0;
        shape.slots = window.slots;
        shape.clock = window.kind == WindowKind::requests ? clock_count_++ : tracker.window.value;
        shape.slot_bytes = aligned(sizeof(WindowTotals) + shape.buckets * sizeof(uint32_t));
        const uint32_t index = static_cast<uint32_t>(windows_.size());
        window_of_[(t * lane_arms + lane) * cell_count_ + cell] = index;
        fed[shape.series].push_back(index);
        windows_.push_back(shape);
      }
    }
  }
  fed_first_.push_back(0);
  for (const std::vector<uint32_t>& windows : fed) {
    fed_.insert(fed_.end(), windows.begin(), windows.end());
    fed_first_.push_back(static_cast<uint32_t>(fed_.size()));
  }
}

void SharedLayout::place_bytes(const Plan& plan) {
  const size_t hist_bytes = size_t{hist_per_lane_} * lane_arms * sizeof(uint32_t);

  shards_first_ = aligned(sizeof(SharedState));
  shard_hist_ = aligned(sizeof(ShardHeader) + series_count() * sizeof(Series));
  shard_bytes_ = aligned(shard_hist_ + hist_bytes, 4096);
  banks_first_ = aligned(shards_first_ + limits::shards_max * shard_bytes_, 4096);

  const size_t frame_bytes = plan.frame_size * (sizeof(double) + sizeof(uint64_t)) +
                             aligned(plan.frame_size, 8);
  buffer_bytes_ = aligned(sizeof(TickBuffer) + frame_bytes);
  collected_ = aligned(buffers * buffer_bytes_, 4096);
  collected_hist_ = aligned(series_count() * sizeof(Collected));
  collected_bytes_ = aligned(collected_hist_ + hist_bytes, 4096);
  clocks_ = collected_ + limits::shards_max * collected_bytes_;

  size_t end = aligned(clocks_ + clock_count_ * sizeof(WindowClock));
  for (WindowSeriesShape& shape : windows_) {
    shape.offset = end;
    end += aligned(sizeof(WindowTotals) + shape.buckets * sizeof(uint64_t));
    end += shape.slots * shape.slot_bytes;
  }
  evidence_ = aligned(end);
  const EvidenceShape evidence(plan, buckets_);
  evidence_words_ = evidence.words();
  checkpoint_words_ = evidence.checkpoint_words();
  evidence_bytes_ = aligned(evidence_words_ * sizeof(uint64_t));
  bank_bytes_ = aligned(evidence_ + buffers * evidence_bytes_, 4096);
  restored_ = banks_first_ + banks * bank_bytes_;
  size_ = restored_ + aligned(checkpoint_words_ * sizeof(uint64_t));
}

}  // namespace rel
