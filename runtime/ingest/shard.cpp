// Counting an observation in the series of a shard.
#include "runtime/ingest/shard.h"

#include <bit>
#include <cmath>
#include <optional>

namespace rel {
namespace {

// The cells an observation counts in: everybody, and one of each segment.
struct Cells {
  uint32_t count = 0;
  uint32_t cell[1 + limits::segments_max + limits::products_max];
};

// The cell of a product, unless the observation is `other` in one of its segments.
std::optional<uint32_t> cell_in(const Plan& plan, const Product& product,
                                const Observation& observation) {
  uint32_t index = 0;
  for (uint32_t at = product.segments.first; at < product.segments.end(); ++at) {
    const SegmentId segment = plan.product_segments[at];
    const uint32_t values = plan.segments[segment.value].values.count;
    const uint32_t value = observation.segment[segment.value];
    if (value >= values) return std::nullopt;
    index = index * values + value;
  }
  return product.cell_first + index;
}

Cells cells_of(const Plan& plan, const Observation& observation) {
  Cells cells;
  cells.cell[cells.count++] = 0;
  for (size_t s = 0; s < plan.segments.size(); ++s) {
    const Segment& segment = plan.segments[s];
    const uint32_t other = segment.values.count;
    const uint32_t value = observation.segment[s] < other ? observation.segment[s] : other;
    cells.cell[cells.count++] = segment.cell_first + value;
  }
  for (const Product& product : plan.products) {
    if (const auto cell = cell_in(plan, product, observation)) cells.cell[cells.count++] = *cell;
  }
  return cells;
}

// Whether a value can be counted as what its metric is.
bool countable(const Metric& metric, double value) {
  if (!(std::fabs(value) < observed_magnitude_end)) return false;  // NaN, too
  switch (metric.kind) {
    case MetricKind::flag:
      return value == 0 || value == 1;
    case MetricKind::duration:
      return value >= 0;
    case MetricKind::count:
      return value >= 0 && value == std::floor(value);
    case MetricKind::value:
    case MetricKind::gauge:
    case MetricKind::category:
      return true;
  }
  return false;
}

}  // namespace

ShardView shard_view(const SharedLayout& layout, std::byte* memory, uint32_t shard) {
  std::byte* base = memory + layout.shard_offset(shard);
  return {.header = reinterpret_cast<ShardHeader*>(base),
          .series = reinterpret_cast<Series*>(base + sizeof(ShardHeader)),
          .counts = reinterpret_cast<std::atomic<uint32_t>*>(base + layout.shard_hist_offset())};
}

void count_observation(const Plan& plan, const SharedLayout& layout, const ShardView& shard,
                       const Observation& observation) {
  if (observation.population != Population::enrolled) {
    const auto kind = static_cast<uint32_t>(observation.population) - 1;
    bump(shard.header->left_out[kind], uint64_t{1});
    return;
  }
  const auto lane = static_cast<uint32_t>(observation.arm);
  Series* series = shard.series + size_t{lane} * layout.series_per_lane();
  std::atomic<uint32_t>* lane_counts = shard.counts + size_t{lane} * layout.hist_per_lane();
  const Cells cells = cells_of(plan, observation);

  const auto requests = static_cast<uint32_t>(plan.metrics.size());
  if (observation.derived == 0) {
    bump(shard.header->observed, uint64_t{1});
    bump(shard.header->requests[lane], uint64_t{1});
    for (uint32_t s = 0; s < plan.segments.size(); ++s) {
      const bool other = observation.segment[s] >= plan.segments[s].values.count;
      if (other) bump(shard.header->other[s], uint64_t{1});
    }
  }
  for (uint32_t c = 0; c < cells.count && observation.derived == 0; ++c) {
    const uint32_t index = layout.series_of(requests, cells.cell[c]);
    if (index != no_series) SeriesWriter(series[index]).add_sample();
  }

  for (uint32_t left = observation.present; left != 0; left &= left - 1) {
    const auto m = static_cast<uint32_t>(std::countr_zero(left));
    if (m >= plan.metrics.size()) break;
    const Metric& metric = plan.metrics[m];
    const double value = observation.value[m];
    if (!countable(metric, value)) {
      bump(shard.header->rejected_values, uint64_t{1});
      continue;
    }
    for (uint32_t c = 0; c < cells.count; ++c) {
      const uint32_t index = layout.series_of(m, cells.cell[c]);
      if (index == no_series) continue;
      if (metric.kind == MetricKind::flag) {
        SeriesWriter writer(series[index]);
        writer.add_sample();
        if (value != 0) writer.add_true();
        continue;
      }
      if (metric.kind == MetricKind::category) {
        SeriesWriter(series[index]).add_sample();  // its values are flags of their own
        continue;
      }
      const SeriesShape& shape = layout.series(index);
      count_number(series[index], shape.buckets == 0 ? nullptr : lane_counts + shape.hist_first,
                   layout.buckets(m), value);
    }
  }
}

void mend_shard(const SharedLayout& layout, const ShardView& shard) {
  for (uint32_t s = 0; s < layout.series_count(); ++s) {
    Series& series = shard.series[s];
    const uint32_t sequence = series.sequence.load(std::memory_order_acquire);
    if (sequence % 2 == 0) continue;
    bump(series.resets, uint32_t{1});
    series.sequence.store(sequence + 1, std::memory_order_release);
  }
}

}  // namespace rel
