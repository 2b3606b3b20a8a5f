// From the stages of a policy to rows of a plan: ramps, weights, switches, calendars, names.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "runtime/stage/calendar.h"

namespace {

using namespace rel;

constexpr int64_t second = 1'000'000'000;

Plan plan_of(std::string_view statements) {
  const std::string text = fmt::format(R"(
model scorer {{ baseline = mlflow("scorer/1"); candidate = mlflow("scorer/2") }}
metric latency : duration per request, lower is better
metric failed  : flag per request, lower is better
release canary of scorer {{
  unknown {{ source_error: hold; no_data: hold; insufficient: hold }}
  {}
}}
)", statements);
  Sources sources;
  Diagnostics diagnostics;
  const Compiled compiled =
      compile(sources, sources.add("test.release", text), CompileOptions{}, diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(!diagnostics.has_errors());
  REQUIRE(compiled.plans.size() == 1);
  REQUIRE(verify_plan(compiled.plans.front()));
  return compiled.plans.front();
}

std::vector<uint32_t> shares_of(const Plan& plan, size_t stage) {
  std::vector<uint32_t> shares;
  const Rows<StepId> steps = plan.stages[stage].steps;
  for (uint32_t at = steps.first; at < steps.end(); ++at) {
    shares.push_back(plan.steps[at].share_millionths);
  }
  return shares;
}

std::vector<std::string> trigger_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const Trigger& trigger : plan.triggers) names.emplace_back(plan.text(trigger.name));
  return names;
}

using Shares = std::vector<uint32_t>;

}  // namespace

TEST_CASE("a ramp is its steps, the last of them where it leads to", "[sema]") {
  const Plan plan = plan_of(
      "stage ramp: linear 2% to 10% by 4% every 1m\n"
      "stage odd: linear 12% to 20% by 5% every 90s\n"
      "stage live: 100%");
  CHECK(shares_of(plan, 0) == Shares{20'000, 60'000, 100'000});
  CHECK(shares_of(plan, 1) == Shares{120'000, 170'000, 200'000});
  for (const uint32_t step : {0, 1, 2}) CHECK(plan.steps[step].duration_ns == 60 * second);
  CHECK(plan.steps[5].duration_ns == 90 * second);
  CHECK(plan.stages[0].kind == StageKind::steps);
}

TEST_CASE("weights are a share, rounded down to the millionth", "[sema]") {
  const Plan plan = plan_of(
      "stage tenth: weights 9:1 { soak 1m }\n"
      "stage third: weights 2:1 { soak 1m }\n"
      "stage live: 100%");
  CHECK(shares_of(plan, 0) == Shares{100'000});
  CHECK(shares_of(plan, 1) == Shares{333'333});
}

TEST_CASE("a switch is two steps: copies for its soak, then everybody but the holdback", "[sema]") {
  const Plan plan = plan_of(
      "stage switch: blue_green mirror 10% holdback 1% {\n"
      "  soak 5m; smoke when samples(candidate) >= 100\n"
      "  at most 1h; otherwise hold\n"
      "  watch 2h; keep baseline warm 1d\n"
      "}");
  const Stage& stage = plan.stages[0];
  CHECK(stage.kind == StageKind::blue_green);
  CHECK(shares_of(plan, 0) == Shares{0, 990'000});
  CHECK(plan.steps[0].duration_ns == 300 * second);
  CHECK(plan.steps[1].duration_ns == 0);
  CHECK(stage.soak_ns == 0);
  CHECK(stage.mirror_millionths == 100'000);
  CHECK(stage.holdback_millionths == 10'000);
  CHECK(stage.watch_ns == 7200 * second);
  CHECK(stage.keep_warm_ns == 86'400 * second);
}

TEST_CASE("steps that wait for samples need no time and count the candidate's requests", "[sema]") {
  const Plan plan = plan_of(
      "stage canary: steps 1%, 5% for 1h, 25% { step until samples(candidate) >= 2k }\n"
      "stage live: 100%");
  const Stage& stage = plan.stages[0];
  CHECK(stage.step_samples_min == 2000);
  const Aggregate& aggregate = plan.aggregates[stage.step_samples.value];
  CHECK(aggregate.fn == AggregateFn::samples);
  CHECK(aggregate.arm == Arm::candidate);
  CHECK(plan.trackers[aggregate.tracker.value].metric.is_none());
  CHECK(plan.windows[plan.trackers[aggregate.tracker.value].window.value].kind ==
        WindowKind::stage);
  CHECK(plan.stages[1].step_samples.is_none());
}

TEST_CASE("a stage's trigger of the release's name replaces it there", "[sema]") {
  const Plan plan = plan_of(
      "rollback slow when p99(latency) > 300ms over 1m for 1m\n"
      "rollback when rate(failed) > 2% over 1m\n"
      "stage first: split 10% { soak 1h }\n"
      "stage second: split 20% { soak 1h; rollback slow when p99(latency) > 200ms over 1m }\n"
      "stage third: split 30% { soak 1h; rollback own when rate(failed) > 1% over 1m }\n"
      "stage live: 100% { rollback own when rate(failed) > 3% over 1m }");
  CHECK(trigger_names(plan) == std::vector<std::string>{"slow", "rollback_1", "second.slow", "own",
                                                        "live.own"});
  CHECK(plan.triggers[0].replaced_in == 0b10);
  CHECK(plan.triggers[1].replaced_in == 0);
  CHECK(plan.triggers[2].stage == StageId{1});
}

TEST_CASE("windows of the release and of its stages, with the zones they name", "[sema]") {
  const Plan plan = plan_of(
      "allow increase in \"Mon-Fri 09:00-17:00 Europe/Berlin\" except \"Dec 24 - Jan 2\"\n"
      "stage first: split 10% { soak 1h }\n"
      "stage second: split 20% { soak 1h; allow increase in \"22:00-06:00 UTC\" }\n"
      "stage live: 100%");
  REQUIRE(plan.increase.count == 2);
  REQUIRE(plan.stages[1].increase.count == 1);
  CHECK(plan.stages[0].increase.count == 0);
  CHECK(plan.zones.size() == 2);
  CHECK(plan.increase_windows[1].zone == plan.increase_windows[0].zone);  // taken over
  // Wednesday, 4 March 2026, 10:00 UTC: 11:00 in Berlin.
  constexpr int64_t wednesday = 1'772'618'400 * second;
  CHECK(calendar_permits(plan, plan.increase, wednesday));
  CHECK_FALSE(calendar_permits(plan, plan.stages[1].increase, wednesday));
}

TEST_CASE("a release that only observes puts nobody under quarantine", "[sema]") {
  const std::string_view rest =
      "rollback when rate(failed) > 2% over 1m\n"
      "stage live: 100%\n"
      "rollback { report \"r.md\"; quarantine candidate; cooldown 24h }";
  const Plan routing = plan_of(rest);
  CHECK(routing.quarantine_candidate == 1);
  CHECK(routing.observe_only == 0);
  const Plan observing = plan_of(fmt::format("observe only\n{}", rest));
  CHECK(observing.observe_only == 1);
  CHECK(observing.quarantine_candidate == 0);
  CHECK(observing.cooldown_ns == 0);
  CHECK(observing.actions.size() == 1);  // it still reports
}
