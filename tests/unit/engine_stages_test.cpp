// How the machine goes through steps and stages, and what it asks the disk for on the way.
#include <catch2/catch.hpp>

#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

using Kinds = std::vector<DecisionKind>;

HostEvent durable(const Machine& machine) {
  return {.kind = HostEventKind::raise_durable, .raise_id = machine.state().pending.id};
}
HostEvent refused(const Machine& machine) {
  return {.kind = HostEventKind::raise_refused, .raise_id = machine.state().pending.id};
}

}  // namespace

TEST_CASE("a release goes through its steps and stages to completed") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}, {250'000, 0, 2 * second}}});
  add_stage(plan, {.steps = {{1'000'000, 0, 0}}, .soak_ns = second});
  Machine machine(plan);
  CHECK(machine.share() == 0);
  machine.start();
  CHECK(machine.share() == 100'000);
  machine.tick_for(900 * ms);
  CHECK(machine.share() == 100'000);
  machine.tick();
  CHECK(machine.share() == 250'000);
  machine.tick_for(2 * second);
  CHECK(machine.share() == 1'000'000);
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::completed);
  CHECK(machine.share() == 1'000'000);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::step_advanced,
                                 DecisionKind::promoted, DecisionKind::stage_entered,
                                 DecisionKind::completed});
  for (const Decision& decision : machine.log) CHECK(decision.durable_first == 1);
  for (size_t i = 0; i < machine.log.size(); ++i) CHECK(machine.log[i].id == i + 1);
}

TEST_CASE("a decision that raises carries the share it leads to and the stage it is about") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}}});
  add_stage(plan, {.steps = {{500'000, 0, 10 * second}}});
  Machine machine(plan);
  machine.start();
  machine.tick_for(second);
  REQUIRE(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::promoted,
                                   DecisionKind::stage_entered});
  CHECK(machine.log[1].stage == StageId{0});
  CHECK(machine.log[1].share_millionths == 500'000);
  CHECK(machine.log[2].stage == StageId{1});
  CHECK(machine.log[2].share_millionths == 500'000);
}

TEST_CASE("a holdback is never given to the candidate") {
  Plan plan;
  add_stage(plan, {.steps = {{1'000'000, 0, 0}}, .soak_ns = second, .holdback = 10'000});
  Machine machine(plan);
  machine.start();
  CHECK(machine.share() == 990'000);
}

TEST_CASE("a mirror stage publishes its copy share and no live share") {
  Plan plan;
  add_stage(plan, {.steps = {{0, 0, 0}}, .soak_ns = second, .mirror = 1'000'000});
  Machine machine(plan);
  machine.start();
  const Route route = route_of(plan, machine.state());
  CHECK(route.share_millionths == 0);
  CHECK(route.mirror_millionths == 1'000'000);
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::completed);
}

TEST_CASE("soak and at least are read on the stage's clock, after every step has ended") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}}, .soak_ns = 2 * second,
                   .at_least_ns = 3 * second});
  Machine machine(plan);
  machine.start();
  machine.tick_for(2900 * ms);
  CHECK(machine.state().phase == Phase::running);
  machine.tick();
  CHECK(machine.state().phase == Phase::completed);
}

TEST_CASE("`step when` and `promote when` gate what they belong to, true only") {
  Plan plan;
  const StageId canary = add_stage(plan, {.steps = {{100'000, 0, second}, {200'000, 0, second}}});
  const TriggerId enough = add_trigger(plan, {.action = TriggerAction::step, .stage = canary});
  const TriggerId good = add_trigger(plan, {.action = TriggerAction::promote, .stage = canary});
  Machine machine(plan);
  machine.start();
  machine.set(enough, Verdict::no_data);
  machine.tick_for(2 * second);
  CHECK(machine.state().step == 0);
  machine.set(enough, Verdict::is_true);
  machine.tick();
  CHECK(machine.state().step == 1);
  machine.set(good, Verdict::insufficient);
  machine.tick_for(2 * second);
  CHECK(machine.state().phase == Phase::running);
  machine.set(good, Verdict::is_true);
  machine.tick();
  CHECK(machine.state().phase == Phase::completed);
  CHECK(machine.log.back().trigger == good);
  CHECK(machine.log.back().evidence_count == 1);
}

TEST_CASE("at most counts all time in the stage, held or not") {
  Plan plan;
  StageRow row{.steps = {{100'000, 0, 0}}, .at_most_ns = 3 * second};
  Otherwise otherwise = GENERATE(Otherwise::withdraw, Otherwise::rollback, Otherwise::hold);
  row.otherwise = otherwise;
  const StageId canary = add_stage(plan, row);
  add_stage(plan, {.steps = {{500'000, 0, second}}});
  const TriggerId gate = add_trigger(plan, {.action = TriggerAction::promote, .stage = canary});
  const TriggerId stop = add_trigger(plan, {.action = TriggerAction::hold});
  Machine machine(plan);
  machine.start();
  machine.set(stop, Verdict::is_true);
  machine.tick_for(2900 * ms);
  CHECK(machine.state().phase == Phase::running);
  machine.tick();
  switch (otherwise) {
    case Otherwise::withdraw:
      CHECK(machine.state().phase == Phase::withdrawn);
      CHECK(machine.state().epoch == 0);
      CHECK(machine.log.back().reason == Reason::stage_overdue);
      CHECK(machine.share() == 0);
      break;
    case Otherwise::rollback:
      CHECK(machine.state().phase == Phase::rolled_back);
      CHECK(machine.state().epoch == 1);
      CHECK(machine.share() == 0);
      break;
    case Otherwise::hold:
      machine.set(stop, Verdict::is_false);
      machine.set(gate, Verdict::is_true);
      machine.tick_for(second);
      CHECK(machine.state().holding == 1);
      CHECK(machine.share() == 100'000);
      break;
    case Otherwise::none: FAIL();
  }
}

TEST_CASE("a stage may be left at the very tick at which `at most` is full") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 0}}, .soak_ns = second, .at_most_ns = second,
                   .otherwise = Otherwise::withdraw});
  Machine machine(plan);
  machine.start();
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::completed);
}

TEST_CASE("a promotion asked for in time is not overtaken by `at most` while the disk writes") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 0}}, .soak_ns = second, .at_most_ns = second,
                   .otherwise = Otherwise::withdraw});
  Machine machine(plan, Answers::none);
  machine.start();
  machine.event(durable(machine));
  machine.tick_for(2 * second);
  CHECK(machine.state().pending.kind == RaiseKind::complete);
  SECTION("written: it takes effect") {
    machine.event(durable(machine));
    CHECK(machine.state().phase == Phase::completed);
  }
  SECTION("refused: the stage is overdue") {
    machine.event(refused(machine));
    machine.tick();
    CHECK(machine.state().phase == Phase::withdrawn);
  }
}

TEST_CASE("a raise that is refused is asked for again once a second") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}}});
  Machine machine(plan, Answers::none);
  machine.start();
  REQUIRE(machine.state().pending.kind == RaiseKind::start);
  CHECK(machine.share() == 0);
  const uint64_t first = machine.state().pending.id;
  machine.event(refused(machine));
  machine.tick_for(900 * ms);
  CHECK(machine.state().pending.kind == RaiseKind::none);
  machine.tick();
  CHECK(machine.state().pending.kind == RaiseKind::start);
  CHECK(machine.state().pending.id != first);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::stage_entered});
  machine.event({.kind = HostEventKind::raise_durable, .raise_id = first});
  CHECK(machine.share() == 0);  // the answer to the first one is void
  machine.event(durable(machine));
  CHECK(machine.share() == 100'000);
}

TEST_CASE("start is taken once") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}}});
  Machine machine(plan);
  machine.start();
  machine.start();
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered});
}

TEST_CASE("a clock gap does not count for stage and step") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 2 * second}, {200'000, 0, second}}});
  Machine machine(plan);
  machine.start();
  machine.tick_for(second);
  machine.tick(3600 * second);
  CHECK(machine.state().step_clock_ns == second);
  machine.tick_for(900 * ms);
  CHECK(machine.state().step == 0);
  machine.tick();
  CHECK(machine.state().step == 1);
}

TEST_CASE("`at most` stays right when the clock is set back") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 0}}, .at_most_ns = 3 * second,
                   .otherwise = Otherwise::withdraw});
  const TriggerId stop = add_trigger(plan, {.action = TriggerAction::hold});
  Machine machine(plan);
  machine.start();
  machine.set(stop, Verdict::is_true);
  machine.tick_for(second);
  machine.tick(-3600 * second);
  machine.tick_for(1900 * ms);
  CHECK(machine.state().phase == Phase::running);
  machine.tick();
  CHECK(machine.state().phase == Phase::withdrawn);
}
