// Release sets: members wait for each other, go on together, and go back together.
#include <catch2/catch.hpp>

#include "runtime/route/release_set.h"
#include "tests/small_release.h"

namespace rel {
namespace {

using test::second;
using test::tick_ns;

// A member of a set of two, driven by hand. Its journal answers at once.
struct Member {
  explicit Member(const char* name, const char* other) {
    plan = test::small_release();
    plan.release = name;
    plan.salt = XXH64(plan.release.data(), plan.release.size(), 0);
    plan.set = test::add_text(plan, "checkout");
    plan.set_members = {test::add_text(plan, other)};
    plan.unknown[0].action = plan.unknown[1].action = UnknownAction::alert;
    memory = std::make_unique<test::FreshMemory>(Runtime::shared_size(plan));
    runtime = std::move(*Runtime::open(plan, {}, memory->span()));
    shard = *runtime->claim_shard(1);
  }

  void tick(int64_t now_ns) {
    runtime->tick(1, now_ns);
    while (const auto decision = runtime->next_decision()) {
      runtime->acknowledge_decision(decision->id);
      last = *decision;
    }
    const Raise pending = runtime->engine_state().pending;
    if (pending.kind != RaiseKind::none) runtime->grant_raise(pending.id);
  }
  uint32_t share() const { return runtime->published_route().share_millionths; }
  Phase phase() const { return runtime->engine_state().phase; }

  Plan plan;
  std::unique_ptr<test::FreshMemory> memory;
  std::unique_ptr<Runtime> runtime;
  uint32_t shard = 0;
  Decision last;
};

struct Pair {
  Member first{"first", "other"};
  Member other{"other", "first"};
  int64_t now_ns = 1000 * second;

  Pair() {
    first.runtime->join_set({other.runtime->shared_state()});
    other.runtime->join_set({first.runtime->shared_state()});
  }
  void ticks(int count) {
    for (; count > 0; --count) {
      now_ns += tick_ns;
      first.tick(now_ns);
      other.tick(now_ns);
    }
  }
  void only_first(int count) {
    for (; count > 0; --count) {
      now_ns += tick_ns;
      first.tick(now_ns);
    }
  }
};

TEST_CASE("a member begins when the others are there") {
  Pair pair;
  pair.first.runtime->request_start();
  pair.ticks(20);
  CHECK(pair.first.phase() == Phase::idle);
  CHECK(pair.first.runtime->engine_state().set_ready == 1);
  pair.other.runtime->request_start();
  pair.ticks(3);
  CHECK(pair.first.share() == 100'000);
  CHECK(pair.other.share() == 100'000);
}

TEST_CASE("a member that is held keeps the others where they are") {
  Pair pair;
  pair.first.runtime->request_start();
  pair.other.runtime->request_start();
  pair.ticks(3);
  // A source that fails holds this one; both steps are of two seconds.
  pair.other.runtime->set_source_failing(true);
  pair.ticks(40);
  CHECK(pair.first.share() == 100'000);
  CHECK(pair.first.runtime->engine_state().set_ready == 1);
  pair.other.runtime->set_source_failing(false);
  pair.ticks(25);
  CHECK(pair.first.share() == 500'000);
  CHECK(pair.other.share() == 500'000);
}

TEST_CASE("a member that is not ticked is waited for") {
  Pair pair;
  pair.first.runtime->request_start();
  pair.other.runtime->request_start();
  pair.ticks(3);
  pair.only_first(60);
  CHECK(pair.first.share() == 100'000);
}

TEST_CASE("what goes back takes the others with it within a tick, without blame") {
  Pair pair;
  pair.first.runtime->request_start();
  pair.other.runtime->request_start();
  pair.ticks(3);
  for (int i = 0; i < 20; ++i) {
    pair.first.runtime->observe(
        pair.first.shard, test::request(LaneArm::candidate_live, pair.now_ns, 0.05, 1));
  }
  pair.ticks(1);
  CHECK(pair.first.phase() == Phase::rolled_back);
  CHECK(pair.other.phase() == Phase::withdrawn);
  CHECK(pair.other.share() == 0);
  CHECK(pair.other.last.kind == DecisionKind::withdrawn);
  CHECK(pair.other.last.reason == Reason::set_went_back);
}

TEST_CASE("a member that is missing is waited for, one that went back ends no new start") {
  Pair pair;
  pair.first.runtime->join_set({nullptr});
  pair.first.runtime->request_start();
  pair.only_first(20);
  CHECK(pair.first.phase() == Phase::idle);

  EngineState mine;
  SharedState* peer = reinterpret_cast<SharedState*>(pair.other.memory->span().data());
  EngineState gone;
  gone.phase = Phase::rolled_back;
  peer->set_word.store(pack_set_word(gone));
  const SharedState* peers[] = {peer};
  CHECK_FALSE(read_peers(mine, peers).ready);
  CHECK(read_peers(mine, peers).back);
}

TEST_CASE("without peers a member goes alone, as in a simulation") {
  Member alone("first", "other");
  alone.runtime->request_start();
  for (int i = 1; i < 4; ++i) alone.tick(1000 * second + i * tick_ns);
  CHECK(alone.share() == 100'000);
}

}  // namespace
}  // namespace rel
