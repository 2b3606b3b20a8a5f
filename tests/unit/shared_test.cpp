// Several processes on one mapping: lease, take-over, half-done publications, shards, the file.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "runtime/route/decision_ring.h"
#include "runtime/route/layout.h"
#include "runtime/route/lease.h"
#include "runtime/route/mapping.h"
#include "runtime/route/route_word.h"
#include "runtime/route/shared_state.h"
#include "tests/small_release.h"

namespace rel {
namespace {

using test::request;
using test::second;
using test::tick_ns;

// The id of a process that has ended and is not reaped by anybody else.
int32_t dead_pid() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  int status = 0;
  waitpid(child, &status, 0);
  return child;
}

constexpr int32_t living_pid = 1;

TEST_CASE("one evaluator at a time; a silent or dead one is replaced") {
  LeaseBlock lease{};
  const int32_t self = getpid();
  const LeaseGrant first = enter_lease(lease, self, second);
  REQUIRE(first.entry == LeaseEntry::clean);
  CHECK(enter_lease(lease, living_pid, second).entry == LeaseEntry::refused);
  leave_lease(lease, first);
  CHECK(enter_lease(lease, living_pid, second + tick_ns).entry == LeaseEntry::refused);

  const LeaseGrant again = enter_lease(lease, self, 2 * second);
  REQUIRE(again.entry == LeaseEntry::same);
  leave_lease(lease, again);

  const int64_t silent = 2 * second + lease_stale_ns + 1;
  const LeaseGrant second_owner = enter_lease(lease, living_pid, silent);
  CHECK(second_owner.entry == LeaseEntry::clean);
  CHECK_FALSE(holds_lease(lease, again));
  leave_lease(lease, again);  // the old owner cannot end the new one's tick
  CHECK(holds_lease(lease, second_owner));
}

TEST_CASE("how the last evaluator ended is told apart") {
  SECTION("it died between two ticks") {
    LeaseBlock lease{};
    const LeaseGrant grant = enter_lease(lease, dead_pid(), second);
    leave_lease(lease, grant);
    CHECK(enter_lease(lease, living_pid, second).entry == LeaseEntry::clean);
  }
  SECTION("it died inside one") {
    LeaseBlock lease{};
    LeaseGrant grant = enter_lease(lease, dead_pid(), second);
    REQUIRE(settle_lease(lease, grant, 0));
    CHECK(enter_lease(lease, living_pid, second).entry == LeaseEntry::torn);
    CHECK(lease.stalled_pid[0].load() == 0);  // the dead write nothing
  }
  SECTION("it lives, and has not come out") {
    LeaseBlock lease{};
    LeaseGrant grant = enter_lease(lease, getpid(), second);
    REQUIRE(settle_lease(lease, grant, 1));
    CHECK(enter_lease(lease, living_pid, 2 * second).entry == LeaseEntry::torn);
    CHECK(lease.stalled_pid[0].load() == 0);
    CHECK(lease.stalled_pid[1].load() == getpid());
  }
  SECTION("it stopped before it wrote anything") {
    LeaseBlock lease{};
    LeaseGrant grant = enter_lease(lease, getpid(), second);
    CHECK(enter_lease(lease, living_pid, 2 * second).entry == LeaseEntry::torn);
    CHECK(lease.stalled_pid[0].load() == 0);
    CHECK(lease.stalled_pid[1].load() == 0);
    CHECK_FALSE(settle_lease(lease, grant, 0));
  }
}

TEST_CASE("a chain of stalled evaluators is noted bank by bank") {
  LeaseBlock lease{};
  const int32_t third = getppid();
  LeaseGrant first = enter_lease(lease, getpid(), second);
  REQUIRE(settle_lease(lease, first, 0));
  LeaseGrant next = enter_lease(lease, living_pid, 2 * second);
  REQUIRE(settle_lease(lease, next, 1));
  // The first one comes out while the second stalls in the other bank: each note stays right.
  leave_lease(lease, first);
  lease.stalled_pid[0].store(0);
  CHECK(enter_lease(lease, third, 3 * second).entry == LeaseEntry::torn);
  CHECK(lease.stalled_pid[0].load() == 0);
  CHECK(lease.stalled_pid[1].load() == living_pid);
}

TEST_CASE("a taker that stalls right after taking over leaves the note behind") {
  LeaseBlock lease{};
  LeaseGrant first = enter_lease(lease, getpid(), second);
  REQUIRE(settle_lease(lease, first, 0));
  enter_lease(lease, dead_pid(), 2 * second);  // took over, died before it chose a bank
  CHECK(enter_lease(lease, living_pid, 2 * second).entry == LeaseEntry::torn);
  CHECK(lease.stalled_pid[0].load() == getpid());
}

TEST_CASE("a note that came too late is forgotten when its process asks again") {
  LeaseBlock lease{};
  const LeaseGrant first = enter_lease(lease, getpid(), second);
  leave_lease(lease, first);
  lease.stalled_pid[1].store(getpid());
  CHECK(enter_lease(lease, getpid(), 2 * second).entry == LeaseEntry::same);
  CHECK(lease.stalled_pid[1].load() == 0);
}

Decision decision_of(uint64_t id, DecisionKind kind) {
  Decision decision;
  decision.id = id;
  decision.kind = kind;
  return decision;
}

TEST_CASE("decisions are appended once, in order, and stay until acknowledged") {
  const auto ring = std::make_unique<DecisionRing>();
  std::vector<Decision> outbox = {decision_of(1, DecisionKind::held),
                                  decision_of(2, DecisionKind::resumed)};
  append_decisions(*ring, outbox);
  append_decisions(*ring, outbox);  // by the evaluator that took over
  outbox.push_back(decision_of(3, DecisionKind::alerted));
  append_decisions(*ring, outbox);
  CHECK(decision_after(*ring, 0)->id == 1);
  CHECK(decision_after(*ring, 2)->id == 3);
  acknowledge_decisions(*ring, 2);
  CHECK(decision_after(*ring, 0)->id == 3);
  acknowledge_decisions(*ring, 3);
  CHECK_FALSE(decision_after(*ring, 0));
}

TEST_CASE("an evaluator that died between head and id does not double a decision") {
  const auto ring = std::make_unique<DecisionRing>();
  const std::vector<Decision> outbox = {decision_of(1, DecisionKind::held)};
  append_decisions(*ring, outbox);
  ring->last_id.store(0);
  append_decisions(*ring, outbox);
  CHECK(ring->head.load() == 1);
}

TEST_CASE("a full ring keeps room for what ends a release") {
  const auto ring = std::make_unique<DecisionRing>();
  uint64_t id = 0;
  while (ring->suppressed.load() == 0) {
    append_decisions(*ring, std::vector{decision_of(++id, DecisionKind::held)});
  }
  CHECK(ring->head.load() == limits::decision_ring - ring_reserve);
  Decision raise = decision_of(++id, DecisionKind::promoted);
  raise.durable_first = 1;
  CHECK(append_decisions(*ring, std::vector{raise}) == AppendOutcome::raise_left_out);
  append_decisions(*ring, std::vector{decision_of(++id, DecisionKind::rolled_back)});
  CHECK(decision_after(*ring, id - 1)->kind == DecisionKind::rolled_back);
}

// -- a release on shared memory, as two processes see it

struct TwoProcesses {
  Plan plan = test::small_release();
  test::FreshMemory memory{Runtime::shared_size(plan)};
  std::unique_ptr<Runtime> first = std::move(*Runtime::open(plan, {}, memory.span()));
  std::unique_ptr<Runtime> other = std::move(*Runtime::open(plan, {}, memory.span()));
  SharedState& shared = *reinterpret_cast<SharedState*>(memory.span().data());
  int32_t first_pid = getpid();
  uint32_t shard = *first->claim_shard(first_pid);
  int64_t now = 1'000 * second;

  void observe(int count, double is_failed) {
    for (int i = 0; i < count; ++i) {
      other->observe(shard, request(LaneArm::candidate_live, now, 0.1, is_failed));
    }
  }
  void run_first(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      observe(20, 0);
      now += tick_ns;
      first->tick(first_pid, now);
      const Raise pending = first->engine_state().pending;
      if (pending.kind != RaiseKind::none) first->grant_raise(pending.id);
    }
  }
  uint64_t failed_samples() const {
    std::vector<double> values(plan.frame_size);
    std::vector<uint8_t> causes(plan.frame_size);
    std::vector<uint64_t> samples(plan.frame_size);
    other->copy_frame(values, causes, samples);
    return samples[test::failed_candidate];
  }
};

TEST_CASE("a clean take-over goes on with the same state and the same windows") {
  TwoProcesses p;
  p.first->request_start();
  p.run_first(6);
  const EngineState before = p.other->engine_state();
  const uint64_t samples = p.failed_samples();
  REQUIRE(before.phase == Phase::running);

  p.now += tick_ns;
  CHECK(p.other->tick(living_pid, p.now).evaluated == 0);
  p.now += lease_stale_ns;
  CHECK(p.other->tick(living_pid, p.now).evaluated == 1);
  CHECK(p.failed_samples() == samples);
  CHECK(p.other->engine_state().stage_clock_ns > before.stage_clock_ns);
  CHECK(p.first->tick(p.first_pid, p.now).evaluated == 0);
}

TEST_CASE("an evaluator stalled inside a tick is replaced in the other bank") {
  TwoProcesses p;
  p.first->request_start();
  p.run_first(6);
  const uint32_t share = p.other->published_route().share_millionths;
  REQUIRE(share == 100'000);
  LeaseGrant stalled = enter_lease(p.shared.lease, p.first_pid, p.now + tick_ns);
  REQUIRE(stalled.entry == LeaseEntry::same);
  REQUIRE(settle_lease(p.shared.lease, stalled, 0));

  p.now += second;
  p.observe(50, 0);
  CHECK(p.other->tick(living_pid, p.now).evaluated == 1);
  CHECK(p.shared.lease.stalled_pid[0].load() == p.first_pid);
  CHECK(p.failed_samples() == 0);  // windows start anew
  CHECK(p.other->published_route().share_millionths == share);
  CHECK_FALSE(holds_lease(p.shared.lease, stalled));

  // The release is still watched.
  p.observe(50, 1);
  p.now += tick_ns;
  CHECK(p.other->tick(living_pid, p.now).route_changed == 1);
  CHECK(p.other->published_route().share_millionths == 0);
}

TEST_CASE("two evaluators stalled inside a tick leave the route as it is") {
  TwoProcesses p;
  p.first->request_start();
  p.run_first(6);
  LeaseGrant stalled = enter_lease(p.shared.lease, p.first_pid, p.now + tick_ns);
  REQUIRE(settle_lease(p.shared.lease, stalled, 0));
  p.shared.lease.stalled_pid[1].store(getppid());
  p.now += second;
  CHECK(p.other->tick(living_pid, p.now).evaluated == 0);
  CHECK(p.other->published_route().share_millionths == 100'000);
  p.shared.lease.stalled_pid[1].store(dead_pid());
  p.now += second;
  CHECK(p.other->tick(living_pid, p.now).evaluated == 1);
}

TEST_CASE("a rollback cut short after its word is completed by the next evaluator") {
  TwoProcesses p;
  p.first->request_start();
  p.run_first(6);
  const uint64_t word_before = p.shared.route.route_word.load();
  const uint64_t published_before = p.shared.published.load();
  const uint64_t head_before = p.shared.ring.head.load();
  p.observe(100, 1);
  p.now += tick_ns;
  p.first->tick(p.first_pid, p.now);
  REQUIRE(p.first->engine_state().phase == Phase::rolled_back);

  // Back to the instant after the rollback word was stored.
  p.shared.route.route_word.store(word_before);
  p.shared.published.store(published_before);
  p.shared.ring.head.store(head_before);
  p.shared.ring.last_id.store(p.other->engine_state().next_decision_id - 1);
  CHECK(p.other->engine_state().phase == Phase::running);
  CHECK_FALSE(p.other->route("anybody", p.now).candidate);

  p.now += second;
  CHECK(p.other->tick(living_pid, p.now).evaluated == 1);
  CHECK(p.other->engine_state().phase == Phase::rolled_back);
  CHECK(p.other->engine_state().epoch == 1);
  CHECK(p.other->published_route().share_millionths == 0);
  uint64_t id = 0;
  int rollbacks = 0;
  while (const auto decision = p.other->next_decision()) {
    CHECK(decision->id == ++id);
    rollbacks += decision->kind == DecisionKind::rolled_back;
    p.other->acknowledge_decision(decision->id);
  }
  CHECK(rollbacks == 1);
}

TEST_CASE("decisions published but not handed over are handed over by the next evaluator") {
  TwoProcesses p;
  p.first->request_start();
  p.now += tick_ns;
  p.first->tick(p.first_pid, p.now);
  REQUIRE(p.shared.ring.head.load() == 1);
  p.shared.ring.head.store(0);
  p.shared.ring.last_id.store(0);
  p.now += second;
  CHECK(p.other->tick(living_pid, p.now).evaluated == 1);
  CHECK(p.other->next_decision()->kind == DecisionKind::stage_entered);
}

// -- shards

TEST_CASE("a dead worker's shard is taken over and its counts are kept") {
  const Plan plan = test::small_release();
  const size_t size = Runtime::shared_size(plan);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  const std::span bytes(static_cast<std::byte*>(memory), size);
  auto runtime = std::move(*Runtime::open(plan, {}, bytes));
  const pid_t child = fork();
  if (child == 0) {
    const Result<uint32_t> shard = runtime->claim_shard(getpid());
    for (int i = 0; shard && i < 500; ++i) {
      runtime->observe(*shard, request(LaneArm::candidate_live, second, 0.1, 0));
    }
    _exit(shard ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(status == 0);
  CHECK(*runtime->claim_shard(getpid()) == 0);
  CHECK(*runtime->claim_shard(getpid()) == 1);
  runtime->tick(getpid(), second);
  CHECK(runtime->counters().observed == 500);
  std::vector<double> values(plan.frame_size);
  std::vector<uint8_t> causes(plan.frame_size);
  std::vector<uint64_t> samples(plan.frame_size);
  runtime->copy_frame(values, causes, samples);
  CHECK(values[test::samples_candidate] == 500);
  runtime.reset();
  munmap(memory, size);
}

TEST_CASE("when living workers have every shard the next one is told") {
  TwoProcesses p;
  for (size_t i = 1; i < limits::shards_max; ++i) REQUIRE(p.first->claim_shard(living_pid));
  CHECK_FALSE(p.first->claim_shard(living_pid));
  p.first->release_shard(7);
  CHECK(*p.first->claim_shard(living_pid) == 7);
}

// -- the file

struct Directory {
  std::string path;
  Directory() {
    char pattern[] = "/tmp/relc-shared-XXXXXX";
    REQUIRE(mkdtemp(pattern) != nullptr);
    path = pattern;
  }
  ~Directory() {
    unlink((path + "/x.map").c_str());
    unlink((path + "/target").c_str());
    rmdir(path.c_str());
  }
};

TEST_CASE("a mapping is fresh once, then inherited, and private to its owner") {
  Directory directory;
  const MappingRequest request{.path = directory.path + "/x.map", .size = 10'000, .plan_hash = 7};
  {
    Result<Mapping> mapping = open_mapping(request);
    REQUIRE(mapping);
    CHECK(mapping->age() == MappingAge::fresh);
    CHECK(mapping->memory().size() == 10'000);
    CHECK(mapping->memory()[9'999] == std::byte{0});
    mapping->memory()[9'999] = std::byte{42};
  }
  Result<Mapping> again = open_mapping(request);
  REQUIRE(again);
  CHECK(again->age() == MappingAge::inherited);
  CHECK(again->memory()[9'999] == std::byte{42});
  struct stat facts;
  REQUIRE(stat(request.path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  // Reserved up front: a disk that fills up later cannot fault a gateway.
  CHECK(facts.st_blocks * 512 >= 10'000 + 4096);
}

TEST_CASE("a mapping of another plan is refused, or replaced without touching its processes") {
  Directory directory;
  MappingRequest request{.path = directory.path + "/x.map", .size = 4096, .plan_hash = 7};
  Result<Mapping> old = open_mapping(request);
  REQUIRE(old);
  old->memory()[0] = std::byte{1};
  request.plan_hash = 8;
  CHECK(open_mapping(request).error().message.find("belongs to plan") != std::string::npos);
  request.other_plan = OtherPlan::replace;
  Result<Mapping> fresh = open_mapping(request);
  REQUIRE(fresh);
  CHECK(fresh->age() == MappingAge::fresh);
  CHECK(fresh->memory()[0] == std::byte{0});
  CHECK(old->memory()[0] == std::byte{1});
}

TEST_CASE("a mapping of another boot is started fresh") {
  Directory directory;
  const MappingRequest request{.path = directory.path + "/x.map", .size = 4096, .plan_hash = 7};
  { REQUIRE(open_mapping(request)); }
  {
    std::fstream file(request.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(24);  // the boot id, after magic, size and plan
    file.write("another", 7);
  }
  Result<Mapping> mapping = open_mapping(request);
  REQUIRE(mapping);
  CHECK(mapping->age() == MappingAge::fresh);
}

TEST_CASE("what is no mapping is refused with the reason") {
  Directory directory;
  const MappingRequest request{.path = directory.path + "/x.map", .size = 4096, .plan_hash = 7};
  SECTION("a file of something else") {
    std::ofstream(request.path) << std::string(8192, 'x');
    CHECK(open_mapping(request).error().message.find("not a state of relc") != std::string::npos);
  }
  SECTION("a symbolic link is never followed") {
    std::ofstream(directory.path + "/target") << "precious";
    REQUIRE(symlink((directory.path + "/target").c_str(), request.path.c_str()) == 0);
    CHECK_FALSE(open_mapping(request));
  }
  SECTION("no directory") {
    CHECK(open_mapping({.path = directory.path + "/none/x.map", .size = 4096})
              .error()
              .message.find("create it first") != std::string::npos);
  }
}

}  // namespace
}  // namespace rel
