// Statistical comparisons in a running release: from observations to evidence, across evaluators,
// restarts and bad data.
#include <catch2/catch.hpp>

#include <cmath>
#include <unistd.h>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "runtime/evidence/evidence.h"
#include "runtime/runtime.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/stats/special.h"
#include "runtime/stats/start_mixture.h"
#include "tests/small_release.h"

namespace rel {
namespace {

using test::second;
using test::tick_ns;

constexpr int32_t living_pid = 1;  // a process that always exists
constexpr uint32_t failed = 0, latency = 1, score = 2;

Plan plan_of(std::string_view condition,
             std::string_view stages = "stage canary: split 50% { soak 1h }") {
  Sources sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("test.release", fmt::format(R"(
model scorer {{ baseline = mlflow("scorer/1"); candidate = mlflow("scorer/2") }}
metric failed  : flag per request, lower is better
metric latency : duration per request, lower is better
metric score   : ratio per request, higher is better
segment region in {{ "eu", "us", "apac" }}
release canary of scorer {{
  unknown {{ source_error: hold; no_data: hold; insufficient: hold }}
  alert when {}
  {}
}}
)", condition, stages));
  Compiled compiled = compile(sources, file, {}, diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(compiled.plans.size() == 1);
  return std::move(compiled.plans.front());
}

// A gateway in one process. Requests of a pane are given before its last tick.
struct Gateway {
  // Borrows nothing: the plan is copied.
  explicit Gateway(const Plan& p) : plan(p), memory(Runtime::shared_size(p)) {
    runtime = std::move(*Runtime::open(plan, {}, memory.span()));
    shard = *runtime->claim_shard(getpid());
  }

  void tick(int64_t by = tick_ns) {
    now += by;
    runtime->tick(pid, now);
    while (const auto decision = runtime->next_decision()) {
      runtime->acknowledge_decision(decision->id);
    }
    const Raise pending = runtime->engine_state().pending;
    if (pending.kind != RaiseKind::none) runtime->grant_raise(pending.id);
  }

  void start() {
    runtime->request_start();
    for (int i = 0; i < 10; ++i) tick();
  }

  void observe(LaneArm arm, double is_failed, double seconds = 0.1, double share = 0.8,
               uint8_t region = 0) {
    Observation observation;
    observation.time_ns = now;
    observation.arm = arm;
    observation.segment[0] = region;
    observation.present = 1u << failed | 1u << latency | 1u << score;
    observation.value[failed] = is_failed;
    observation.value[latency] = seconds;
    observation.value[score] = share;
    runtime->observe(shard, observation);
  }

  // `n` requests of an arm, the first `bad` of which are.
  void arm(LaneArm lane, int n, int bad, uint8_t region = 0) {
    for (int i = 0; i < n; ++i) {
      const double place = (i + 0.5) / n;
      observe(lane, i < bad ? 1 : 0, i < bad ? 0.2 + 0.1 * place : 0.05 + 0.1 * place,
              i < bad ? 0.2 : 0.7 + 0.2 * place, region);
    }
  }
  void pane(int n_b, int k_b, int n_c, int k_c, uint8_t region = 0) {
    arm(LaneArm::baseline_live, n_b, k_b, region);
    arm(LaneArm::candidate_live, n_c, k_c, region);
    for (int i = 0; i < 10; ++i) tick();
  }

  struct Number {
    double value;
    uint8_t causes;
    uint64_t samples;
  };
  Number number(AggregateId id, uint32_t offset = 0) const {
    std::vector<double> values(plan.frame_size);
    std::vector<uint8_t> causes(plan.frame_size);
    std::vector<uint64_t> samples(plan.frame_size);
    runtime->copy_frame(values, causes, samples);
    const uint32_t place = plan.aggregates[id.value].frame_first + offset;
    return {values[place], causes[place], samples[place]};
  }
  Number evidence() const { return number(plan.tests[0].evidence); }
  bool fires() const {
    return evidence().causes == 0 && evidence().value >= -std::log(plan.tests[0].alpha);
  }

  Plan plan;
  test::FreshMemory memory;
  std::unique_ptr<Runtime> runtime;
  uint32_t shard = 0;
  int32_t pid = getpid();
  int64_t now = 1'000 * second;
};

const char* const worse = "failed worse than baseline at 99% confidence";

TEST_CASE("evidence is that of the pane grid, half of it started later, on the same panes") {
  Gateway gateway(plan_of(worse));
  const EvidenceTest& test = gateway.plan.tests[0];
  CHECK(test.horizon_panes == 3600);
  CHECK(test.restart_panes == 300);
  gateway.start();
  stats::StartMixture expected = stats::start_mixture({8, 300, 3600, 0.5});
  double peak = 0;
  for (int i = 0; i < 12; ++i) {
    const stats::PaneCounts counts{.n_c = 50, .k_c = static_cast<uint64_t>(i % 4), .n_b = 60,
                                   .k_b = static_cast<uint64_t>(i % 2)};
    gateway.pane(60, i % 2, 50, i % 4);
    std::array<double, 8> factors;
    REQUIRE(stats::pane_grid_factors(counts, 1, factors));
    REQUIRE(expected.update(i, factors) == stats::PaneTaken::taken);
    peak = std::max(peak, expected.log_e());
    CHECK(gateway.evidence().value == peak);
    CHECK(gateway.evidence().samples == static_cast<uint64_t>(110 * (i + 1)));
  }
}

TEST_CASE("evidence goes on, bit for bit, when another evaluator takes over") {
  const Plan plan = plan_of(worse);
  Gateway alone(plan), shared(plan);
  alone.start();
  shared.start();
  auto other = std::move(*Runtime::open(plan, {}, shared.memory.span()));
  for (int i = 0; i < 6; ++i) {
    if (i == 3) {
      std::swap(shared.runtime, other);
      shared.pid = living_pid;
    }
    for (Gateway* gateway : {&alone, &shared}) {
      gateway->arm(LaneArm::baseline_live, 40, 1);
      gateway->arm(LaneArm::candidate_live, 40, 4);
      // The first evaluator falls silent for more than its lease, not for a clock gap.
      gateway->tick(i == 3 ? 600'000'000 : tick_ns);
      for (int rest = 0; rest < 9; ++rest) gateway->tick();
    }
  }
  CHECK(shared.runtime->engine_state().phase == Phase::running);
  CHECK(alone.evidence().value > 1);
  CHECK(shared.evidence().value == alone.evidence().value);
  CHECK(shared.evidence().samples == alone.evidence().samples);
}

TEST_CASE("evidence that was journaled goes on after a restart in fresh memory") {
  const Plan plan = plan_of(worse);
  Gateway before(plan);
  before.start();
  for (int i = 0; i < 5; ++i) before.pane(40, 1, 40, 4);
  const DurableState durable{before.runtime->engine_state(),
                             before.runtime->evidence_checkpoint()};
  REQUIRE(!durable.evidence.empty());
  const Gateway::Number kept = before.evidence();

  Gateway after(plan);
  after.now = before.now;
  after.runtime->restore(durable);
  after.tick();
  CHECK(after.runtime->engine_state().phase == Phase::running);
  CHECK(after.evidence().value == kept.value);
  CHECK(after.evidence().samples == kept.samples);
  after.pane(40, 1, 40, 4);
  after.pane(40, 1, 40, 4);
  CHECK(after.evidence().value > kept.value);
}

TEST_CASE("a verdict, once true, stays true in the stage and in the next one of the lane") {
  Gateway gateway(plan_of(worse, "stage canary: split 50% { soak 6s }\n"
                                 "  stage live: 100% holdback 1% { soak 1h }"));
  gateway.start();
  for (int i = 0; i < 3; ++i) gateway.pane(100, 0, 100, 20);
  REQUIRE(gateway.fires());
  for (int i = 0; i < 10; ++i) gateway.pane(100, 0, 100, 0);
  CHECK(gateway.runtime->engine_state().stage.value == 1);
  CHECK(gateway.fires());
}

TEST_CASE("bad data is unknown with its cause, never a number") {
  Gateway gateway(plan_of(worse));
  gateway.start();
  SECTION("an arm without observations") {
    gateway.arm(LaneArm::candidate_live, 50, 50);
    for (int i = 0; i < 30; ++i) gateway.tick();
    CHECK(gateway.evidence().causes == cause_no_data);
  }
  SECTION("an arm that falls silent") {
    for (int i = 0; i < 5; ++i) gateway.pane(50, 0, 50, 0);
    CHECK(gateway.evidence().causes == cause_none);
    for (int i = 0; i < 9; ++i) gateway.pane(50, 0, 0, 0);
    CHECK(gateway.evidence().causes == cause_none);
    for (int i = 0; i < 3; ++i) gateway.pane(50, 0, 0, 0);
    CHECK(gateway.evidence().causes == cause_no_data);
  }
  SECTION("a clock gap") {
    for (int i = 0; i < 5; ++i) gateway.pane(50, 0, 50, 5);
    const double before = gateway.evidence().value;
    gateway.arm(LaneArm::candidate_live, 50, 50);
    gateway.tick(5 * second);
    CHECK(gateway.evidence().causes == cause_insufficient);
    gateway.pane(50, 0, 50, 0);
    gateway.pane(50, 0, 50, 0);
    CHECK(gateway.evidence().causes == cause_none);
    CHECK(gateway.evidence().value == before);  // what came during the gap is no evidence
  }
  SECTION("a failing source") {
    gateway.pane(50, 0, 50, 0);
    gateway.runtime->set_source_failing(true);
    gateway.tick();
    CHECK(gateway.evidence().causes == cause_source_error);
  }
  SECTION("values that are none") {
    for (int i = 0; i < 3; ++i) gateway.pane(50, 0, 50, 0);
    for (int i = 0; i < 50; ++i) gateway.observe(LaneArm::candidate_live, std::nan(""), -1);
    for (int i = 0; i < 20; ++i) gateway.tick();
    CHECK(gateway.evidence().value < 0.1);
    CHECK(gateway.runtime->counters().rejected_values >= 100);
  }
}

TEST_CASE("counts that cannot be leave the evidence as it was") {
  const EvidenceTest test{.horizon_panes = 100, .restart_panes = 10, .alpha = 0.01};
  const BucketMap map;
  CellEvidence cell = fresh_cell(test);
  CellPane pane{.id = 1};
  pane.arm[0] = {.n = 100, .k = 1};
  pane.arm[1] = {.n = 100, .k = 30};
  REQUIRE(update_cell({.test = test, .map = map}, pane, cell) == stats::PaneTaken::taken);
  const CellEvidence known = cell;
  CHECK(update_cell({.test = test, .map = map}, pane, cell) == stats::PaneTaken::repeated);
  pane.id = 2;
  pane.arm[1] = {.n = 5, .k = 6};
  CHECK(update_cell({.test = test, .map = map}, pane, cell) == stats::PaneTaken::refused);
  CHECK(cell.log_e == known.log_e);
  CHECK(cell.peak == known.peak);
  CHECK(cell.arm[1].n == known.arm[1].n);
}

struct Form {
  const char* condition;
  int bad;      // of 100 requests of the candidate, when it is to be found; 2 of the baseline's are
  int healthy;  // ... when it is not
};

TEST_CASE("each form finds what it says, and not what it does not say") {
  const Form form = GENERATE(values<Form>({
      {"failed worse than baseline at 99% confidence", 15, 2},
      {"failed worse than baseline by 50% at 99% confidence", 15, 3},
      {"failed worse than baseline by 2pp at 99% confidence", 15, 4},
      {"failed worse than baseline at 99% confidence with estimate at least 5pp", 15, 4},
      {"failed better than baseline at 99% confidence", 0, 2},
      {"failed not worse than baseline by 5pp at 99% confidence", 2, 12},
      {"failed equals baseline within 5pp at 99% confidence", 2, 12},
      {"failed worse than 4% at 99% confidence", 15, 3},
      {"failed better than 10% at 99% confidence", 1, 15},
      {"count(failed) worse than 5/s at 99% confidence", 15, 4},
      {"latency worse than baseline at 99% confidence", 40, 2},
      {"latency worse than baseline by 50% at 99% confidence", 100, 2},
      {"mean(latency) worse than baseline by 10% at 99% confidence", 40, 2},
      {"latency not worse than baseline by 10% at 99% confidence", 2, 40},
      {"p90(latency) worse than 190ms at 99% confidence", 40, 2},
      {"p90(latency) better than 250ms at 99% confidence", 0, 100},
      {"p90(latency) worse than baseline by 20% at 99% confidence", 40, 2},
      {"score worse than baseline at 99% confidence", 40, 2},
      {"mean(score) worse than 75% at 99% confidence", 60, 2},
  }));
  CAPTURE(form.condition);
  const Plan plan = plan_of(form.condition);
  for (const bool to_be_found : {true, false}) {
    CAPTURE(to_be_found);
    Gateway gateway(plan);
    gateway.start();
    for (int i = 0; i < 60; ++i) gateway.pane(100, 2, 100, to_be_found ? form.bad : form.healthy);
    const TriggerState& state = gateway.runtime->engine_state().triggers[0];
    CHECK((state.verdict == static_cast<uint8_t>(Verdict::is_true)) == to_be_found);
  }
}

TEST_CASE("one segment is found by the mean over all, and every segment only with each") {
  Gateway any(plan_of("failed worse than baseline at 99% confidence in any region"));
  Gateway every(plan_of("failed worse than baseline at 99% confidence in every region"));
  for (Gateway* gateway : {&any, &every}) {
    gateway->start();
    for (int i = 0; i < 10; ++i) {
      for (uint8_t region = 0; region < 3; ++region) {
        gateway->arm(LaneArm::baseline_live, 50, 1, region);
        gateway->arm(LaneArm::candidate_live, 50, region == 2 ? 10 : 1, region);
      }
      for (int rest = 0; rest < 10; ++rest) gateway->tick();
    }
  }
  CHECK(any.fires());
  CHECK_FALSE(every.fires());
  CHECK(every.evidence().causes == cause_none);  // two of them say no
  const TestCell& cell = any.plan.test_cells[any.plan.tests[0].cells.first];
  const double apac = any.number(cell.evidence, 2).value;
  CHECK(apac > any.evidence().value);
  CHECK(apac < any.evidence().value + std::log(3.1));
  CHECK(any.number(cell.evidence, 0).value < 0);
}

TEST_CASE("a segment below its minimum is left out; without any the comparison is unknown") {
  Gateway gateway(plan_of("failed worse than baseline at 99% confidence in any region "
                          "with at least 100 samples"));
  gateway.start();
  gateway.pane(50, 0, 50, 10);
  gateway.pane(0, 0, 0, 0);
  CHECK((gateway.evidence().causes & cause_insufficient) != 0);
  gateway.pane(60, 0, 60, 12);
  gateway.pane(0, 0, 0, 0);
  CHECK(gateway.evidence().causes == cause_none);
  CHECK(gateway.fires());
}

TEST_CASE("a share that is not the route's makes what promotes unknown and leaves rollback") {
  const std::string_view stages = R"(rollback when failed worse than baseline by 1pp at 99% confidence
  stage canary: split 50% {
    promote when failed not worse than baseline by 5pp at 95% confidence
    at least 40s; at most 1h; otherwise withdraw "no"
  })";
  Gateway gateway(plan_of(worse, stages));
  gateway.start();
  for (int i = 0; i < 30; ++i) gateway.pane(30, 0, 90, 0);
  bool promotion_seen = false;
  for (const EvidenceTest& test : gateway.plan.tests) {
    const Gateway::Number number = gateway.number(test.evidence);
    if (test.method == TestMethod::sample_ratio) CHECK(number.value > std::log(1000));
    if (test.randomised) {
      promotion_seen = true;
      CHECK(number.causes == cause_insufficient);
    }
  }
  CHECK(promotion_seen);
  CHECK(gateway.runtime->engine_state().holding);
  for (int i = 0; i < 20; ++i) gateway.pane(30, 0, 90, 30);
  CHECK(gateway.runtime->engine_state().phase == Phase::rolled_back);
}

}  // namespace
}  // namespace rel
