// The runtime as a whole: observations in, route and decisions out.
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "tests/small_release.h"

namespace rel {
namespace {

using test::request;
using test::second;
using test::tick_ns;

constexpr int32_t own_pid = 1;  // a process that always exists

// One process that routes, observes, evaluates and grants every increase.
struct Host {
  Plan plan = test::small_release();
  test::FreshMemory memory{Runtime::shared_size(plan)};
  std::unique_ptr<Runtime> runtime = std::move(*Runtime::open(plan, {}, memory.span()));
  uint32_t shard = *runtime->claim_shard(own_pid);
  int64_t now = 1'000 * second;
  std::vector<Decision> decisions;

  TickReport tick() {
    now += tick_ns;
    return runtime->tick(own_pid, now);
  }

  void take_decisions() {
    while (const auto decision = runtime->next_decision()) {
      decisions.push_back(*decision);
      runtime->acknowledge_decision(decision->id);
    }
  }

  // A tick of 20 requests an arm, and whoever keeps the journal granting what it has written.
  void live(double candidate_failed) {
    for (int i = 0; i < 20; ++i) {
      const double is_failed = i < candidate_failed * 20 ? 1 : 0;
      runtime->observe(shard, request(LaneArm::baseline_live, now, 0.1, 0));
      runtime->observe(shard, request(LaneArm::candidate_live, now, 0.2, is_failed));
    }
    tick();
    take_decisions();
    const Raise pending = runtime->engine_state().pending;
    if (pending.kind != RaiseKind::none) runtime->grant_raise(pending.id);
  }

  void start() {
    runtime->request_start();
    live(0);
    live(0);
  }

  struct Frame {
    std::vector<double> values;
    std::vector<uint8_t> causes;
    std::vector<uint64_t> samples;
  };
  Frame frame() const {
    Frame copy{std::vector<double>(plan.frame_size), std::vector<uint8_t>(plan.frame_size),
               std::vector<uint64_t>(plan.frame_size)};
    runtime->copy_frame(copy.values, copy.causes, copy.samples);
    return copy;
  }
};

std::vector<DecisionKind> kinds(const std::vector<Decision>& decisions) {
  std::vector<DecisionKind> all;
  for (const Decision& decision : decisions) all.push_back(decision.kind);
  return all;
}

TEST_CASE("the plan the tests are made of is valid") {
  const Status status = verify_plan(test::small_release());
  if (!status) FAIL(status.error().message);
}

TEST_CASE("a healthy candidate is raised step by step, each increase granted first") {
  Host host;
  host.start();
  CHECK(host.runtime->published_route().share_millionths == 100'000);
  std::vector<uint32_t> shares = {100'000};
  for (int i = 0; i < 60; ++i) {
    host.live(0);
    const uint32_t share = host.runtime->published_route().share_millionths;
    if (share != shares.back()) shares.push_back(share);
  }
  CHECK(shares == std::vector<uint32_t>{100'000, 500'000, 1'000'000});
  CHECK(host.runtime->engine_state().phase == Phase::completed);
}

TEST_CASE("without a grant nothing is raised") {
  Host host;
  host.runtime->request_start();
  CHECK(host.tick().raise.kind == RaiseKind::start);
  for (int i = 0; i < 50; ++i) host.tick();
  CHECK(host.runtime->published_route().share_millionths == 0);
  CHECK(host.runtime->engine_state().phase == Phase::idle);
  CHECK(host.runtime->next_decision()->durable_first == 1);
}

TEST_CASE("a failing candidate goes back in the tick that knows it, without any grant") {
  Host host;
  host.start();
  host.live(0);
  host.live(1);
  int ticks = 1;
  while (host.runtime->published_route().share_millionths != 0) {
    host.live(1);
    REQUIRE(++ticks < 10);
  }
  const EngineState state = host.runtime->engine_state();
  CHECK(state.phase == Phase::rolled_back);
  CHECK(state.epoch == 1);
  CHECK(host.runtime->route("anybody", host.now).epoch == 1);
  CHECK(kinds(host.decisions).back() == DecisionKind::rolled_back);
  const Decision& last = host.decisions.back();
  CHECK(last.evidence_count == 1);
  CHECK(last.evidence[0].value > 0.2);
  for (size_t i = 0; i < host.decisions.size(); ++i) CHECK(host.decisions[i].id == i + 1);
  for (int i = 0; i < 50; ++i) host.live(0);
  CHECK(host.runtime->published_route().share_millionths == 0);
}

TEST_CASE("the frame has what was observed since the stage began, by arm and by segment") {
  Host host;
  host.start();
  const auto before = static_cast<double>(host.frame().values[test::samples_candidate]);
  for (int i = 0; i < 10; ++i) {
    const double is_failed = i < 4 ? 1 : 0;
    host.runtime->observe(host.shard,
                          request(LaneArm::baseline_live, host.now, 0.1, is_failed, 0));
    host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, 0.2, 0, 0));
    // A shadow never enters what a stage that is no mirror calls the candidate.
    host.runtime->observe(host.shard, request(LaneArm::candidate_shadow, host.now, 9, 1, 0));
  }
  host.tick();
  const Host::Frame frame = host.frame();
  CHECK(frame.values[test::samples_candidate] == before + 10);
  CHECK(frame.values[test::failed_candidate] == 0);
  CHECK(frame.values[test::failed_baseline] > 0);
  CHECK(frame.values[test::p90_candidate] == Approx(0.2).epsilon(1.0 / 128));
  CHECK(frame.values[test::mean_latency] == Approx(0.2));
  CHECK(frame.samples[test::failed_eu] == 10);
  CHECK(frame.causes[test::failed_us] == cause_no_data);
  CHECK(frame.causes[test::failed_eu] == cause_none);
}

TEST_CASE("fewer samples than the minimum are insufficient, none are no data") {
  Host host;
  host.tick();
  CHECK(host.frame().causes[test::failed_candidate] == cause_no_data);
  CHECK(host.frame().causes[test::samples_candidate] == cause_none);
  for (int i = 0; i < 9; ++i) {
    host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, 0.1, 0));
  }
  host.tick();
  CHECK(host.frame().causes[test::failed_candidate] == cause_insufficient);
  host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, 0.1, 0));
  host.tick();
  CHECK(host.frame().causes[test::failed_candidate] == cause_none);
}

TEST_CASE("a failing source makes every number a source error, and comes back") {
  Host host;
  host.start();
  host.runtime->set_source_failing(true);
  host.live(1);
  for (const uint8_t causes : host.frame().causes) CHECK((causes & cause_source_error) != 0);
  CHECK(host.runtime->engine_state().phase == Phase::running);
  host.runtime->set_source_failing(false);
  host.live(1);
  CHECK(host.frame().causes[test::failed_candidate] == cause_none);
}

TEST_CASE("what cannot be counted is rejected by reason") {
  Host host;
  host.tick();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity, -0.001, 9.2e9}) {
    host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, bad, 0));
  }
  host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, 0.1, 0.5));
  host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now - 3 * second, 1, 0));
  host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now + 3 * second, 1, 0));
  host.tick();
  const Runtime::Counters counters = host.runtime->counters();
  CHECK(counters.observed == 6);
  CHECK(counters.rejected_values == 6);
  CHECK(counters.late == 1);
  CHECK(counters.future == 1);
  CHECK(counters.requests_candidate == 6);
  // The request itself, and its other values, count.
  CHECK(host.frame().values[test::samples_candidate] == 6);
  CHECK(host.frame().samples[test::failed_candidate] == 5);
  CHECK(host.frame().samples[test::mean_latency] == 1);
}

TEST_CASE("a gap in the clock, forwards or backwards, empties the windows") {
  for (const int64_t jump : {2 * second, -100 * second}) {
    Host host;
    host.start();
    host.live(0);
    REQUIRE(host.frame().samples[test::failed_candidate] > 0);
    host.now += jump;
    host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, 0.1, 1));
    CHECK(host.tick().evaluated == 1);
    CHECK(host.frame().samples[test::failed_candidate] == 0);
    CHECK(host.runtime->published_route().share_millionths == 100'000);
  }
}

TEST_CASE("a clock a little behind the last tick waits for the next one") {
  Host host;
  host.start();
  host.now -= 3 * tick_ns;
  CHECK(host.tick().evaluated == 0);
  host.now += 3 * tick_ns;
  CHECK(host.tick().evaluated == 1);
}

TEST_CASE("a journaled state comes back, and never undoes a rollback") {
  Host host;
  host.start();
  const DurableState journaled{host.runtime->engine_state()};

  Host after;  // another boot: fresh memory
  after.now = host.now;
  after.runtime->restore(journaled);
  after.tick();
  CHECK(after.runtime->published_route().share_millionths == 100'000);
  CHECK(after.runtime->engine_state().phase == Phase::running);

  while (after.runtime->engine_state().phase == Phase::running) after.live(1);
  after.runtime->restore(journaled);
  after.tick();
  CHECK(after.runtime->engine_state().phase == Phase::rolled_back);
  CHECK(after.runtime->published_route().share_millionths == 0);
}

TEST_CASE("memory of another plan, too little of it and a wrong table of functions are refused") {
  Host host;
  Plan other = test::small_release();
  other.pane_ns *= 2;
  for (Window& window : other.windows) {
    if (window.kind == WindowKind::sliding) window.slots = 5, window.slot_ns *= 2;
  }
  CHECK(Runtime::open(other, {}, host.memory.span()).error().message.find("belongs to plan") !=
        std::string::npos);
  CHECK_FALSE(Runtime::open(host.plan, {}, host.memory.span().first(4096)));
  const std::vector<PredicateFn> functions(2);
  CHECK_FALSE(Runtime::open(host.plan, {.compiled = functions}, host.memory.span()));
}

TEST_CASE("a full journal ring leaves out what may be left out, keeps a rollback, raises nothing") {
  Host host;
  host.start();
  // Nobody takes decisions any more: holds and resumes fill the ring.
  for (int i = 0; i < 300; ++i) {
    host.runtime->set_source_failing(i % 2 == 0);
    host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, 0.1, 0));
    host.tick();
  }
  host.runtime->set_source_failing(false);
  CHECK(host.runtime->counters().decisions_suppressed > 0);
  const uint32_t share = host.runtime->published_route().share_millionths;
  CHECK(share == 100'000);
  for (int i = 0; i < 100; ++i) {
    host.runtime->observe(host.shard, request(LaneArm::candidate_live, host.now, 0.1, 1));
  }
  host.tick();
  CHECK(host.runtime->published_route().share_millionths == 0);
  host.take_decisions();
  CHECK(kinds(host.decisions).back() == DecisionKind::rolled_back);
}

}  // namespace
}  // namespace rel
