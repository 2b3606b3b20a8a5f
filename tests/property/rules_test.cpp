// The rules that never bend, as far as the stage machine keeps them. Each test fails when its rule
// is broken.
#include <catch2/catch.hpp>

#include <random>

#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

const std::vector<Verdict> unknowns = {Verdict::insufficient, Verdict::no_data,
                                       Verdict::source_error};

HostEvent durable(uint64_t id) { return {.kind = HostEventKind::raise_durable, .raise_id = id}; }

// One stage whose promotion is due from the first tick on, beside one trigger of each kind.
struct Due {
  Plan plan;
  TriggerId back, stop, gate;

  Due() {
    const StageId canary = add_stage(plan, {.steps = {{100'000, 0, 0}}});
    add_stage(plan, {.steps = {{500'000, 0, 100 * second}}});
    back = add_trigger(plan, {.action = TriggerAction::rollback});
    stop = add_trigger(plan, {.action = TriggerAction::hold});
    gate = add_trigger(plan, {.action = TriggerAction::promote, .stage = canary});
  }
};

}  // namespace

TEST_CASE("rule 1: rollback beats hold, hold beats promote") {
  Due due;
  Machine machine(due.plan);
  machine.start();
  machine.set(due.gate, Verdict::is_true);
  SECTION("promotion alone") {
    machine.tick();
    CHECK(machine.share() == 500'000);
  }
  SECTION("hold and promotion") {
    machine.set(due.stop, Verdict::is_true);
    machine.tick();
    CHECK(machine.share() == 100'000);
    CHECK(machine.state().holding == 1);
  }
  SECTION("rollback, hold and promotion") {
    machine.set(due.stop, Verdict::is_true);
    machine.set(due.back, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
    CHECK(machine.share() == 0);
  }
  SECTION("a hold that has lasted, or an unknown trigger, does not delay a rollback") {
    machine.set(due.stop, Verdict::source_error);
    machine.tick_for(60 * second);
    machine.set(due.back, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
  }
}

TEST_CASE("rule 1: a soak, a step's time and `at most` do not delay a rollback") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 50 * second}, {200'000, 0, 50 * second}},
                   .soak_ns = 1000 * second, .at_least_ns = 1000 * second,
                   .at_most_ns = 2000 * second, .otherwise = Otherwise::hold});
  const TriggerId back = add_trigger(plan, {});
  // A gate that stays shut keeps the stage open beyond `at most`.
  add_trigger(plan, {.action = TriggerAction::promote, .stage = StageId{0}});
  Machine machine(plan);
  machine.start();
  machine.tick_for(GENERATE(as<int64_t>{}, second, 60 * second, 2100 * second));
  machine.set(back, Verdict::is_true);
  machine.tick();
  CHECK(machine.state().phase == Phase::rolled_back);
}

TEST_CASE("rule 1: a hold that comes while a raise is being written takes the raise back") {
  Due due;
  Machine machine(due.plan, Answers::none);
  machine.start();
  machine.event(durable(machine.state().pending.id));
  machine.set(due.gate, Verdict::is_true);
  machine.tick();
  const uint64_t asked = machine.state().pending.id;
  REQUIRE(machine.state().pending.kind == RaiseKind::stage);
  machine.set(due.stop, Verdict::is_true);
  machine.tick();
  machine.event(durable(asked));
  CHECK(machine.share() == 100'000);
  machine.set(due.stop, Verdict::is_false);
  machine.tick();
  CHECK(machine.state().pending.kind == RaiseKind::stage);
  CHECK(machine.state().pending.id != asked);
}

TEST_CASE("rule 2: unknown is neither false nor true, for any trigger") {
  Due due;
  const Verdict unknown = GENERATE(from_range(unknowns));
  Machine machine(due.plan);
  machine.start();
  machine.set(due.gate, Verdict::is_true);
  SECTION("an unknown rollback trigger does not roll back, and is not passed over as false") {
    machine.set(due.back, unknown);
    machine.tick_for(second);
    CHECK(machine.state().phase == Phase::running);
    CHECK(machine.share() == 100'000);
    CHECK(machine.log.back().kind == DecisionKind::held);
    CHECK(machine.log.back().cause == cause_of(unknown));
  }
  SECTION("an unknown hold trigger is not passed over as false") {
    machine.set(due.stop, unknown);
    machine.tick_for(second);
    CHECK(machine.share() == 100'000);
    CHECK(machine.log.back().cause == cause_of(unknown));
  }
  SECTION("an unknown promotion gate does not pass") {
    machine.set(due.gate, unknown);
    machine.tick_for(second);
    CHECK(machine.share() == 100'000);
  }
}

TEST_CASE("rule 2: the three causes are three verdicts, each with its own consequence") {
  for (size_t cause = 0; cause < 3; ++cause) {
    Due due;
    for (UnknownRule& rule : due.plan.unknown) rule.action = UnknownAction::hold;
    due.plan.unknown[cause].action = UnknownAction::rollback;
    for (size_t other = 0; other < 3; ++other) {
      Machine machine(due.plan);
      machine.start();
      machine.set(due.back, unknowns[other]);
      machine.tick();
      CHECK((machine.state().phase == Phase::rolled_back) == (cause == other));
    }
  }
}

TEST_CASE("rule 3: what is also true of the baseline holds and alerts instead of rolling back") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 10 * second}}});
  const bool even_if_baseline = GENERATE(false, true);
  const TriggerId slow =
      add_trigger(plan, {.reads_baseline = true, .even_if_baseline = even_if_baseline});
  const TriggerId failing = add_trigger(plan, {});
  Machine machine(plan);
  machine.start();
  machine.set(slow, Verdict::is_true);
  machine.set_baseline(slow, Verdict::is_true);
  machine.tick_for(second);
  if (even_if_baseline) {
    CHECK(machine.state().phase == Phase::rolled_back);
    return;
  }
  CHECK(machine.state().phase == Phase::running);
  CHECK(machine.kinds() == std::vector<DecisionKind>{DecisionKind::stage_entered,
                                                     DecisionKind::held,
                                                     DecisionKind::shared_degradation});
  CHECK(machine.state().stage_clock_ns == 0);
  SECTION("the baseline recovers, the candidate does not: roll back") {
    machine.set_baseline(slow, GENERATE(Verdict::is_false, Verdict::no_data));
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
  }
  SECTION("another trigger that is the candidate's alone rolls back") {
    machine.set(failing, Verdict::is_true);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
    CHECK(machine.log.back().trigger == failing);
  }
  SECTION("both recover: the release goes on") {
    machine.set(slow, Verdict::is_false);
    machine.tick();
    CHECK(machine.log.back().kind == DecisionKind::resumed);
  }
}

TEST_CASE("rule 4: nothing rises before its record is durable; a rollback does not wait for one") {
  Due due;
  Machine machine(due.plan, Answers::none);
  machine.start();
  machine.tick_for(second);
  CHECK(machine.share() == 0);
  CHECK(machine.state().phase == Phase::idle);
  machine.event(durable(machine.state().pending.id));
  CHECK(machine.share() == 100'000);

  machine.set(due.gate, Verdict::is_true);
  machine.tick_for(second);
  const uint64_t asked = machine.state().pending.id;
  CHECK(machine.share() == 100'000);
  SECTION("an answer to another raise changes nothing") {
    machine.event(durable(asked + 1));
    machine.event(durable(asked - 1));
    CHECK(machine.share() == 100'000);
  }
  SECTION("a rollback takes effect at once, and the late answer is ignored") {
    machine.set(due.back, Verdict::is_true);
    machine.tick();
    CHECK(machine.share() == 0);
    CHECK(machine.state().epoch == 1);
    CHECK(machine.log.back().durable_first == 0);
    machine.event(durable(asked));
    CHECK(machine.share() == 0);
  }
}

TEST_CASE("rule 6: the share rises only by a durable raise, to what stage and step allow") {
  std::mt19937_64 random(GENERATE(range(1, 41)));
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 300 * ms}, {250'000, 0, 300 * ms}}});
  add_stage(plan, {.steps = {{500'000, 0, 300 * ms}}, .holdback = 600'000});
  add_stage(plan, {.steps = {{1'000'000, 0, 0}}, .soak_ns = second, .holdback = 10'000});
  const uint32_t allowed[3][2] = {{100'000, 250'000}, {400'000, 0}, {990'000, 0}};
  const TriggerId stop = add_trigger(plan, {.action = TriggerAction::hold});
  const TriggerId back = add_trigger(plan, {.for_ns = 400 * ms});
  Machine machine(plan, Answers::none);
  machine.start();
  const auto check_allowed = [&] {
    const EngineState& state = machine.state();
    const bool out = state.phase == Phase::running || state.phase == Phase::completed;
    CHECK(machine.share() == (out ? allowed[state.stage.value][state.step] : 0));
  };
  for (int i = 0; i < 300; ++i) {
    const uint32_t before = machine.share();
    machine.set(stop, random() % 4 == 0 ? Verdict::is_true : Verdict::is_false);
    machine.set(back, random() % 3 == 0 ? Verdict::is_true : Verdict::is_false);
    machine.tick();
    CHECK(machine.share() <= before);
    check_allowed();
    if (random() % 3 == 0) machine.event(durable(machine.state().pending.id));
    check_allowed();
  }
}
