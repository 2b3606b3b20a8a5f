// Routing a 16-byte key, beside the least a router can do: one xxh3 and one atomic load
// (PERFORMANCE 1.5). Ours hashes with XXH64, which the language promises, and checks the rollback
// epoch and the control plane's heartbeat.
#include <benchmark/benchmark.h>

#include <atomic>
#include <random>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "runtime/route/route_key.h"
#include "tests/small_release.h"

namespace rel::bench {
namespace {

constexpr size_t key_bytes = 16;
constexpr size_t keys = 4096;
constexpr uint32_t share = 250'000;

std::vector<char> make_keys() {
  std::mt19937_64 random(1);
  std::vector<char> bytes(keys * key_bytes);
  for (char& byte : bytes) byte = static_cast<char>('a' + random() % 26);
  return bytes;
}

template <typename RouteKey>
void sweep(benchmark::State& state, RouteKey route_key) {
  const std::vector<char> bytes = make_keys();
  for (auto _ : state) {
    uint32_t candidates = 0;
    for (size_t i = 0; i < keys; ++i) {
      candidates += route_key(std::string_view(&bytes[i * key_bytes], key_bytes));
    }
    benchmark::DoNotOptimize(candidates);
  }
  using Counter = benchmark::Counter;
  state.counters["ns_per_call"] =
      Counter(keys * 1e-9, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

// A call, as ours is: inlined, the compiler would know the length of every key.
[[gnu::noinline]] uint32_t route_by_hand(const std::atomic<uint64_t>& published,
                                         std::string_view key) {
  const uint64_t hash = XXH3_64bits(key.data(), key.size());
  return hash % 1'000'000 < published.load(std::memory_order_acquire);
}

void reference(benchmark::State& state) {
  const std::atomic<uint64_t> published{share};
  sweep(state, [&](std::string_view key) { return route_by_hand(published, key); });
}

struct Published {
  Plan plan = test::small_release();
  test::FreshMemory memory{Runtime::shared_size(plan)};
  std::unique_ptr<Runtime> runtime = std::move(*Runtime::open(plan, {}, memory.span()));
  RouteBlock& block = reinterpret_cast<SharedState*>(memory.span().data())->route;

  Published() {
    block.route_word.store(pack_route({.share_millionths = share, .stage = StageId{0}}));
    runtime->sidecar_heartbeat(test::second);
  }
};

// The same question as the reference's: does the candidate answer this key?
[[gnu::noinline]] uint32_t is_candidate(const RouteView& view, std::string_view key) {
  if (key.empty()) return 0;
  const uint32_t bucket = bucket_of_hash(key_hash(key, view.salt));
  return candidate_answers(read_route(*view.block), bucket);
}

void ours(benchmark::State& state) {
  const Published published;
  const RouteView view{&published.block, published.plan.salt};
  sweep(state, [&](std::string_view key) { return is_candidate(view, key); });
}

// All of the answer: share, bucket, stage, epoch, mirror, staleness.
void whole_answer(benchmark::State& state) {
  const Published published;
  sweep(state, [&](std::string_view key) -> uint32_t {
    return published.runtime->route(key, test::second).candidate;
  });
}

BENCHMARK(reference)->Name("route_16_byte_key/reference");
BENCHMARK(ours)->Name("route_16_byte_key/ours");
BENCHMARK(whole_answer)->Name("route_16_byte_key/whole_answer");

}  // namespace
}  // namespace rel::bench
