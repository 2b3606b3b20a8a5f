// Gates: nothing is raised while a point it needs is missing, by nobody; a rollback needs none.
#include <catch2/catch.hpp>

#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

// Gate 0 is of the checklist, gate 1 the review of the first of two stages.
struct Gated {
  Plan plan;
  TriggerId back;

  Gated() {
    add_stage(plan, {.steps = {{100'000, 0, 300 * ms}, {200'000, 0, 300 * ms}}});
    add_stage(plan, {.steps = {{500'000, 0, 300 * ms}}});
    back = add_trigger(plan, {.action = TriggerAction::rollback});
    plan.gates.push_back({.kind = GateKind::approval, .at = GateAt::every_raise, .count = 1});
    plan.gates.push_back(
        {.kind = GateKind::review, .at = GateAt::leaving, .stage = StageId{0}, .count = 1});
  }
};

HostEvent gates(uint64_t passed) { return {.kind = HostEventKind::gates, .gates = passed}; }
HostEvent durable(uint64_t id) { return {.kind = HostEventKind::raise_durable, .raise_id = id}; }

}  // namespace

TEST_CASE("a release does not start while a point of its checklist is missing") {
  Gated gated;
  Machine machine(gated.plan);
  machine.start();
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::idle);
  machine.event(gates(2));  // a review is no approval
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::idle);
  machine.event(gates(1));
  machine.tick();
  CHECK(machine.share() == 100'000);
}

TEST_CASE("the checklist stands before every step, a review before its stage's end") {
  Gated gated;
  Machine machine(gated.plan);
  machine.event(gates(1));
  machine.start();
  REQUIRE(machine.share() == 100'000);
  SECTION("a point that is not met any more stops the next step") {
    machine.event(gates(0));
    machine.tick_for(5 * second);
    CHECK(machine.share() == 100'000);
    machine.event(gates(1));
    machine.tick();
    CHECK(machine.share() == 200'000);
  }
  SECTION("steps need no review; leaving does") {
    machine.tick_for(5 * second);
    CHECK(machine.share() == 200'000);
    machine.event(gates(3));
    machine.tick();
    CHECK(machine.share() == 500'000);
  }
  SECTION("rule 1: what is missing delays no rollback") {
    machine.event(gates(0));
    machine.set(gated.back, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
  }
}

TEST_CASE("a promotion by hand passes no gate") {
  Gated gated;
  gated.plan.steps[1].duration_ns = 3600 * second;
  Machine machine(gated.plan);
  machine.event(gates(1));
  machine.start();
  machine.tick_for(400 * ms);
  REQUIRE(machine.share() == 200'000);
  machine.event({.kind = HostEventKind::hand, .hand = {.sequence = 1, .kind = HandKind::promote}});
  machine.tick();
  CHECK(machine.share() == 200'000);
  CHECK(machine.state().wish.refusal == HandRefusal::gate_closed);
}

TEST_CASE("a raise that is being written is taken back when its gate closes") {
  Gated gated;
  Machine machine(gated.plan, Answers::none);
  machine.event(gates(1));
  machine.start();
  machine.event(durable(machine.state().pending.id));
  machine.tick_for(400 * ms);
  const uint64_t asked = machine.state().pending.id;
  REQUIRE(machine.state().pending.kind == RaiseKind::step);
  machine.event(gates(0));
  machine.event(durable(asked));
  CHECK(machine.share() == 100'000);
}

namespace {

// Gate 0 stands before the second stage, gate 1 after the first one; a third stage follows.
struct Hooked {
  Plan plan;
  TriggerId back;

  Hooked() {
    add_stage(plan, {.steps = {{100'000, 0, 300 * ms}}});
    add_stage(plan, {.steps = {{200'000, 0, 300 * ms}, {300'000, 0, 300 * ms}}});
    add_stage(plan, {.steps = {{500'000, 0, 300 * ms}}});
    back = add_trigger(plan, {.action = TriggerAction::rollback});
    plan.gates.push_back(
        {.kind = GateKind::hook, .at = GateAt::entering, .stage = StageId{1}});
    plan.gates.push_back({.kind = GateKind::hook, .at = GateAt::left, .stage = StageId{0}});
    plan.hooks = {{.gate = GateId{0}}, {.gate = GateId{1}}};
  }
};

}  // namespace

TEST_CASE("what is done before a stage stands before its entry only, and is told to be awaited") {
  Hooked hooked;
  Machine machine(hooked.plan);
  machine.start();
  REQUIRE(machine.share() == 100'000);
  CHECK(machine.state().awaited == RaiseKind::none);
  machine.tick_for(5 * second);
  CHECK(machine.share() == 100'000);
  CHECK(machine.state().awaited == RaiseKind::stage);
  CHECK(machine.state().awaited_stage == StageId{1});
  SECTION("rule 1: it delays no rollback") {
    machine.set(hooked.back, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
    CHECK(machine.state().awaited == RaiseKind::none);
  }
  SECTION("a pause awaits nothing") {
    machine.event(
        {.kind = HostEventKind::hand, .hand = {.sequence = 1, .kind = HandKind::pause}});
    machine.tick();
    CHECK(machine.state().awaited == RaiseKind::none);
  }
  SECTION("with it done the stage begins, and what comes after the one before stands next") {
    machine.event(gates(1));
    machine.tick();
    CHECK(machine.share() == 200'000);
    machine.tick_for(5 * second);
    CHECK(machine.share() == 200'000);
    CHECK(machine.state().awaited == RaiseKind::step);
    machine.event(gates(3));
    machine.tick();
    CHECK(machine.share() == 300'000);
  }
}

TEST_CASE("a stage that was passed over has nothing done before or after it") {
  Hooked hooked;
  hooked.plan.gates[1].stage = StageId{1};
  Machine machine(hooked.plan);
  machine.start();
  machine.event({.kind = HostEventKind::hand,
                 .hand = {.sequence = 1, .kind = HandKind::promote, .stage = StageId{2}}});
  machine.tick();
  CHECK(machine.share() == 500'000);
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::completed);
}

TEST_CASE("a promotion by hand waits for hooks, which are carried out for it") {
  Hooked hooked;
  hooked.plan.steps[0].duration_ns = 3600 * second;
  Machine machine(hooked.plan);
  machine.start();
  machine.event({.kind = HostEventKind::hand, .hand = {.sequence = 1, .kind = HandKind::promote}});
  machine.tick();
  CHECK(machine.share() == 100'000);
  CHECK(machine.state().wish.state == WishState::open);
  CHECK(machine.state().awaited_stage == StageId{1});
  machine.event(gates(1));
  machine.tick();
  CHECK(machine.share() == 200'000);
  CHECK(machine.state().wish.state == WishState::granted);
}
