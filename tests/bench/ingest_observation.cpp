// Counting a number in a bound series, beside a sliding ring of log histograms written by hand
// (PERFORMANCE 1.4): 64 series, which stay in the cache, and 100,000, which do not (there the
// reference keeps one histogram a series, not a ring: 60 of them would be 12 GB).
#include <benchmark/benchmark.h>

#include <bit>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "runtime/ingest/shard.h"
#include "tests/small_release.h"

namespace rel::bench {
namespace {

constexpr uint32_t histogram_buckets = 512;
constexpr uint32_t ring_slots = 60;

struct Event {
  uint32_t series;
  float value;
};

// Log-normal latencies about 50 ms, series drawn uniformly.
std::vector<Event> make_events(uint32_t series, size_t count) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(std::log(0.05), 0.5);
  std::vector<Event> events(count);
  for (Event& event : events) {
    event.series = static_cast<uint32_t>(random() % series);
    event.value = static_cast<float>(latency(random));
  }
  return events;
}

size_t events_for(uint32_t series) { return series > 1000 ? 1u << 20 : 4096; }

void finish(benchmark::State& state, size_t events) {
  using Counter = benchmark::Counter;
  state.counters["ns_per_call"] =
      Counter(static_cast<double>(events) * 1e-9,
              Counter::kIsIterationInvariantRate | Counter::kInvert);
}

// -- by hand: 8 octaves of 64 sub-buckets, an out-of-range value goes to an end

struct HandHistogram {
  uint64_t n;
  double sum;
  double least;
  double most;
  uint32_t counts[histogram_buckets];
};

inline void hand_count(HandHistogram& histogram, double value) {
  constexpr uint64_t key_first = (1023 - 10) * 64;
  const uint64_t key = std::bit_cast<uint64_t>(value) >> 46;
  uint64_t bucket = key - key_first;
  if (bucket >= histogram_buckets) bucket = key < key_first ? 0 : histogram_buckets - 1;
  ++histogram.n;
  histogram.sum += value;
  if (value < histogram.least) histogram.least = value;
  if (value > histogram.most) histogram.most = value;
  ++histogram.counts[bucket];
}

void ring_by_hand(benchmark::State& state) {
  const auto series = static_cast<uint32_t>(state.range(0));
  const std::vector<Event> events = make_events(series, events_for(series));
  const auto slots = std::make_unique<HandHistogram[]>(size_t{series} * ring_slots);
  uint32_t slot = 7;
  benchmark::DoNotOptimize(slot);
  for (auto _ : state) {
    for (const Event& event : events) {
      hand_count(slots[size_t{event.series} * ring_slots + slot], event.value);
    }
    benchmark::ClobberMemory();
  }
  finish(state, events.size());
}

void histograms_by_hand(benchmark::State& state) {
  const auto series = static_cast<uint32_t>(state.range(0));
  const std::vector<Event> events = make_events(series, events_for(series));
  const auto histograms = std::make_unique<HandHistogram[]>(series);
  for (auto _ : state) {
    for (const Event& event : events) hand_count(histograms[event.series], event.value);
    benchmark::ClobberMemory();
  }
  finish(state, events.size());
}

void ours(benchmark::State& state) {
  const auto series = static_cast<uint32_t>(state.range(0));
  const std::vector<Event> events = make_events(series, events_for(series));
  const BucketMap map = bucket_map({.exponent_min = -10, .exponent_max = -2});
  const auto totals = std::make_unique<Series[]>(series);
  const auto counts = std::make_unique<std::atomic<uint32_t>[]>(size_t{series} * map.size());
  for (auto _ : state) {
    for (const Event& event : events) {
      count_number(totals[event.series], &counts[size_t{event.series} * map.size()], map,
                   event.value);
    }
    benchmark::ClobberMemory();
  }
  finish(state, events.size());
}

// A whole request of the runtime: three counters of two metrics, by everybody and by segment. There
// is nothing to compare it with; it says what a gateway pays a request.
void whole_request(benchmark::State& state) {
  const Plan plan = test::small_release();
  const test::FreshMemory memory(Runtime::shared_size(plan));
  const auto runtime = std::move(*Runtime::open(plan, {}, memory.span()));
  const uint32_t shard = *runtime->claim_shard(1);
  Observation observation = test::request(LaneArm::candidate_live, test::second, 0.05, 0, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(observation);
    runtime->observe(shard, observation);
  }
  finish(state, 1);
}

BENCHMARK(ring_by_hand)->Name("ingest_64_series/reference")->Arg(64);
BENCHMARK(ours)->Name("ingest_64_series/ours")->Arg(64);
BENCHMARK(histograms_by_hand)->Name("ingest_100k_series/reference")->Arg(100'000);
BENCHMARK(ours)->Name("ingest_100k_series/ours")->Arg(100'000);
BENCHMARK(whole_request)->Name("observe_request/ours");

}  // namespace
}  // namespace rel::bench
