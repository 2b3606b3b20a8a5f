// What ends a stage beside its times: the switch, samples, the watch, the calendar; and releases
// that only observe.
#include <catch2/catch.hpp>

#include "runtime/stage/next_change.h"
#include "runtime/stage/permission.h"
#include "runtime/stage/stage_end.h"
#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

using Kinds = std::vector<DecisionKind>;

// 22:13:20 UTC.
constexpr uint16_t start_minute = 22 * 60 + 13;

StageRow switch_row() {
  StageRow row{.steps = {{0, 0, second}, {1'000'000, 0, 0}}};
  row.kind = StageKind::blue_green;
  row.mirror = 100'000;
  row.at_most_ns = 10 * second;
  row.otherwise = Otherwise::withdraw;
  return row;
}

struct Switch {
  Plan plan;
  TriggerId smoke, back;

  explicit Switch(int64_t watch_ns = 5 * second) {
    StageRow row = switch_row();
    row.watch_ns = watch_ns;
    const StageId stage = add_stage(plan, row);
    smoke = add_trigger(plan, {.action = TriggerAction::step, .stage = stage});
    back = add_trigger(plan, {.for_ns = second});
  }
};

}  // namespace

TEST_CASE("a switch goes from copies to everybody, and back in one tick") {
  Switch release;
  Machine machine(release.plan);
  machine.start();
  CHECK(machine.share() == 0);
  CHECK(route_of(release.plan, machine.state()).mirror_millionths == 100'000);
  CHECK(stage::reads_shadow(release.plan, machine.state()));
  machine.tick_for(3 * second);
  CHECK(machine.share() == 0);  // the smoke gate is shut

  machine.set(release.smoke, Verdict::is_true);
  machine.tick();
  CHECK(machine.share() == 1'000'000);
  CHECK(machine.output().stage_changed == 1);
  CHECK(route_of(release.plan, machine.state()).mirror_millionths == 0);
  CHECK_FALSE(stage::reads_shadow(release.plan, machine.state()));
  CHECK(machine.log.back().kind == DecisionKind::step_advanced);

  // The gate has done its part; patience ended with the switch; a watch has begun.
  machine.set(release.smoke, Verdict::is_false);
  machine.tick_for(3 * second);
  CHECK(machine.state().phase == Phase::running);
  CHECK(machine.state().watching == 1);
  machine.set(release.back, Verdict::is_true);
  machine.tick_for(900 * ms);
  CHECK(machine.share() == 1'000'000);
  machine.tick_for(200 * ms);
  CHECK(machine.state().phase == Phase::rolled_back);
  CHECK(machine.share() == 0);
}

TEST_CASE("what was true of the copies is no evidence about the answers") {
  Switch release;
  const TriggerId told = add_trigger(release.plan, {.action = TriggerAction::alert,
                                                    .for_ns = second});
  Machine machine(release.plan);
  machine.start();
  machine.set(release.smoke, Verdict::is_true);
  machine.set(told, Verdict::is_true);
  machine.tick_for(900 * ms);
  machine.tick();
  REQUIRE(machine.share() == 1'000'000);
  machine.tick_for(second);
  CHECK(machine.kinds().back() == DecisionKind::promoted);  // its `for` began with the switch
  machine.tick();
  CHECK(machine.kinds().back() == DecisionKind::alerted);
}

TEST_CASE("a switch whose gate never opens is withdrawn") {
  Switch release;
  Machine machine(release.plan);
  machine.start();
  machine.tick_for(10 * second);
  CHECK(machine.state().phase == Phase::withdrawn);
  CHECK(machine.share() == 0);
}

TEST_CASE("a step goes on until it has seen its samples, whatever came in the step before") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 0}, {200'000, 0, second}}, .step_samples_min = 100});
  add_stage(plan, {.steps = {{1'000'000, 0, 0}}, .soak_ns = second});
  add_request_count(plan);
  Machine machine(plan);
  machine.start();
  machine.add_requests(99);
  machine.tick();
  CHECK(machine.share() == 100'000);
  machine.add_requests(70);
  machine.tick();
  CHECK(machine.share() == 200'000);  // 69 more than it needed: they were the first step's
  CHECK(machine.log.back().reason == Reason::step_samples_full);
  machine.add_requests(99);
  machine.tick_for(2 * second);
  CHECK(machine.state().stage == StageId{0});
  machine.add_requests(1);
  machine.tick();
  CHECK(machine.state().stage == StageId{1});
  CHECK(machine.share() == 1'000'000);
}

TEST_CASE("samples stay counted when the windows are emptied") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 0}, {200'000, 0, 0}}, .step_samples_min = 100});
  add_request_count(plan);
  Machine machine(plan);
  machine.start();
  machine.add_requests(60);
  machine.tick();
  machine.tick(1500 * ms);  // a clock gap
  machine.add_requests(39);
  machine.tick();
  CHECK(machine.share() == 100'000);
  machine.add_requests(1);
  machine.tick();
  CHECK(machine.share() == 200'000);
}

TEST_CASE("while it is watched at 100 % a release still goes back, holds, and then completes") {
  Plan plan;
  StageRow row{.steps = {{1'000'000, 0, 0}}, .soak_ns = second, .at_most_ns = 3 * second,
               .otherwise = Otherwise::rollback};
  row.watch_ns = 5 * second;
  add_stage(plan, row);
  const TriggerId back = add_trigger(plan, {});
  const TriggerId stop = add_trigger(plan, {.action = TriggerAction::hold});
  Machine machine(plan);
  machine.start();
  machine.tick_for(second);
  CHECK(machine.state().watching == 1);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::promoted});
  CHECK(machine.log.back().durable_first == 0);  // it raises nothing
  machine.tick_for(4 * second);
  CHECK(machine.state().phase == Phase::running);  // `at most` was of the way up
  SECTION("a rollback") {
    machine.set(back, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
    CHECK(machine.share() == 0);
  }
  SECTION("a hold stops the watch's clock") {
    machine.set(stop, Verdict::is_true);
    machine.tick_for(60 * second);
    CHECK(machine.state().phase == Phase::running);
    machine.set(stop, Verdict::is_false);
    machine.tick_for(900 * ms);
    CHECK(machine.state().phase == Phase::running);
    machine.tick();
    CHECK(machine.state().phase == Phase::completed);
  }
  SECTION("nothing") {
    machine.tick_for(second);
    CHECK(machine.state().phase == Phase::completed);
    CHECK(machine.log.back().reason == Reason::watch_over);
    CHECK(machine.share() == 1'000'000);
  }
}

TEST_CASE("the end of a warm baseline is told once, after the release is complete") {
  Plan plan;
  StageRow row{.steps = {{1'000'000, 0, 0}}, .soak_ns = second};
  row.keep_warm_ns = 3 * second;
  add_stage(plan, row);
  Machine machine(plan);
  machine.start();
  machine.tick_for(2900 * ms);
  CHECK(machine.state().phase == Phase::completed);
  CHECK(stage::baseline_release_ns(plan, machine.state()) == machine_start + 3 * second);
  CHECK(next_change_ns(plan, machine.state(), machine.now()) == machine_start + 3 * second);
  machine.tick_for(10 * second);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::completed,
                                 DecisionKind::alerted});
  CHECK(machine.log.back().reason == Reason::baseline_released);
  CHECK(machine.log.back().time_ns == machine_start + 3 * second);
  CHECK(machine.share() == 1'000'000);
  CHECK(next_change_ns(plan, machine.state(), machine.now()) == never_ns);
}

TEST_CASE("outside its window exposure does not grow; the clock goes on and so does the way back") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}, {200'000, 0, second}}});
  const TriggerId back = add_trigger(plan, {});
  // Open again from 22:14, which is 40 s after the start.
  plan.stages[0].increase = add_window(plan, IncreaseRule::allow, 0, 24 * 60);
  add_window(plan, IncreaseRule::except, start_minute, start_minute + 1);
  SECTION("not even the start") {
    plan.stages[0].increase.count = 2;
    Machine machine(plan);
    machine.start();
    CHECK(machine.log.empty());
    CHECK(next_change_ns(plan, machine.state(), machine.now()) == machine_start + 40 * second);
    machine.tick_for(39900 * ms);
    CHECK(machine.state().phase == Phase::idle);
    machine.tick();
    CHECK(machine.share() == 100'000);
  }
  SECTION("a step waits, a rollback does not") {
    Machine machine(plan);
    machine.start();
    plan.stages[0].increase.count = 2;
    machine.tick_for(39900 * ms);
    CHECK(machine.share() == 100'000);
    CHECK(machine.state().step_clock_ns == 39900 * ms);
    CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered});  // it is no hold
    if (GENERATE(false, true)) {
      machine.set(back, Verdict::is_true);
      machine.tick();
      CHECK(machine.state().phase == Phase::rolled_back);
    } else {
      machine.tick();
      CHECK(machine.share() == 200'000);
    }
  }
}

TEST_CASE("a raise that was asked for in time and written too late is void") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}, {200'000, 0, second}}});
  plan.increase = add_window(plan, IncreaseRule::allow, 0, start_minute + 1);  // for 40 s more
  Machine machine(plan, Answers::none);
  machine.start();
  machine.event({.kind = HostEventKind::raise_durable, .raise_id = 1});
  machine.tick_for(39 * second);
  REQUIRE(machine.state().pending.kind == RaiseKind::step);
  const uint64_t asked = machine.state().pending.id;
  SECTION("in time") {
    machine.event({.kind = HostEventKind::raise_durable, .raise_id = asked});
    CHECK(machine.share() == 200'000);
  }
  SECTION("too late") {
    machine.tick_for(second);
    machine.event({.kind = HostEventKind::raise_durable, .raise_id = asked});
    CHECK(machine.share() == 100'000);
    machine.tick_for(10 * second);
    CHECK(machine.state().pending.kind == RaiseKind::none);
  }
}

TEST_CASE("what gives the candidate no more is not stopped by the calendar") {
  Plan plan;
  add_stage(plan, {.steps = {{500'000, 0, second}}});
  add_stage(plan, {.steps = {{500'000, 0, 0}}, .soak_ns = second});
  Machine machine(plan);
  machine.start();
  plan.increase = add_window(plan, IncreaseRule::allow, 0, start_minute);  // over already
  machine.tick_for(2 * second);
  CHECK(machine.state().phase == Phase::completed);
}

TEST_CASE("a release that only observes decides everything and routes nothing") {
  Switch release;
  release.plan.observe_only = 1;
  Machine machine(release.plan);
  machine.start();
  machine.set(release.smoke, Verdict::is_true);
  machine.tick_for(2 * second);
  CHECK(machine.log.back().kind == DecisionKind::promoted);
  CHECK(machine.log.back().share_millionths == 1'000'000);  // what it would have given
  CHECK(route_of(release.plan, machine.state()).share_millionths == 0);
  CHECK(route_of(release.plan, machine.state()).mirror_millionths == 0);
  machine.set(release.back, Verdict::is_true);
  machine.tick_for(2 * second);
  CHECK(machine.state().phase == Phase::rolled_back);
}

TEST_CASE("a trigger of the release does not act where a stage declares it anew") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}}});
  add_stage(plan, {.steps = {{500'000, 0, 10 * second}}});
  const TriggerId loose = add_trigger(plan, {});
  add_trigger(plan, {.stage = StageId{0}});
  plan.triggers[loose.value].replaced_in = 1;
  Machine machine(plan);
  machine.start();
  machine.set(loose, Verdict::is_true);
  machine.tick_for(900 * ms);
  CHECK(machine.state().phase == Phase::running);
  machine.tick_for(200 * ms);
  CHECK(machine.state().phase == Phase::rolled_back);  // in the second stage it acts
  CHECK(machine.state().stage == StageId{1});
}
