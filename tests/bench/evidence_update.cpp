// Evidence: a pane into one comparison and a sweep over many segments, beside the same formula
// written by hand without state, checks or starts; reading a window; adding to a histogram.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <random>
#include <vector>

#include "runtime/evidence/cell_update.h"
#include "runtime/stats/elementary.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/windows/histogram.h"
#include "runtime/windows/windows.h"
#include "tests/small_release.h"

namespace rel::bench {
namespace {

constexpr uint32_t segments = 10'000;

std::vector<stats::PaneCounts> make_panes(size_t count) {
  std::mt19937_64 random(1);
  std::vector<stats::PaneCounts> panes(count);
  for (stats::PaneCounts& pane : panes) {
    pane = {.n_c = 10 + random() % 10, .k_c = random() % 2, .n_b = 90 + random() % 10,
            .k_b = random() % 3};
  }
  return panes;
}

EvidenceTest test_of_rates() {
  return {.horizon_panes = 86'400, .restart_panes = 300, .alpha = 0.01};
}

void take(const EvidenceTest& test, const BucketMap& map, const stats::PaneCounts& counts,
          int64_t id, CellEvidence& cell) {
  CellPane pane{.id = id};
  pane.arm[0] = {.n = counts.n_b, .k = counts.k_b};
  pane.arm[1] = {.n = counts.n_c, .k = counts.k_c};
  benchmark::DoNotOptimize(update_cell({.test = test, .map = map}, pane, cell));
}

// By hand: the eight sums of the pane grid and the logarithm of their mean.
struct HandGrid {
  std::array<double, 8> s{};

  double take(const stats::PaneCounts& pane) {
    const double n_c = static_cast<double>(pane.n_c);
    const double w = n_c / (n_c + static_cast<double>(pane.n_b));
    const double k_c = static_cast<double>(pane.k_c);
    const double k = k_c + static_cast<double>(pane.k_b);
    double most = -1e300;
    for (size_t j = 0; j < 8; ++j) {
      const double g = stats::ratio_grid[j];
      const double own = k_c == 0 ? 0 : k_c * elementary::log(g);
      s[j] += own - k * elementary::log(w * g + 1 - w);
      most = s[j] > most ? s[j] : most;
    }
    double sum = 0;
    for (const double each : s) sum += elementary::exp(each - most);
    return most + elementary::log(sum / 8);
  }
};

void evidence_pane_ours(benchmark::State& state) {
  const std::vector<stats::PaneCounts> panes = make_panes(4096);
  const EvidenceTest test = test_of_rates();
  const BucketMap map;
  CellEvidence cell = fresh_cell(test);
  int64_t id = 0;
  for (auto _ : state) {
    ++id;
    take(test, map, panes[static_cast<size_t>(id & 4095)], id, cell);
  }
}
BENCHMARK(evidence_pane_ours)->Name("evidence_pane/ours");

void evidence_pane_reference(benchmark::State& state) {
  const std::vector<stats::PaneCounts> panes = make_panes(4096);
  HandGrid grid;
  size_t id = 0;
  for (auto _ : state) benchmark::DoNotOptimize(grid.take(panes[id++ & 4095]));
}
BENCHMARK(evidence_pane_reference)->Name("evidence_pane/reference");

void evidence_sweep_ours(benchmark::State& state) {
  const std::vector<stats::PaneCounts> panes = make_panes(segments);
  const EvidenceTest test = test_of_rates();
  const BucketMap map;
  std::vector<CellEvidence> cells(segments, fresh_cell(test));
  int64_t id = 0;
  for (auto _ : state) {
    ++id;
    for (uint32_t i = 0; i < segments; ++i) take(test, map, panes[i], id, cells[i]);
  }
}
BENCHMARK(evidence_sweep_ours)->Name("evidence_sweep/ours");

void evidence_sweep_reference(benchmark::State& state) {
  const std::vector<stats::PaneCounts> panes = make_panes(segments);
  std::vector<HandGrid> grids(segments);
  for (auto _ : state) {
    for (uint32_t i = 0; i < segments; ++i) benchmark::DoNotOptimize(grids[i].take(panes[i]));
  }
}
BENCHMARK(evidence_sweep_reference)->Name("evidence_sweep/reference");

void window_read_ours(benchmark::State& state) {
  const Plan plan = test::small_release();
  const SharedLayout layout(plan);
  const test::FreshMemory memory(layout.size());
  Windows windows(plan, layout);
  windows.use(memory.span().data() + layout.bank_offset(0));
  const auto count = static_cast<uint32_t>(layout.windows().size());
  uint32_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(windows.read(at).totals->n);
    at = at + 1 == count ? 0 : at + 1;
  }
}
BENCHMARK(window_read_ours)->Name("window_read/ours");

// By hand: cumulative snapshots, the newest less the one at the window's start.
void window_read_reference(benchmark::State& state) {
  std::vector<uint64_t> snapshots(4096, 1);
  size_t at = 60;
  for (auto _ : state) {
    benchmark::DoNotOptimize(snapshots[at] - snapshots[at - 60]);
    at = at + 1 == snapshots.size() ? 60 : at + 1;
  }
}
BENCHMARK(window_read_reference)->Name("window_read/reference");

std::vector<double> make_values() {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(-3, 1);
  std::vector<double> values(4096);
  for (double& value : values) value = latency(random);
  return values;
}

void histogram_add_ours(benchmark::State& state) {
  const std::vector<double> values = make_values();
  const BucketMap map = bucket_map({-20, 10, 0});
  std::vector<uint32_t> counts(map.size());
  size_t at = 0;
  for (auto _ : state) {
    ++counts[bucket_index(map, values[at++ & 4095])];
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_add_ours)->Name("histogram_add/ours");

// By hand: exponent and six bits, clamped.
void histogram_add_reference(benchmark::State& state) {
  const std::vector<double> values = make_values();
  constexpr uint64_t base = uint64_t{1023 - 20} << 6;
  std::vector<uint32_t> counts(30 * 64);
  size_t at = 0;
  for (auto _ : state) {
    const uint64_t key = (std::bit_cast<uint64_t>(values[at++ & 4095]) >> 46) - base;
    ++counts[key < counts.size() ? key : counts.size() - 1];
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_add_reference)->Name("histogram_add/reference");

}  // namespace
}  // namespace rel::bench
