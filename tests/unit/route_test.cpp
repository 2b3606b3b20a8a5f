// Buckets and the route word.
#include <catch2/catch.hpp>

#include <cmath>

#include "runtime/route/key_hash.h"
#include "runtime/route/route_word.h"
#include "runtime/route/shared_state.h"
#include "tests/small_release.h"

namespace rel {
namespace {

TEST_CASE("a bucket is XXH64 without its sign bit, modulo a million") {
  // Published test vectors of XXH64 with seed 0: "" ef46db3751d8e999, "a" d24ec4f1a98c6e5b,
  // "abc" 44bc2cf5ad770999; reduced by hand.
  CHECK(bucket_of("", 0) == 601'113);
  CHECK(bucket_of("a", 0) == 237'147);
  CHECK(bucket_of("abc", 0) == 572'249);
}

TEST_CASE("the hash of a key is XXH64 at every length, short or long") {
  std::string key;
  for (int length = 0; length < 100; ++length) {
    for (const uint64_t seed : {uint64_t{0}, uint64_t{0x9e3779b97f4a7c15}}) {
      REQUIRE(key_hash(key, seed) == XXH64(key.data(), key.size(), seed));
    }
    key += static_cast<char>(length * 37 + 200);
  }
}

TEST_CASE("a route survives its word") {
  for (const uint32_t share : {0u, 1u, 5'000u, 1'000'000u}) {
    for (const uint32_t mirror : {0u, 1'000'000u}) {
      const Route route{share, mirror, StageId{31}, 0x1'2345};
      const uint64_t word = pack_route(route);
      CHECK(share_of(word) == share);
      CHECK(mirror_of(word) == mirror);
      CHECK(stage_of(word) == StageId{31});
      CHECK(epoch_of(word) == 0x2345);
    }
  }
  CHECK(stage_of(pack_route({})).is_none());
  CHECK(pack_route({}) == 0);
}

struct Fixture {
  Plan plan = test::small_release();
  test::FreshMemory memory{Runtime::shared_size(plan)};
  std::unique_ptr<Runtime> runtime = std::move(*Runtime::open(plan, {}, memory.span()));
  RouteBlock& block = reinterpret_cast<SharedState*>(memory.span().data())->route;
};

TEST_CASE("a fresh mapping routes everybody to the baseline") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) {
    const RouteDecision decision = f.runtime->route("user-" + std::to_string(i), 1);
    CHECK_FALSE(decision.candidate);
    CHECK_FALSE(decision.mirror);
    CHECK(decision.stage.is_none());
  }
}

TEST_CASE("the share of keys is the share of the route, and growing keeps who was in") {
  Fixture f;
  std::vector<bool> in(100'000, false);
  for (const uint32_t share : {5'000u, 100'000u, 500'000u, 1'000'000u}) {
    f.block.route_word.store(pack_route({share, 0, StageId{0}, 0}));
    uint32_t candidates = 0;
    for (size_t i = 0; i < in.size(); ++i) {
      const bool now = f.runtime->route("user-" + std::to_string(i), 1).candidate != 0;
      REQUIRE((!in[i] || now));
      in[i] = now;
      candidates += now;
    }
    // Five standard deviations of a binomial of 100,000.
    const double p = share / 1e6;
    CHECK(std::fabs(candidates - 1e5 * p) <= 5 * std::sqrt(1e5 * p * (1 - p)));
  }
}

TEST_CASE("a mirror copies the share of it and answers with the baseline") {
  Fixture f;
  f.block.route_word.store(pack_route({0, 1'000'000, StageId{0}, 0}));
  const RouteDecision decision = f.runtime->route("u", 1);
  CHECK(decision.mirror);
  CHECK_FALSE(decision.candidate);
}

TEST_CASE("a rollback epoch ahead of the route means the baseline, at once") {
  Fixture f;
  f.block.route_word.store(pack_route({1'000'000, 0, StageId{1}, 0}));
  CHECK(f.runtime->route("u", 1).candidate);
  f.block.rollback_word.store(pack_rollback(1, 0, 0));
  CHECK_FALSE(f.runtime->route("u", 1).candidate);
  CHECK(f.runtime->published_route().share_millionths == 0);
  CHECK(f.runtime->route("u", 1).epoch == 1);
}

TEST_CASE("an epoch survives being packed, also past what a route word holds") {
  for (const uint64_t epoch : {0ull, 1ull, 0xffffull, 0x10000ull, 0x3abcdef01234ull}) {
    CHECK(rollback_epoch(pack_rollback(epoch, 1, 1)) == epoch);
    CHECK((pack_rollback(epoch, 1, 0) & 3) == 2);
    const uint64_t published = pack_route({250'000, 0, StageId{0}, epoch});
    CHECK(in_force(published, pack_rollback(epoch, 0, 1)) == published);
    CHECK(in_force(published, pack_rollback(epoch + 1, 0, 1)) == 0);
  }
}

TEST_CASE("no key is the baseline and says so") {
  Fixture f;
  f.block.route_word.store(pack_route({1'000'000, 1'000'000, StageId{1}, 0}));
  const RouteDecision decision = f.runtime->route("", 1);
  CHECK(decision.keyless);
  CHECK_FALSE(decision.candidate);
  CHECK_FALSE(decision.mirror);
}

TEST_CASE("a silent control plane is stale only while the release runs and there was one") {
  Fixture f;
  const int64_t now = 100 * test::second;
  f.block.running.store(1);
  CHECK_FALSE(f.runtime->route("u", now).stale);
  f.runtime->sidecar_heartbeat(now - 6 * test::second);
  CHECK(f.runtime->route("u", now).stale);
  f.runtime->sidecar_heartbeat(now - 4 * test::second);
  CHECK_FALSE(f.runtime->route("u", now).stale);
  f.runtime->sidecar_heartbeat(now - 6 * test::second);
  f.block.running.store(0);
  CHECK_FALSE(f.runtime->route("u", now).stale);
}

}  // namespace
}  // namespace rel
