// A label for one of a million requests that wait: the ring with its index, beside one
// std::unordered_map from id to what is kept of the request.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtime/joins/label_join.h"

namespace rel::bench {
namespace {

constexpr uint64_t waiting = 1'000'000;
constexpr int64_t within_ns = int64_t{1} << 60;
constexpr int64_t begin_ns = int64_t{1'000'000} * 1'000'000'000;

uint64_t id_of(uint64_t number) { return number * 0x9e3779b97f4a7c15; }

void label_join_ours(benchmark::State& state) {
  const LabelRule rule{.within_ns = within_ns};
  LabelJoin join({&rule, 1}, waiting);
  for (uint64_t n = 1; n <= waiting; ++n) join.served(id_of(n), Served{}, begin_ns);
  uint64_t n = 0;
  for (auto _ : state) {
    n = (n + 7919) % waiting;
    benchmark::DoNotOptimize(join.label(id_of(n + 1), 0, 1, begin_ns + 1));
  }
}
BENCHMARK(label_join_ours)->Name("label_join/ours");

void label_join_reference(benchmark::State& state) {
  struct Waiting {
    int64_t time_ns = 0;
    int64_t label_ns = 0;
    double value = 0;
    uint16_t served = 0;
  };
  std::unordered_map<uint64_t, Waiting> map;
  for (uint64_t n = 1; n <= waiting; ++n) map.emplace(id_of(n), Waiting{begin_ns, 0, 0, 0});
  uint64_t n = 0;
  for (auto _ : state) {
    n = (n + 7919) % waiting;
    const auto known = map.find(id_of(n + 1));
    known->second.value = 1;
    known->second.label_ns = begin_ns + 1;
    benchmark::DoNotOptimize(known->second);
  }
}
BENCHMARK(label_join_reference)->Name("label_join/reference");

}  // namespace
}  // namespace rel::bench
