// Definitions are written out where they are used: the plan is that of the text without them.
#include <catch2/catch.hpp>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"

using namespace rel;

namespace {

const std::string head = R"(
model scorer {
  baseline  = mlflow("scorer@champion")
  candidate = mlflow("scorer/13")
}
metric latency : duration per request, lower is better
metric failed  : flag per request, lower is better
segment region in { "eu", "us" }
)";

const std::string tail = R"(
  unknown { source_error: hold up to 15m then alert; no_data: hold; insufficient: hold }
  rollback { route baseline 100% }
}
)";

Plan plan_of(const std::string& definitions, const std::string& statements) {
  Sources sources;
  Diagnostics diagnostics;
  const std::string text =
      head + definitions + "release next of scorer {\n" + statements + tail;
  Compiled compiled = compile(sources, sources.add("t.release", text), {}, diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE_FALSE(diagnostics.has_errors());
  return std::move(compiled.plans[0]);
}

// What a plan does: its conditions, its stages and steps, without places and statement texts.
void check_same(const Plan& a, const Plan& b) {
  REQUIRE(a.nodes.size() == b.nodes.size());
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    CHECK(a.nodes[i].op == b.nodes[i].op);
    CHECK(a.nodes[i].constant == b.nodes[i].constant);
    CHECK(a.nodes[i].a == b.nodes[i].a);
    CHECK(a.nodes[i].b == b.nodes[i].b);
  }
  REQUIRE(a.aggregates.size() == b.aggregates.size());
  for (size_t i = 0; i < a.aggregates.size(); ++i) {
    CHECK(a.text(a.aggregates[i].text) == b.text(b.aggregates[i].text));
    CHECK(a.aggregates[i].samples_min == b.aggregates[i].samples_min);
  }
  REQUIRE(a.sustains.size() == b.sustains.size());
  for (size_t i = 0; i < a.sustains.size(); ++i)
    CHECK(a.sustains[i].duration_ns == b.sustains[i].duration_ns);
  REQUIRE(a.steps.size() == b.steps.size());
  for (size_t i = 0; i < a.steps.size(); ++i) {
    CHECK(a.steps[i].share_millionths == b.steps[i].share_millionths);
    CHECK(a.steps[i].duration_ns == b.steps[i].duration_ns);
  }
  REQUIRE(a.stages.size() == b.stages.size());
  for (size_t i = 0; i < a.stages.size(); ++i) {
    CHECK(a.stages[i].kind == b.stages[i].kind);
    CHECK(a.stages[i].soak_ns == b.stages[i].soak_ns);
    CHECK(a.stages[i].at_most_ns == b.stages[i].at_most_ns);
    CHECK(a.stages[i].otherwise == b.stages[i].otherwise);
  }
  REQUIRE(a.triggers.size() == b.triggers.size());
  for (size_t i = 0; i < a.triggers.size(); ++i) {
    CHECK(a.triggers[i].action == b.triggers[i].action);
    CHECK(a.triggers[i].stage == b.triggers[i].stage);
    CHECK(a.triggers[i].after_ns == b.triggers[i].after_ns);
  }
}

}  // namespace

TEST_CASE("parameters stand wherever a quantity may", "[definitions]") {
  const Plan with = plan_of(
      "guard slow(limit: duration = 1s, window: duration = 1m, patience: duration = 2m,\n"
      "           enough: number = 200) =\n"
      "  p99(candidate.latency) > limit over window with at least enough samples for patience\n",
      "  rollback when slow(limit: 300ms, window: 5m)\n  stage live: 100% { soak 1h }\n");
  const Plan without = plan_of(
      "",
      "  rollback when p99(candidate.latency) > 300ms over 5m with at least 200 samples for 2m\n"
      "  stage live: 100% { soak 1h }\n");
  check_same(with, without);
}

TEST_CASE("a measure is read with the window, segments and minimum of its comparison",
          "[definitions]") {
  const Plan with = plan_of(
      "measure slowdown(share: ratio = 99%) =\n"
      "  quantile(candidate.latency, share) / quantile(baseline.latency, share)\n",
      "  hold when slowdown(share: 95%) > 1.5 over 5m in any region with at least 300 samples\n"
      "  rollback when rate(failed) > 2% over 1m\n  stage live: 100% holdback 1% { soak 1h }\n");
  const Plan without = plan_of(
      "", "  hold when quantile(candidate.latency, 95%) / quantile(baseline.latency, 95%) >\n"
          "    1.5 over 5m in any region with at least 300 samples\n"
          "  rollback when rate(failed) > 2% over 1m\n"
          "  stage live: 100% holdback 1% { soak 1h }\n");
  check_same(with, without);
}

TEST_CASE("a strategy is its statements with the values of its parameters, and what the stage adds",
          "[definitions]") {
  const Plan with = plan_of(
      "strategy ladder(first: ratio = 1%, time: duration = 1h, limit: ratio = 2%) =\n"
      "  steps first for time, 25% for 4h {\n"
      "    soak time\n    at most 7d; otherwise rollback\n"
      "    rollback when rate(candidate.failed) > limit over time for 1m after time\n"
      "    step when samples(candidate) >= 1000\n  }\n",
      "  rollback when p99(latency) > 1s over 1m\n"
      "  stage canary: ladder(first: 5%, time: 30m) {\n"
      "    promote when samples(candidate) >= 5000\n    at most 3d\n  }\n"
      "  stage live: 100% { soak 1h }\n");
  const Plan without = plan_of(
      "", "  rollback when p99(latency) > 1s over 1m\n"
          "  stage canary: steps 5% for 30m, 25% for 4h {\n"
          "    soak 30m\n    at most 3d; otherwise rollback\n"
          "    rollback when rate(candidate.failed) > 2% over 30m for 1m after 30m\n"
          "    step when samples(candidate) >= 1000\n"
          "    promote when samples(candidate) >= 5000\n  }\n"
          "  stage live: 100% { soak 1h }\n");
  check_same(with, without);
}
