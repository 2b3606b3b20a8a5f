// `for D` over the closed window [t-D, t], three-valued.
#include <catch2/catch.hpp>

#include "runtime/stage/temporal.h"
#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

constexpr int64_t tick = 100 * ms;

// Feeds the same verdict at `count` ticks and returns the last answer.
Verdict feed(SustainState& state, Verdict verdict, int count, int64_t& now, int64_t duration) {
  Verdict answer = Verdict::is_false;
  for (int i = 0; i < count; ++i) {
    now += tick;
    answer = update_held(state, verdict, duration, now);
  }
  return answer;
}

}  // namespace

TEST_CASE("a sustain is true at the first tick at which every tick of [t-D, t] was true") {
  SustainState state;
  int64_t now = machine_start;
  CHECK(feed(state, Verdict::is_false, 1, now, second) == Verdict::is_false);
  // True from 0.1 s after the false one. Its window holds the false tick up to 1.0 s after it; at
  // 1.1 s the first true tick stands at the closed end of the window.
  CHECK(feed(state, Verdict::is_true, 10, now, second) == Verdict::is_false);
  CHECK(feed(state, Verdict::is_true, 1, now, second) == Verdict::is_true);
}

TEST_CASE("before the stage was watched for long enough a sustain is insufficient, not false") {
  SustainState state;
  int64_t now = machine_start;
  CHECK(feed(state, Verdict::is_true, 10, now, second) == Verdict::insufficient);
  CHECK(feed(state, Verdict::is_true, 1, now, second) == Verdict::is_true);
}

TEST_CASE("one false tick empties a sustain") {
  SustainState state;
  int64_t now = machine_start;
  feed(state, Verdict::is_true, 20, now, second);
  CHECK(feed(state, Verdict::is_false, 1, now, second) == Verdict::is_false);
  CHECK(feed(state, Verdict::is_true, 10, now, second) == Verdict::is_false);
  CHECK(feed(state, Verdict::is_true, 1, now, second) == Verdict::is_true);
}

TEST_CASE("an unknown tick makes the window unknown until it has left it") {
  SustainState state;
  int64_t now = machine_start;
  feed(state, Verdict::is_true, 20, now, second);
  CHECK(feed(state, Verdict::source_error, 1, now, second) == Verdict::source_error);
  CHECK(feed(state, Verdict::is_true, 10, now, second) == Verdict::source_error);
  CHECK(feed(state, Verdict::is_true, 1, now, second) == Verdict::is_true);
}

TEST_CASE("the cause with precedence in the window names an unknown sustain") {
  SustainState state;
  int64_t now = machine_start;
  feed(state, Verdict::is_true, 20, now, second);
  feed(state, Verdict::source_error, 1, now, second);
  feed(state, Verdict::no_data, 1, now, second);
  CHECK(feed(state, Verdict::insufficient, 1, now, second) == Verdict::source_error);
  // 1.1 s after the source error it has left; no_data is one tick younger.
  CHECK(feed(state, Verdict::insufficient, 9, now, second) == Verdict::no_data);
  CHECK(feed(state, Verdict::insufficient, 1, now, second) == Verdict::insufficient);
}

TEST_CASE("a false tick decides a window that is otherwise unknown") {
  SustainState state;
  int64_t now = machine_start;
  feed(state, Verdict::is_false, 1, now, second);
  CHECK(feed(state, Verdict::no_data, 10, now, second) == Verdict::is_false);
  CHECK(feed(state, Verdict::no_data, 1, now, second) == Verdict::no_data);
}

TEST_CASE("a clock gap empties every sustain") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, 100 * second}}});
  const TriggerId slow = add_trigger(plan, {.for_ns = second});
  Machine machine(plan);
  machine.start();
  machine.set(slow, Verdict::is_true);
  machine.tick_for(second);
  CHECK(machine.state().phase == Phase::running);
  SECTION("without a gap the next tick rolls back") {
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
  }
  SECTION("after a gap of more than a second the time is watched anew") {
    machine.tick(second + ms);
    CHECK(machine.state().phase == Phase::running);
    machine.tick_for(900 * ms);
    CHECK(machine.state().phase == Phase::running);
    machine.tick();
    CHECK(machine.state().phase == Phase::rolled_back);
  }
  SECTION("a clock that is set back is a gap") {
    machine.tick(-3600 * second);
    CHECK(machine.state().phase == Phase::running);
    machine.tick_for(second);
    CHECK(machine.state().phase == Phase::rolled_back);
  }
}

TEST_CASE("a sustain starts anew at a stage and goes on over a step") {
  Plan plan;
  add_stage(plan, {.steps = {{100'000, 0, second}, {200'000, 0, second}}});
  add_stage(plan, {.steps = {{500'000, 0, 100 * second}}});
  const TriggerId warned = add_trigger(plan, {.action = TriggerAction::alert, .for_ns = second});
  Machine machine(plan);
  machine.start();
  machine.set(warned, Verdict::is_true);
  machine.tick_for(second);
  REQUIRE(machine.state().step == 1);
  CHECK(machine.state().sustains[0].true_since_ns == machine_start + tick);
  machine.tick_for(second);
  REQUIRE(machine.state().stage == StageId{1});
  CHECK(machine.state().sustains[0].true_since_ns == 0);
}
