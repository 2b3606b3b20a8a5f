// Rules 1 and 9 for what people order: it stops increases and never a rollback, a trigger is
// stopped by name until a time, and nothing that decides by itself raises exposure past it.
#include <catch2/catch.hpp>

#include <random>

#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

// Two stages, 10 % then 50 %, whose ends are due at once; a rollback and a hold of the release.
struct Hands {
  Plan plan;
  TriggerId back, stop;

  Hands() {
    add_stage(plan, {.steps = {{100'000, 0, 300 * ms}, {200'000, 0, 300 * ms}}});
    add_stage(plan, {.steps = {{500'000, 0, 300 * ms}}});
    add_stage(plan, {.steps = {{1'000'000, 0, 300 * ms}}});
    back = add_trigger(plan, {.action = TriggerAction::rollback});
    stop = add_trigger(plan, {.action = TriggerAction::hold});
  }
};

class Orders {
 public:
  explicit Orders(Machine& machine) : machine_(machine) {}
  HandRefusal give(HandKind kind, StageId stage = {}, TriggerId trigger = {},
                   int64_t until_ns = 0) {
    HandCommand command{.sequence = ++sequence_, .kind = kind, .stage = stage,
                        .trigger = trigger, .epoch = machine_.state().epoch,
                        .until_ns = until_ns};
    machine_.event({.kind = HostEventKind::hand, .hand = command});
    return machine_.state().hands_taken[static_cast<size_t>(lane_of(kind))].refusal;
  }
  uint64_t last() const { return sequence_; }

 private:
  Machine& machine_;
  uint64_t sequence_ = 0;
};

HostEvent durable(uint64_t id) { return {.kind = HostEventKind::raise_durable, .raise_id = id}; }

}  // namespace

TEST_CASE("rule 9: a paused release is not raised, not even by what was being written") {
  Hands hands;
  Machine machine(hands.plan, Answers::none);
  machine.start();
  machine.event(durable(machine.state().pending.id));
  Orders orders(machine);
  machine.tick_for(400 * ms);
  const uint64_t asked = machine.state().pending.id;
  REQUIRE(machine.state().pending.kind == RaiseKind::step);
  CHECK(orders.give(HandKind::pause) == HandRefusal::none);
  machine.event(durable(asked));
  CHECK(machine.share() == 100'000);
  machine.tick_for(60 * second);
  CHECK(machine.state().pending.kind == RaiseKind::none);
  CHECK(machine.share() == 100'000);
  CHECK(orders.give(HandKind::pause) == HandRefusal::already_paused);
  CHECK(orders.give(HandKind::promote) == HandRefusal::paused);
  SECTION("resume: it goes on from where it is") {
    CHECK(orders.give(HandKind::resume) == HandRefusal::none);
    machine.tick();
    CHECK(machine.state().pending.kind == RaiseKind::step);
    CHECK(orders.give(HandKind::resume) == HandRefusal::not_paused);
  }
  SECTION("rule 1: a pause does not delay a rollback") {
    machine.set(hands.back, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
  }
}

TEST_CASE("a pause before the start keeps the release at the baseline") {
  Hands hands;
  Machine machine(hands.plan);
  Orders orders(machine);
  CHECK(orders.give(HandKind::pause) == HandRefusal::none);
  machine.start();
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::idle);
  CHECK(orders.give(HandKind::resume) == HandRefusal::none);
  machine.tick();
  CHECK(machine.share() == 100'000);
}

TEST_CASE("promote goes one step, one stage, or into the stage that was named") {
  Hands hands;
  hands.plan.steps[0].duration_ns = hands.plan.steps[1].duration_ns = 3600 * second;
  Machine machine(hands.plan);
  machine.start();
  Orders orders(machine);
  SECTION("one step, then one stage") {
    CHECK(orders.give(HandKind::promote) == HandRefusal::none);
    machine.tick();
    CHECK(machine.share() == 200'000);
    CHECK(machine.state().wish.state == WishState::granted);
    CHECK(machine.log.back().kind == DecisionKind::step_advanced);
    CHECK(machine.log.back().hand == orders.last());
    CHECK(machine.log.back().durable_first == 1);
    orders.give(HandKind::promote);
    machine.tick();
    CHECK(machine.share() == 500'000);
    machine.tick();
    CHECK(machine.share() == 500'000);
  }
  SECTION("into a stage, which starts at its first step") {
    CHECK(orders.give(HandKind::promote, StageId{2}) == HandRefusal::none);
    machine.tick();
    CHECK(machine.share() == 1'000'000);
    CHECK(machine.state().stage == StageId{2});
  }
  SECTION("never into a stage that is not ahead") {
    CHECK(orders.give(HandKind::promote, StageId{0}) == HandRefusal::not_ahead);
    CHECK(orders.give(HandKind::promote, StageId{3}) == HandRefusal::not_ahead);
    machine.tick();
    CHECK(machine.share() == 100'000);
  }
  SECTION("hold beats promote, and the order does not wait for the hold's end") {
    machine.set(hands.stop, Verdict::is_true);
    orders.give(HandKind::promote);
    machine.tick();
    CHECK(machine.state().wish.state == WishState::void_);
    CHECK(machine.state().wish.refusal == HandRefusal::held);
    machine.set(hands.stop, Verdict::is_false);
    machine.tick_for(second);
    CHECK(machine.share() == 100'000);
  }
  SECTION("rollback beats promote") {
    machine.set(hands.back, Verdict::is_true);
    orders.give(HandKind::promote);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
    CHECK(machine.share() == 0);
  }
}

TEST_CASE("promote is on disk before it takes effect, and a hold takes it back until then") {
  Hands hands;
  hands.plan.steps[0].duration_ns = 3600 * second;
  Machine machine(hands.plan, Answers::none);
  machine.start();
  machine.event(durable(machine.state().pending.id));
  Orders orders(machine);
  orders.give(HandKind::promote);
  machine.tick();
  const uint64_t asked = machine.state().pending.id;
  REQUIRE(machine.state().pending.kind == RaiseKind::step);
  CHECK(machine.share() == 100'000);
  SECTION("refused by the disk: asked again") {
    machine.event({.kind = HostEventKind::raise_refused, .raise_id = asked});
    machine.tick_for(1100 * ms);
    CHECK(machine.state().pending.kind == RaiseKind::step);
    CHECK(machine.state().pending.id != asked);
    machine.event(durable(machine.state().pending.id));
    CHECK(machine.share() == 200'000);
  }
  SECTION("a hold comes first") {
    machine.set(hands.stop, Verdict::is_true);
    machine.tick();
    machine.event(durable(asked));
    CHECK(machine.share() == 100'000);
    CHECK(machine.state().wish.state == WishState::void_);
  }
}

TEST_CASE("override stops one trigger, by name, until its end and not longer") {
  Hands hands;
  hands.plan.steps[0].duration_ns = 3600 * second;
  Machine machine(hands.plan);
  machine.start();
  Orders orders(machine);
  const TriggerId other = hands.stop;
  const int64_t end = machine.now() + second;
  CHECK(orders.give(HandKind::overrule, {}, TriggerId{9}, end) == HandRefusal::no_such_trigger);
  CHECK(orders.give(HandKind::overrule, {}, hands.back, machine.now()) ==
        HandRefusal::end_out_of_range);
  CHECK(orders.give(HandKind::overrule, {}, hands.back, machine.now() + 31 * 24 * 3600 * second) ==
        HandRefusal::end_out_of_range);
  CHECK(orders.give(HandKind::overrule, {}, hands.back, end) == HandRefusal::none);
  machine.set(hands.back, GENERATE(Verdict::is_true, Verdict::source_error));
  machine.tick_for(800 * ms);
  CHECK(machine.state().phase == Phase::running);
  CHECK(machine.state().holding == 0);
  SECTION("its end comes: it acts at that tick") {
    machine.tick();
    CHECK(machine.state().phase == Phase::running);
    CHECK(machine.state().holding == 0);
    machine.tick();
    const bool stopped = machine.state().phase == Phase::rolled_back || machine.state().holding;
    CHECK(stopped);
  }
  SECTION("another trigger acts all the while") {
    machine.set(other, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().holding == 1);
    CHECK(machine.state().held_by == other);
  }
}

TEST_CASE("a promotion gate cannot be overridden") {
  Plan plan;
  const StageId canary = add_stage(plan, {.steps = {{100'000, 0, 0}}});
  const TriggerId gate = add_trigger(plan, {.action = TriggerAction::promote, .stage = canary});
  Machine machine(plan);
  machine.start();
  Orders orders(machine);
  CHECK(orders.give(HandKind::overrule, {}, gate, machine.now() + second) ==
        HandRefusal::no_such_trigger);
}

TEST_CASE("the way back by hand is at once, from every phase that has one") {
  Hands hands;
  Machine machine(hands.plan);
  Orders orders(machine);
  SECTION("before the start there is nothing to take back, but it can be called off") {
    CHECK(orders.give(HandKind::rollback) == HandRefusal::not_running);
    CHECK(orders.give(HandKind::withdraw) == HandRefusal::not_running);
    CHECK(orders.give(HandKind::abort) == HandRefusal::none);
    machine.start();
    machine.tick_for(second);
    CHECK(machine.state().phase == Phase::withdrawn);
    CHECK(machine.share() == 0);
  }
  SECTION("while it runs, also while it is held and paused") {
    machine.start();
    machine.set(hands.stop, Verdict::is_true);
    machine.tick();
    orders.give(HandKind::pause);
    const uint64_t epoch = machine.state().epoch;
    CHECK(orders.give(HandKind::rollback) == HandRefusal::none);
    CHECK(machine.share() == 0);
    CHECK(machine.state().epoch == epoch + 1);
    CHECK(machine.log.back().kind == DecisionKind::rolled_back);
    CHECK(machine.log.back().durable_first == 0);
    CHECK(orders.give(HandKind::withdraw) == HandRefusal::not_running);
  }
  SECTION("after its end the candidate can still be taken back") {
    machine.start();
    machine.tick_for(3 * second);
    REQUIRE(machine.state().phase == Phase::completed);
    const HandKind kind = GENERATE(HandKind::rollback, HandKind::withdraw);
    CHECK(orders.give(kind) == HandRefusal::none);
    CHECK(machine.share() == 0);
  }
}

TEST_CASE("an order is taken once, and not in an epoch its giver did not know") {
  Hands hands;
  Machine machine(hands.plan);
  machine.start();
  HandCommand command{.sequence = 5, .kind = HandKind::pause};
  machine.event({.kind = HostEventKind::hand, .hand = command});
  machine.event({.kind = HostEventKind::hand, .hand = command});
  const auto kinds = machine.kinds();
  CHECK(std::count(kinds.begin(), kinds.end(), DecisionKind::paused) == 1);
  command = {.sequence = 6, .kind = HandKind::resume, .epoch = 1};
  machine.event({.kind = HostEventKind::hand, .hand = command});
  CHECK(machine.state().hands_taken[0].refusal == HandRefusal::epoch_passed);
  CHECK(machine.state().paused == 1);
}

TEST_CASE("random orders: the share rises only unpaused, and falls to the baseline at any time") {
  std::mt19937_64 random(GENERATE(range(1, 41)));
  Hands hands;
  Machine machine(hands.plan);
  machine.start();
  Orders orders(machine);
  const HandKind kinds[] = {HandKind::pause, HandKind::resume, HandKind::promote,
                            HandKind::overrule};
  for (int i = 0; i < 400; ++i) {
    const bool paused = machine.state().paused != 0;
    const uint32_t before = machine.share();
    const Phase phase = machine.state().phase;
    machine.set(hands.stop, random() % 3 == 0 ? Verdict::is_true : Verdict::is_false);
    machine.tick();
    if (paused) CHECK(machine.share() <= before);
    if (random() % 5 == 0) {
      orders.give(kinds[random() % 4], {}, hands.stop, machine.now() + 500 * ms);
      CHECK(machine.share() <= std::max(before, machine.share()));
    }
    if (random() % 200 == 0) {
      machine.set(hands.back, Verdict::is_true);
      machine.tick();
      const bool ended = phase == Phase::completed || machine.state().phase != Phase::running;
      CHECK(ended);
      return;
    }
  }
}
