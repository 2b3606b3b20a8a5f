// Replay: a release that was recorded comes out the same, whatever happened in it; a byte changed
// in the record or in the journal is seen; the ring never makes the evaluator wait.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>

#include "runtime/host/host.h"
#include "runtime/host/replay.h"
#include "runtime/host/tick_log.h"
#include "runtime/route/tick_ring.h"
#include "runtime/stage/tick_record.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

// A host on a gateway; its decisions and what was recorded of its ticks.
struct Recorded {
  std::vector<LoggedDecision> log;
  std::string ticks;
};

template <typename Each>
Recorded run(const Plan& plan, const TempFolder& folder, int ticks, Each each) {
  Gateway gateway(plan);
  auto runtime = gateway.open();
  auto journal = Journal::open({.path = folder.file("journal.sqlite")});
  REQUIRE(journal);
  auto host = Host::open(*runtime, **journal, {.state_dir = folder.path()}, gateway.now());
  REQUIRE(host);
  for (int tick = 0; tick < ticks; tick++) {
    each(tick, gateway, *runtime);
    gateway.tick();
    (*host)->step(gateway.now());
  }
  Recorded made;
  made.log = (*journal)->decisions((*host)->release().id, 0, 1000).value();
  made.ticks = read_tick_log(folder.path(), (*host)->release().id).value();
  return made;
}

Recorded rolled_back(const Plan& plan, const TempFolder& folder) {
  return run(plan, folder, 60, [](int tick, Gateway& gateway, Runtime& runtime) {
    gateway.observe(50, tick < 35 ? 0 : 20);
    if (tick == 10) runtime.post_hand({.sequence = 1, .kind = HandKind::pause});
    if (tick == 15) runtime.post_hand({.sequence = 2, .kind = HandKind::resume});
  });
}

}  // namespace

TEST_CASE("every decision of a release comes out the same, bit for bit") {
  const TempFolder folder;
  const Plan plan = small_plan();
  const Recorded recorded = rolled_back(plan, folder);
  const ReplayReport report = replay_ticks(PlanHistory::of(plan), recorded.ticks, recorded.log);
  CHECK(report.difference.empty());
  CHECK(report.ticks >= 50);  // the last second may still be on its way to the disk
  CHECK(report.gaps == 0);
  const auto engine = std::count_if(recorded.log.begin(), recorded.log.end(), [](const auto& one) {
    return one.entry.decision.id != 0;
  });
  REQUIRE(engine >= 4);
  CHECK(report.same + report.unproven == static_cast<uint64_t>(engine));
  CHECK(report.same >= static_cast<uint64_t>(engine) - 1);
}

TEST_CASE("what was changed afterwards is seen") {
  const TempFolder folder;
  const Plan plan = small_plan();
  const Recorded recorded = rolled_back(plan, folder);
  SECTION("a number in the journal") {
    auto log = recorded.log;
    for (LoggedDecision& one : log) {
      if (one.entry.decision.kind == DecisionKind::rolled_back) {
        one.entry.decision.evidence[0].value += 1e-12;
      }
    }
    CHECK_THAT(replay_ticks(PlanHistory::of(plan), recorded.ticks, log).difference,
               Catch::Contains("the journal has"));
  }
  SECTION("a decision that nothing leads to") {
    auto log = recorded.log;
    LoggedDecision made_up = log.back();
    made_up.entry.decision.id = 999;
    made_up.entry.decision.time_ns = start_ns + 3 * second_ns;
    log.push_back(made_up);
    CHECK_THAT(replay_ticks(PlanHistory::of(plan), recorded.ticks, log).difference,
               Catch::Contains("does not give decision 999"));
  }
  SECTION("a byte of the record") {
    std::string ticks = recorded.ticks;
    ticks[ticks.size() / 2] ^= 1;
    CHECK_THAT(replay_ticks(PlanHistory::of(plan), ticks, recorded.log).difference,
               Catch::Contains("damaged"));
  }
  SECTION("a record that was cut ends the replay, and proves what came before") {
    const std::string_view cut(recorded.ticks.data(), recorded.ticks.size() - 5);
    const ReplayReport report = replay_ticks(PlanHistory::of(plan), cut, recorded.log);
    CHECK(report.ticks > 0);
    CHECK(report.difference.empty());
  }
}

TEST_CASE("a log goes on after a crash, behind its last whole record") {
  const TempFolder folder;
  const Plan plan = small_plan();
  const Recorded recorded = rolled_back(plan, folder);
  const std::string path = tick_log_path(folder.path(), 1);
  std::ofstream(path, std::ios::app | std::ios::binary) << "cut";
  {
    auto log = TickLog::open(folder.path(), 1);
    REQUIRE(log);
  }
  CHECK(read_tick_log(folder.path(), 1).value() == recorded.ticks);
}

TEST_CASE("the ring gives back what was put in, and leaves out what has no room") {
  auto ring = std::make_unique<TickRing>();
  std::string record(tick_record_head + 1001, 'x');
  const uint32_t length = 1001;
  std::memcpy(record.data(), &length, sizeof length);
  std::string taken;
  for (int round = 0; round < 3000; round++) {
    REQUIRE(append_tick(*ring, record));
    if (round % 3 == 0) {
      taken.clear();
      take_ticks(*ring, taken);
      CHECK(taken.size() % record.size() == 0);
      CHECK(taken.compare(0, record.size(), record) == 0);
    }
  }
  while (append_tick(*ring, record)) {}
  CHECK(ring->left_out.load() == 1);
  taken.clear();
  take_ticks(*ring, taken);
  CHECK(taken.size() / record.size() >= limits::tick_ring_bytes / 1024 - 2);
  CHECK(append_tick(*ring, record));
}
