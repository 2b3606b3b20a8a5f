// From policy text to a plan: what is shared, what is laid out how, what scales.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "runtime/eval/evaluator.h"

namespace {

using namespace rel;

constexpr int64_t second = 1'000'000'000;

std::string policy(std::string_view conditions,
                   std::string_view stages = "stage live: 100% holdback 1%") {
  return fmt::format(R"(
model scorer {{ baseline = mlflow("scorer/1"); candidate = mlflow("scorer/2") }}
metric latency : duration per request, lower is better
metric failed  : flag per request, lower is better
metric score   : number per request
segment region in {{ "eu", "us", "apac" }}
segment device in {{ "phone", "desk" }}
release canary of scorer {{
  unknown {{ source_error: hold; no_data: hold; insufficient: hold }}
  {}
  {}
}}
)", conditions, stages);
}

struct Outcome {
  Sources sources;
  Diagnostics diagnostics;
  Compiled compiled;
};

void compile_text(std::string text, Outcome& outcome, const CompileOptions& options = {}) {
  const FileId file = outcome.sources.add("test.release", std::move(text));
  outcome.compiled = compile(outcome.sources, file, options, outcome.diagnostics);
}

Plan plan_of(std::string text, const CompileOptions& options = {}) {
  Outcome outcome;
  compile_text(std::move(text), outcome, options);
  INFO(render_text(outcome.sources, outcome.diagnostics.all(), Colour::never));
  REQUIRE(!outcome.diagnostics.has_errors());
  REQUIRE(outcome.compiled.plans.size() == 1);
  return outcome.compiled.plans.front();
}

// The errors of a policy, which then has no plan.
std::vector<Code> codes_of(std::string text, const CompileOptions& options = {}) {
  Outcome outcome;
  compile_text(std::move(text), outcome, options);
  std::vector<Code> codes;
  for (const Diagnostic& each : outcome.diagnostics.all()) {
    if (each.level == Level::error) codes.push_back(each.code);
  }
  CHECK(outcome.compiled.plans.empty());
  return codes;
}

}  // namespace

TEST_CASE("a number that several conditions read is computed once", "[sema]") {
  const Plan plan = plan_of(policy("rollback when p99(latency) > 300ms over 1m\n"
                                   "alert when p99(latency) > 200ms over 1m\n"
                                   "hold when mean(latency) > 100ms over 1m"));
  CHECK(plan.windows.size() == 1);
  CHECK(plan.trackers.size() == 1);
  // p99 and mean of the candidate, and p99 of the baseline for the rollback's twin.
  CHECK(plan.aggregates.size() == 3);
  CHECK(plan.trackers[0].histogram == 1);
}

TEST_CASE("shared subexpressions of a predicate are one node", "[sema]") {
  const Plan plan = plan_of(policy("alert when p99(latency) > 300ms over 1m or "
                                   "(p99(latency) > 300ms over 1m and samples(latency) > 10)"));
  const Predicate& predicate = plan.predicates[plan.triggers[0].when.value];
  // p99, 300ms, >; samples, 10, >; and; or.
  CHECK(predicate.nodes.count == 8);
}

TEST_CASE("equal conditions are one predicate", "[sema]") {
  const Plan plan = plan_of(policy("alert when p99(latency) > 300ms over 1m\n"
                                   "hold when p99(latency) > 300ms over 1m"));
  CHECK(plan.predicates.size() == 1);
  CHECK(plan.triggers[0].when == plan.triggers[1].when);
}

TEST_CASE("a rollback that reads only the candidate has a twin on the baseline", "[sema]") {
  const auto trigger = [](std::string_view when) {
    return plan_of(policy("rollback when " + std::string{when})).triggers[0];
  };
  CHECK(!trigger("p99(latency) > 300ms over 1m").baseline_when.is_none());
  CHECK(trigger("p99(latency) > 300ms over 1m even if baseline").baseline_when.is_none());
  CHECK(trigger("p99(latency) > p99(baseline.latency) over 1m").baseline_when.is_none());
  CHECK(trigger("p99(baseline.latency) > 300ms over 1m").baseline_when.is_none());
}

TEST_CASE("the twin is the condition without `for`", "[sema]") {
  const Plan plan = plan_of(policy("rollback when p99(latency) > 300ms over 1m for 2m"));
  const Trigger& trigger = plan.triggers[0];
  REQUIRE(!trigger.sustain.is_none());
  CHECK(plan.sustains[trigger.sustain.value].input == trigger.condition);
  CHECK(plan.sustains[trigger.sustain.value].duration_ns == 120 * second);
  CHECK(trigger.condition < trigger.when);
  const Predicate& twin = plan.predicates[trigger.baseline_when.value];
  CHECK(plan.text(twin.text) == "p99(baseline.latency) > 300ms over 1m");
}

TEST_CASE("sample minimums guard estimates and not counts", "[sema]") {
  const Plan plan = plan_of(policy("alert when rate(failed) > 2% over 1m\n"
                                   "alert when mean(latency) > 1s over 1m with at least 7 samples\n"
                                   "alert when count(failed) > 3 over 1m"));
  CHECK(plan.aggregates[0].samples_min == 100);
  CHECK(plan.aggregates[1].samples_min == 7);
  CHECK(plan.aggregates[2].samples_min == 0);
}

TEST_CASE("a window is kept in the smallest slots that fit", "[sema]") {
  const auto window = [](std::string_view length) {
    return plan_of(policy(fmt::format("alert when mean(latency) > 1s over {}", length))).windows[0];
  };
  CHECK(window("5s").slot_ns == second);
  CHECK(window("5s").slots == 5);
  CHECK(window("2m").slots == 120);
  CHECK(window("121s").slot_ns == 2 * second);
  CHECK(window("121s").slots == 61);
  CHECK(window("1h").slot_ns == 30 * second);
}

TEST_CASE("a fold over several segments reads their cells as one row", "[sema]") {
  const Plan plan = plan_of(policy("alert when rate(failed) > 2% over 1m in any (device, region)"));
  REQUIRE(plan.aggregates.size() == 2);
  CHECK(plan.aggregates[0].cell_first == 5);  // device follows region and its `other`
  CHECK(plan.aggregates[0].cell_count == 2);
  CHECK(plan.aggregates[1].cell_first == 1);
  CHECK(plan.aggregates[1].cell_count == 3);
  CHECK(plan.aggregates[1].frame_first == 2);
  const Predicate& predicate = plan.predicates[0];
  CHECK(plan.nodes[predicate.root().value].b == 5);

  // The last cell of the second segment decides; cells below their minimum are left out.
  std::vector<double> values = {0.01, 0.01, 0.01, 0.01, 0.5};
  std::vector<uint8_t> causes(5, cause_insufficient);
  CHECK(interpret(plan, PredicateId{0}, {values.data(), causes.data(), nullptr}) ==
        Verdict::insufficient);
  causes[0] = cause_none;
  CHECK(interpret(plan, PredicateId{0}, {values.data(), causes.data(), nullptr}) ==
        Verdict::is_false);
  causes[4] = cause_none;
  CHECK(interpret(plan, PredicateId{0}, {values.data(), causes.data(), nullptr}) ==
        Verdict::is_true);
}

TEST_CASE("time_scale scales stages and nothing else", "[sema]") {
  const std::string text =
      policy("rollback when p99(latency) > 300ms over 10s for 4s after 6s",
             "pane 500ms\n"
             "stage canary: steps 10% for 20s, 50% for 40s {\n"
             "  soak 30s; at least 60s; at most 10m; otherwise hold\n}\n"
             "stage live: 100%\n"
             "rollback { route baseline 100%; cooldown 24h }");
  const Plan plan = plan_of(text, {.release = "", .time_scale = 0.5});
  CHECK(plan.steps[0].duration_ns == 10 * second);
  CHECK(plan.steps[1].duration_ns == 20 * second);
  CHECK(plan.stages[0].soak_ns == 15 * second);
  CHECK(plan.stages[0].at_least_ns == 30 * second);
  CHECK(plan.stages[0].at_most_ns == 300 * second);
  CHECK(plan.windows[0].length_ns == 10 * second);
  CHECK(plan.sustains[0].duration_ns == 4 * second);
  CHECK(plan.triggers[0].after_ns == 6 * second);
  CHECK(plan.cooldown_ns == 24 * 3600 * second);
  CHECK(plan.pane_ns == second / 2);
}

TEST_CASE("a time that does not fit once scaled is refused", "[sema]") {
  const std::string text = policy("rollback when p99(latency) > 300ms over 10s",
                                  "stage canary: steps 10% for 20d\nstage live: 100%");
  CHECK(codes_of(text, {.release = "", .time_scale = 2}) ==
        std::vector<Code>{Code::out_of_range});
}

TEST_CASE("triggers have names of their own", "[sema]") {
  const Plan plan = plan_of("guard slow(limit: duration = 1s) = p99(latency) > limit over 1m\n" +
                            policy("rollback when slow for 1m\n"
                                   "rollback when slow(limit: 2s)\n"
                                   "rollback when p50(latency) > 1s\n"
                                   "alert when slow and p50(latency) > 1s"));
  std::vector<std::string_view> names;
  for (const Trigger& trigger : plan.triggers) names.push_back(plan.text(trigger.name));
  CHECK(names == std::vector<std::string_view>{"slow", "slow_2", "rollback_1", "alert_1"});
  CHECK(plan.text(plan.triggers[0].text) == "rollback when slow for 1m");
}

TEST_CASE("a holdback is taken from the share of its stage", "[sema]") {
  const Plan plan = plan_of(policy("rollback when p99(latency) > 300ms over 10s"));
  CHECK(plan.stages[0].holdback_millionths == 10'000);
  CHECK(plan.steps[0].share_millionths == 990'000);
}

TEST_CASE("a library leaves the names of metrics open and nothing else", "[sema]") {
  Outcome outcome;
  compile_text("guard slow(limit: duration = 1s) = p99(latency) > limit over 1m\n"
               "guard worse = slow(limit: 2s) and rate(failed) > 2%\n",
               outcome);
  CHECK(outcome.diagnostics.all().empty());
  CHECK(codes_of("guard slow(limit: duration = 2%) = p99(latency) > limit over 1m\n") ==
        std::vector<Code>{Code::mixed_units});
  // A file with metrics of its own is no library.
  CHECK(codes_of("metric failed : flag per request\n"
                 "guard slow = p99(latency) > 1s over 1m\n") ==
        std::vector<Code>{Code::unknown_name});
}

TEST_CASE("an unknown release is a diagnostic", "[sema]") {
  CHECK(codes_of(policy("rollback when p99(latency) > 300ms over 10s"),
                 {.release = "canray", .time_scale = 1}) ==
        std::vector<Code>{Code::unknown_release});
}

TEST_CASE("a chain of fifty thousand terms ends in one diagnostic", "[sema]") {
  std::string terms = "slow";
  for (int term = 2; term <= 50'000; ++term) terms += term % 2 == 0 ? " or slow" : " and slow";
  const std::string guard = "guard slow = p99(latency) > 1ms over 1m\n";
  CHECK(codes_of(guard + policy("alert when " + terms)) ==
        std::vector<Code>{Code::condition_too_large});
}

TEST_CASE("guards nested too deeply end in one diagnostic", "[sema]") {
  std::string guards = "guard g00000 = p99(latency) > 1ms over 1m\n";
  for (int guard = 1; guard <= 10'000; ++guard) {
    guards += fmt::format("guard g{:05} = g{:05}\n", guard, guard - 1);
  }
  const std::vector<Code> codes = codes_of(guards + policy("alert when g10000"));
  REQUIRE(!codes.empty());
  for (const Code code : codes) CHECK(code == Code::condition_too_large);
}

TEST_CASE("a condition just beyond the nodes of a predicate is refused by lowering", "[sema]") {
  std::string terms = "p99(latency) > 1ms over 1m";
  for (int term = 2; term <= 1000; ++term) {
    terms += fmt::format(" or p99(latency) > {}ms over 1m", term);
  }
  CHECK(codes_of(policy("alert when " + terms)) == std::vector<Code>{Code::condition_too_large});
}

TEST_CASE("guards that double do not exhaust memory", "[sema]") {
  std::string guards = "guard g0 = p99(latency) > 1ms over 1m\n";
  for (int guard = 1; guard <= 60; ++guard) {
    guards += fmt::format("guard g{0} = g{1} and g{1}\n", guard, guard - 1);
  }
  const std::vector<Code> codes = codes_of(guards + policy("alert when g60"));
  REQUIRE(!codes.empty());
  for (const Code code : codes) CHECK(code == Code::condition_too_large);
}
