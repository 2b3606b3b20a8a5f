// Collecting what the shards counted since the last tick.
#include "runtime/ingest/collect.h"

#include <algorithm>

namespace rel {
namespace {

struct SeriesTotals {
  uint32_t sequence = 0;
  uint32_t resets = 0;
  uint64_t n = 0;
  uint64_t k = 0;
  Int128 sum = 0;
};

// Sequences at rest are even: a series noted so is read again, and counts from then on.
constexpr uint32_t noted_nothing = ~0u;

enum class Read : uint8_t { unchanged, changed, busy };

Read read_series(const Series& series, uint32_t known_sequence, SeriesTotals& totals) {
  for (uint32_t attempt = 0; attempt < collect_attempts_max; ++attempt) {
    totals.sequence = series.sequence.load(std::memory_order_acquire);
    if (totals.sequence == known_sequence) return Read::unchanged;
    if (totals.sequence % 2 != 0) continue;
    totals.resets = series.resets.load(std::memory_order_acquire);
    totals.n = series.n.load(std::memory_order_acquire);
    totals.k = series.k.load(std::memory_order_acquire);
    const uint64_t low = series.sum_low.load(std::memory_order_acquire);
    const uint64_t high = series.sum_high.load(std::memory_order_acquire);
    totals.sum = join_int128(low, high);
    if (series.sequence.load(std::memory_order_relaxed) == totals.sequence) return Read::changed;
  }
  return Read::busy;
}

}  // namespace

Collector::Collector(const SharedLayout& layout, std::byte* memory)
    : layout_(layout), memory_(memory) {
  uint32_t buckets_max = 0;
  for (uint32_t s = 0; s < layout.series_per_lane(); ++s) {
    buckets_max = std::max(buckets_max, layout.series(s).buckets);
  }
  scratch_.resize(buckets_max);
}

void Collector::collect(Windows& windows, CollectMode mode) {
  for (uint32_t shard = 0; shard < limits::shards_max; ++shard) {
    const ShardView view = shard_view(layout_, memory_, shard);
    if (view.header->claims.load(std::memory_order_acquire) != 0) {
      collect_shard(shard, windows, mode);
    }
  }
}

void Collector::collect_shard(uint32_t shard, Windows& windows, CollectMode mode) {
  const ShardView view = shard_view(layout_, memory_, shard);
  std::byte* base = bank_ + layout_.collected_offset(shard);
  auto* collected = reinterpret_cast<Collected*>(base);
  auto* collected_counts = reinterpret_cast<uint32_t*>(base + layout_.collected_hist_offset());

  for (uint32_t s = 0; s < layout_.series_count(); ++s) {
    const Series& series = view.series[s];
    Collected& known = collected[s];
    SeriesTotals now;
    if (mode == CollectMode::restart) known.sequence = noted_nothing;
    const bool anew = known.sequence == noted_nothing;
    if (read_series(series, known.sequence, now) != Read::changed) continue;

    SeriesDelta delta;
    if (now.resets == known.resets && !anew) {
      delta.n = now.n - known.n;
      delta.k = now.k - known.k;
      delta.sum = now.sum - known.sum;
    }
    known = {now.sequence, now.resets, now.n, now.k, now.sum};

    const SeriesShape& shape = layout_.series(s);
    if (shape.buckets != 0) {
      const size_t first =
          size_t{s / layout_.series_per_lane()} * layout_.hist_per_lane() + shape.hist_first;
      collect_counts(series, view.counts + first, collected_counts + first, shape.buckets, delta);
    }
    if (mode == CollectMode::count && !anew) windows.add(s, delta);
  }
}

void Collector::collect_counts(const Series& series, const std::atomic<uint32_t>* counts,
                               uint32_t* collected, uint32_t buckets, SeriesDelta& delta) {
  delta.first = buckets - series.first_from_end.load(std::memory_order_acquire);
  delta.end = series.end.load(std::memory_order_acquire);
  delta.counts = scratch_.data();
  for (uint32_t b = delta.first; b < delta.end; ++b) {
    const uint32_t count = counts[b].load(std::memory_order_acquire);
    scratch_[b - delta.first] = count - collected[b];
    collected[b] = count;
  }
}

}  // namespace rel
