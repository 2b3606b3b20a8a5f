// What triggers do when they are true and when they are unknown.
#include <catch2/catch.hpp>

#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

using Kinds = std::vector<DecisionKind>;

// One stage of a single step that lasts ten seconds.
Plan one_stage() {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 10 * second}}});
  return plan;
}

constexpr UnknownRule hold_long_then(UnknownAction then) {
  return {.action = UnknownAction::hold, .then = then, .up_to_ns = 2 * second};
}

}  // namespace

TEST_CASE("a hold stops the clock, never resets it, and keeps the share") {
  Plan plan = one_stage();
  const TriggerId stop = add_trigger(plan, {.action = TriggerAction::hold});
  Machine machine(plan);
  machine.start();
  machine.tick_for(5 * second);
  machine.set(stop, Verdict::is_true);
  machine.tick_for(60 * second);
  CHECK(machine.state().stage_clock_ns == 5 * second);
  CHECK(machine.share() == 100'000);
  machine.set(stop, Verdict::is_false);
  machine.tick_for(4900 * ms);
  CHECK(machine.state().phase == Phase::running);
  machine.tick();
  CHECK(machine.state().phase == Phase::completed);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::held,
                                 DecisionKind::resumed, DecisionKind::completed});
  CHECK(machine.log[1].trigger == stop);
  CHECK(machine.log[2].since_ns == machine.log[1].time_ns);
}

TEST_CASE("an alert is given once a run of being true") {
  Plan plan = one_stage();
  const TriggerId warn = add_trigger(plan, {.action = TriggerAction::alert});
  Machine machine(plan);
  machine.start();
  machine.set(warn, Verdict::is_true);
  machine.tick_for(second);
  machine.set(warn, Verdict::no_data);  // a gap in what is known does not end the run
  machine.tick();
  machine.set(warn, Verdict::is_true);
  machine.tick();
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::alerted});
  machine.set(warn, Verdict::is_false);
  machine.tick();
  machine.set(warn, Verdict::is_true);
  machine.tick();
  CHECK(machine.log.size() == 3);
  CHECK(machine.state().stage_clock_ns == machine.now() - machine_start);  // nothing was held
}

TEST_CASE("each unknown cause follows its own rule") {
  Plan plan = one_stage();
  plan.unknown[0] = {.action = UnknownAction::hold};
  plan.unknown[1] = {.action = UnknownAction::alert};
  plan.unknown[2] = {.action = UnknownAction::rollback};
  const TriggerAction action = GENERATE(TriggerAction::rollback, TriggerAction::hold);
  const TriggerId guard = add_trigger(plan, {.action = action});
  Machine machine(plan);
  machine.start();
  SECTION("hold") {
    machine.set(guard, Verdict::insufficient);
    machine.tick_for(second);
    CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::held});
    CHECK(machine.log.back().cause == cause_insufficient);
    CHECK(machine.state().stage_clock_ns == 0);
  }
  SECTION("alert") {
    machine.set(guard, Verdict::no_data);
    machine.tick_for(second);
    CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::alerted});
    CHECK(machine.state().stage_clock_ns == second);
  }
  SECTION("rollback") {
    machine.set(guard, Verdict::source_error);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
    CHECK(machine.log.back().reason == Reason::trigger_unknown);
    CHECK(machine.log.back().cause == cause_source_error);
  }
}

TEST_CASE("hold up to D then alert: one alert, and the hold goes on") {
  Plan plan = one_stage();
  plan.unknown[2] = hold_long_then(UnknownAction::alert);
  const TriggerId guard = add_trigger(plan, {});
  Machine machine(plan);
  machine.start();
  machine.set(guard, Verdict::source_error);
  machine.tick();  // unknown since now
  machine.tick_for(1900 * ms);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::held});
  machine.tick_for(5 * second);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered, DecisionKind::held,
                                 DecisionKind::alerted});
  CHECK(machine.log.back().time_ns == machine_start + 2100 * ms);
  CHECK(machine.log.back().reason == Reason::trigger_unknown_long);
  CHECK(machine.state().stage_clock_ns == 0);
}

TEST_CASE("hold up to D then rollback: D of one cause without a break") {
  Plan plan = one_stage();
  plan.unknown[2] = hold_long_then(UnknownAction::rollback);
  const TriggerId guard = add_trigger(plan, {});
  Machine machine(plan);
  machine.start();
  machine.set(guard, Verdict::source_error);
  machine.tick_for(2 * second);
  machine.set(guard, Verdict::no_data);  // another cause, with a rule of its own: plain hold
  machine.tick();
  machine.set(guard, Verdict::source_error);
  machine.tick_for(2 * second);
  CHECK(machine.state().phase == Phase::running);
  machine.tick();
  CHECK(machine.state().phase == Phase::rolled_back);
  CHECK(machine.log.back().reason == Reason::trigger_unknown_long);
}

TEST_CASE("an unknown gate does not hold; it does not pass either") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}}});
  const TriggerId gate =
      add_trigger(plan, {.action = TriggerAction::promote, .stage = StageId{0}});
  const TriggerId warn = add_trigger(plan, {.action = TriggerAction::alert});
  Machine machine(plan);
  machine.start();
  machine.set(gate, Verdict::source_error);
  machine.set(warn, Verdict::source_error);
  machine.tick_for(5 * second);
  CHECK(machine.kinds() == Kinds{DecisionKind::stage_entered});
  CHECK(machine.state().stage_clock_ns == 5 * second);
}

TEST_CASE("a trigger with `after` is ignored for that time from the start of its stage") {
  Plan plan = one_stage();
  plan.unknown[2] = {.action = UnknownAction::rollback};
  const TriggerId guard = add_trigger(plan, {.after_ns = 2 * second});
  const Verdict verdict = GENERATE(Verdict::is_true, Verdict::source_error);
  Machine machine(plan);
  machine.start();
  machine.set(guard, verdict);
  machine.tick_for(1900 * ms);
  CHECK(machine.state().phase == Phase::running);
  CHECK(machine.state().holding == 0);
  machine.tick();
  CHECK(machine.state().phase == Phase::rolled_back);
}

TEST_CASE("a trigger of one stage does not act in another") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}}});
  const StageId second_stage = add_stage(plan, {.steps = {{500'000, 0, 10 * second}}});
  const TriggerId guard = add_trigger(plan, {.stage = second_stage});
  Machine machine(plan);
  machine.start();
  machine.set(guard, Verdict::is_true);
  machine.tick_for(second);
  REQUIRE(machine.state().stage == second_stage);
  machine.tick();
  CHECK(machine.state().phase == Phase::rolled_back);
}

TEST_CASE("a rollback condition that waits for its `for` stops increases, not the clock") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}, {200'000, 0, 10 * second}}});
  const TriggerId slow = add_trigger(plan, {.for_ns = 5 * second});
  Machine machine(plan);
  machine.start();
  machine.tick_for(900 * ms);
  machine.set(slow, Verdict::is_true);
  machine.tick_for(2 * second);
  CHECK(machine.state().step == 0);
  CHECK(machine.state().step_clock_ns == 2900 * ms);
  CHECK(machine.state().holding == 0);
  machine.set(slow, Verdict::is_false);
  machine.tick();
  CHECK(machine.state().step == 1);
}

TEST_CASE("the first true rollback trigger is named, with its numbers and since when") {
  Plan plan = one_stage();
  add_trigger(plan, {});
  const TriggerId slow = add_trigger(plan, {.for_ns = second});
  Machine machine(plan);
  machine.start();
  machine.tick();
  machine.set(slow, Verdict::is_true);
  machine.tick_for(2 * second);
  REQUIRE(machine.state().phase == Phase::rolled_back);
  const Decision& decision = machine.log.back();
  CHECK(decision.trigger == slow);
  CHECK(decision.since_ns == machine_start + 200 * ms);
  CHECK(decision.time_ns == machine_start + 1200 * ms);
  REQUIRE(decision.evidence_count == 1);
  CHECK(decision.evidence[0].aggregate == AggregateId{2});  // the second trigger's own number
  CHECK(decision.evidence[0].value == 1);
  CHECK(decision.evidence[0].samples == 1000);
}

TEST_CASE("more alerts than fit in a tick are given at the next ones") {
  Plan plan = one_stage();
  std::vector<TriggerId> warn;
  for (int i = 0; i < 100; ++i) warn.push_back(add_trigger(plan, {.action = TriggerAction::alert}));
  Machine machine(plan);
  machine.start();
  for (const TriggerId id : warn) machine.set(id, Verdict::is_true);
  machine.tick_for(second);
  CHECK(machine.log.size() == 101);
}
