// Windows against a naive recomputation from the list of everything that arrived.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "runtime/windows/windows.h"
#include "tests/small_release.h"

namespace rel {
namespace {

using test::second;

struct Arrival {
  int64_t time_ns;
  double value;
};

struct Fixture {
  Plan plan = test::small_release();
  SharedLayout layout{plan};
  test::FreshMemory memory{layout.size()};
  Windows windows{plan, layout};
  uint32_t series = layout.series_of(test::latency, 0);
  uint32_t window = layout.window_of(TrackerId{0}, LaneArm::baseline_live, 0);

  Fixture() { windows.use(memory.span().data() + layout.bank_offset(0)); }

  void arrive(const Arrival& arrival) {
    const uint32_t count = 1;
    const uint32_t bucket = bucket_index(layout.buckets(test::latency), arrival.value);
    SeriesDelta delta{.n = 1, .first = bucket, .end = bucket + 1, .counts = &count};
    delta.sum = static_cast<int64_t>(arrival.value * 1e9);
    windows.add(series, delta);
  }

  // What must be in the window at `now`: everything whose slot began after now - 10 s.
  void compare(const std::vector<Arrival>& arrivals, int64_t now) {
    uint64_t n = 0;
    Int128 sum = 0;
    std::vector<uint64_t> counts(layout.buckets(test::latency).size());
    for (const Arrival& arrival : arrivals) {
      if (arrival.time_ns / second * second <= now - 10 * second) continue;
      ++n;
      sum += static_cast<int64_t>(arrival.value * 1e9);
      ++counts[bucket_index(layout.buckets(test::latency), arrival.value)];
    }
    const WindowReading reading = windows.read(window);
    REQUIRE(reading.totals->n == n);
    REQUIRE(reading.totals->hist_n == n);
    REQUIRE((reading.totals->sum == sum));
    std::vector<uint64_t> kept(reading.counts.begin(), reading.counts.end());
    kept.resize(counts.size());
    REQUIRE((kept == counts));
    const auto first =
        std::find_if(kept.begin(), kept.end(), [](uint64_t count) { return count != 0; });
    REQUIRE((n == 0 || first - kept.begin() >= reading.first));
  }
};

size_t windows_offset(const Fixture& f) {
  return f.layout.bank_offset(0) + f.layout.clocks_offset();
}

TEST_CASE("a sliding window is what a recount of its slots gives, at every tick") {
  Fixture f;
  std::mt19937_64 random(3);
  std::exponential_distribution<double> value(3.0);
  std::vector<Arrival> arrivals;
  int64_t now = 1'700'000'000 * second;
  for (int tick = 0; tick < 400; ++tick) {
    // Now and then nothing is evaluated for a while, up to longer than the window.
    now += tick % 90 == 89 ? static_cast<int64_t>(random() % 13) * second : test::tick_ns;
    f.windows.advance(now);
    for (uint64_t i = random() % 4; i > 0; --i) {
      arrivals.push_back({now, value(random)});
      f.arrive(arrivals.back());
    }
    f.compare(arrivals, now);
  }
}

TEST_CASE("a stage window counts from the last reset") {
  Fixture f;
  const uint32_t requests = f.layout.series_of(static_cast<uint32_t>(f.plan.metrics.size()), 0);
  const uint32_t window = f.layout.window_of(TrackerId{2}, LaneArm::baseline_live, 0);
  for (int64_t now = second; now < 100 * second; now += second) {
    f.windows.advance(now);
    f.windows.add(requests, {.n = 2});
  }
  CHECK(f.windows.read(window).totals->n == 198);
  f.windows.reset(ResetScope::touched);
  f.windows.advance(100 * second);
  CHECK(f.windows.read(window).totals->n == 0);
  f.windows.add(requests, {.n = 1});
  CHECK(f.windows.read(window).totals->n == 1);
}

TEST_CASE("a reset leaves nothing behind, whatever it trusts") {
  for (const ResetScope scope : {ResetScope::touched, ResetScope::everything}) {
    Fixture f;
    std::vector<Arrival> arrivals;
    for (int64_t now = 5 * second; now < 12 * second; now += second / 2) {
      f.windows.advance(now);
      f.arrive({now, 0.25});
    }
    f.windows.reset(scope);
    for (int64_t now = 12 * second; now < 40 * second; now += second) {
      f.windows.advance(now);
      arrivals.push_back({now, 0.5});
      f.arrive(arrivals.back());
      f.compare(arrivals, now);
    }
  }
}

TEST_CASE("a reset after a torn writer believes nothing that stands in the windows") {
  Fixture f;
  f.windows.advance(5 * second);
  f.arrive({5 * second, 0.25});
  // Everything a window says of itself is nonsense, as after a writer that died in the middle.
  const size_t from = windows_offset(f);
  const size_t to = f.layout.bank_offset(1);
  std::fill(f.memory.span().begin() + from, f.memory.span().begin() + to, std::byte{0xa5});
  f.windows.reset(ResetScope::everything);
  std::vector<Arrival> arrivals;
  for (int64_t now = 6 * second; now < 30 * second; now += second) {
    f.windows.advance(now);
    arrivals.push_back({now, 0.5});
    f.arrive(arrivals.back());
    f.compare(arrivals, now);
  }
}

TEST_CASE("sums keep their bits beyond 64") {
  Fixture f;
  f.windows.advance(second);
  const int64_t most = 9'200'000'000'000'000'000;
  for (int i = 0; i < 1000; ++i) {
    SeriesDelta delta{.n = 1};
    delta.sum = most;
    f.windows.add(f.series, delta);
  }
  CHECK((f.windows.read(f.window).totals->sum == Int128{most} * 1000));
  f.windows.advance(20 * second);
  CHECK((f.windows.read(f.window).totals->sum == 0));
}

}  // namespace
}  // namespace rel
