// Crosses of segments, folds that count, windows of requests, categories, gauges: from the policy
// to the numbers of a frame.
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <random>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "runtime/eval/evaluator.h"
#include "runtime/host/uncovered.h"
#include "runtime/plan/text.h"
#include "runtime/sources/event_decoder.h"
#include "tests/small_release.h"

namespace rel {
namespace {

using test::second;

Plan plan_of(std::string_view triggers) {
  Sources sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("test.release", fmt::format(R"(
model scorer {{ baseline = mlflow("scorer/1"); candidate = mlflow("scorer/2") }}
metric failed   : flag per request, lower is better
metric decision : category per request
metric retries  : count per request
metric queue    : gauge per request
segment region in {{ "eu", "us" }}
segment band   in {{ "young", "old", "ancient" }}
release canary of scorer {{
  unknown {{ source_error: hold; no_data: hold; insufficient: hold }}
  {}
  stage half: split 50% {{ soak 1h }}
}}
)", triggers));
  Compiled compiled = compile(sources, file, {}, diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(compiled.plans.size() == 1);
  REQUIRE(verify_plan(compiled.plans[0]));
  return std::move(compiled.plans[0]);
}

// A runtime over a plan, fed event lines; the frame after a tick.
class Feed {
 public:
  explicit Feed(const Plan& plan)
      : plan_(plan), decoder_(plan), memory_(Runtime::shared_size(plan)) {
    auto runtime = Runtime::open(plan_, Evaluator{&plan_, {}}, memory_.span());
    REQUIRE(runtime);
    runtime_ = std::move(*runtime);
    REQUIRE(runtime_->claim_shard(1));
    runtime_->request_start();
    tick();  // asks for the stage
    tick();  // is in it: what comes from now on counts
  }

  void tick() {
    now_ += test::tick_ns;
    const TickReport report = runtime_->tick(1, now_);
    if (report.raise.kind != RaiseKind::none) runtime_->grant_raise(report.raise.id);
  }

  void event(const std::string& fields, const char* variant = "candidate") {
    const DecodedEvent& event = decoder_.decode(
        fmt::format(R"({{"type":"observation","time":"2026-03-01T12:00:00Z","variant":"{}",{}}})",
                    variant, fields));
    INFO(fields << ": " << event.reason);
    REQUIRE(event.kind == EventKind::observation);
    Observation observation = event.observation;
    observation.time_ns = now_;
    runtime_->observe(0, observation);
  }

  // The frame value of the aggregate whose text begins so, in the cell named so.
  double value(std::string_view text, std::string_view cell = "") {
    std::vector<double> values(plan_.frame_size);
    std::vector<uint8_t> causes(plan_.frame_size);
    std::vector<uint64_t> samples(plan_.frame_size);
    runtime_->copy_frame(values, causes, samples);
    for (const Aggregate& row : plan_.aggregates) {
      if (plan_.text(row.text).substr(0, text.size()) != text) continue;
      for (uint32_t i = 0; i < row.cell_count; ++i) {
        if (cell_text(plan_, row.cell_first + i) == cell) return values[row.frame_first + i];
      }
    }
    FAIL("no aggregate " << text << " in " << cell);
    return 0;
  }

  const Runtime& runtime() const { return *runtime_; }

 private:
  const Plan& plan_;
  EventDecoder decoder_;
  test::FreshMemory memory_;
  std::unique_ptr<Runtime> runtime_;
  int64_t now_ = 1772366400 * second;
};

// The verdict of the one fold over three cells, each true, false or unknown.
Verdict folded(Op op, uint32_t count, const std::string& cells) {
  Plan plan;
  plan.frame_size = static_cast<uint32_t>(cells.size());
  plan.aggregates.push_back({.cell_count = plan.frame_size});
  plan.nodes = {{.op = Op::load, .a = 0},
                {.op = Op::constant, .constant = 0.5},
                {.op = Op::gt, .a = 0, .b = 1},
                {.op = op, .a = 2, .b = plan.frame_size, .count = count}};
  plan.predicates.push_back({.nodes = {0, 4}});
  std::vector<double> values;
  std::vector<uint8_t> causes;
  for (const char c : cells) {
    values.push_back(c == 'T' ? 1 : 0);
    causes.push_back(c == 'i' ? cause_insufficient : c == 's' ? cause_source_error : cause_none);
  }
  return interpret(plan, PredicateId{0}, {values.data(), causes.data(), nullptr});
}

}  // namespace

TEST_CASE("at least n of the cells: those without data are left out, failing ones are not") {
  const struct {
    uint32_t count;
    const char* cells;
    Verdict verdict;
  } rows[] = {
      {2, "TTF", Verdict::is_true},       {2, "TFF", Verdict::is_false},
      {2, "TTs", Verdict::is_true},       {2, "TFs", Verdict::source_error},
      {2, "FFs", Verdict::is_false},      {2, "TFi", Verdict::is_false},
      {2, "Tii", Verdict::insufficient},  {2, "Fii", Verdict::insufficient},
      {3, "TTi", Verdict::insufficient},  {1, "iii", Verdict::insufficient},
      {1, "FiF", Verdict::is_false},      {1, "Fis", Verdict::source_error},
  };
  for (const auto& row : rows) {
    INFO(row.count << " of " << row.cells);
    CHECK(folded(Op::fold_at_least, row.count, row.cells) == row.verdict);
    if (row.count == 1) CHECK(folded(Op::fold_any, 0, row.cells) == row.verdict);
  }
}

TEST_CASE("a cross has a cell for each combination, and none for who is other in one") {
  const Plan plan = plan_of("rollback when rate(failed) > 5% over 5m in any region x band");
  REQUIRE(plan.products.size() == 1);
  CHECK(plan.products[0].cell_count == 6);
  CHECK(cell_text(plan, plan.products[0].cell_first + 4) == "region=us band=old");
  Feed feed(plan);
  feed.event(R"("failed":true,"segment":{"region":"us","band":"old"})");
  feed.event(R"("failed":false,"segment":{"region":"us","band":"old"})");
  feed.event(R"("failed":true,"segment":{"region":"eu","band":"young"})");
  feed.event(R"("failed":true,"segment":{"region":"mars","band":"old"})");
  feed.event(R"("failed":true,"segment":{"region":"us"})");
  feed.tick();
  CHECK(feed.value("rate(candidate.failed)", "region=us band=old") == 0.5);
  CHECK(feed.value("rate(candidate.failed)", "region=eu band=young") == 1);
  CHECK(feed.value("rate(candidate.failed)", "region=us band=ancient") == 0);
}

TEST_CASE("requests with none of a segment's values are counted, parts with little data named") {
  const Plan plan = plan_of(
      "rollback when rate(failed) > 5% over 5m in any region with at least 2 samples\n"
      "alert when rate(failed) > 5% over 5m in at least 2 of region x band with at least 1 "
      "samples");
  Feed feed(plan);
  for (int i = 0; i < 3; ++i) {
    feed.event(R"("failed":false,"segment":{"region":"us","band":"old"})");
  }
  feed.event(R"("failed":false,"segment":{"region":"eu","band":"unborn"})");
  feed.event(R"("failed":false,"segment":{"region":"mars","band":"old"})");
  feed.event(R"("failed":false)");
  feed.tick();
  const Runtime::Counters counted = feed.runtime().counters();
  CHECK(counted.requests_other[0] == 2);  // mars, and none
  CHECK(counted.requests_other[1] == 2);  // unborn, and none
  std::vector<double> values(plan.frame_size);
  std::vector<uint8_t> causes(plan.frame_size);
  std::vector<uint64_t> samples(plan.frame_size);
  feed.runtime().copy_frame(values, causes, samples);
  const FrameView frame{values.data(), causes.data(), nullptr};
  std::vector<std::string> names[2];
  for (size_t t = 0; t < 2; ++t) {
    for (const uint32_t cell : uncovered_cells(plan, plan.triggers[t], frame)) {
      names[t].push_back(cell_words(plan, cell));
    }
  }
  CHECK(names[0] == std::vector<std::string>{"region eu"});
  CHECK(names[1].size() == 5);
  CHECK(std::count(names[1].begin(), names[1].end(), "region us x band old") == 0);
}

TEST_CASE("a category is counted by the values that conditions name") {
  const Plan plan = plan_of(
      "alert when share(decision == \"fraud\") > 5% over 5m\n"
      "alert when count(decision == \"review\") > 3 over 5m\n"
      "alert when count(baseline.decision == \"fraud\") > 3 over 5m\n"
      "alert when samples(candidate.decision) > 3 over 5m");
  CHECK(plan.metrics.size() == 6);  // the four declared, and two values
  Feed feed(plan);
  for (const char* value : {"fraud", "fine", "review", "fine", "fraud"}) {
    feed.event(fmt::format(R"("decision":"{}")", value));
  }
  feed.event(R"("failed":false)");
  feed.event(R"("decision":"fraud")", "baseline");
  feed.tick();
  CHECK(feed.value("share(candidate.decision == \"fraud\")") == 0.4);
  CHECK(feed.value("count(candidate.decision == \"review\")") == 1);
  CHECK(feed.value("count(baseline.decision == \"fraud\")") == 1);
  CHECK(feed.value("samples(candidate.decision)") == 5);
}

TEST_CASE("a category is a text, a count a whole number") {
  const Plan plan = plan_of("alert when mean(retries) > 1 over 5m");
  EventDecoder decoder(plan);
  const auto reason = [&](const char* fields) {
    return decoder
        .decode(fmt::format(
            R"({{"type":"observation","time":"2026-03-01T12:00:00Z","variant":"baseline",{}}})",
            fields))
        .reason;
  };
  CHECK_THAT(reason(R"("decision":3)"), Catch::Contains("a string"));
  CHECK_THAT(reason(R"("retries":1.5)"), Catch::Contains("not a whole number"));
  CHECK_THAT(reason(R"("retries":-1)"), Catch::Contains("not a whole number"));
  CHECK(reason(R"("retries":2)").empty());
}

TEST_CASE("the least and the most of a gauge are within a bucket of what was seen") {
  const Plan plan = plan_of("alert when max(queue) > 100 over 5m and min(queue) > 3 over 5m");
  Feed feed(plan);
  for (const double level : {-12.5, 7.0, 0.0, 431.0, 8.0}) {
    feed.event(fmt::format(R"("queue":{})", level));
  }
  feed.tick();
  CHECK(feed.value("max(candidate.queue)") == Approx(431).epsilon(1.0 / 128));
  CHECK(feed.value("min(candidate.queue)") == Approx(-12.5).epsilon(1.0 / 128));
}

// Against a list of what every tick brought: the newest batches with 50 observations together.
TEST_CASE("a window of requests holds the newest whole ticks that have as many") {
  const Plan plan = plan_of("rollback when rate(failed) > 5% over last 50 requests");
  Feed feed(plan);
  std::mt19937_64 random(11);
  std::deque<std::pair<uint64_t, uint64_t>> batches;  // observations and failures of a tick
  for (int tick = 0; tick < 400; ++tick) {
    const uint64_t count = random() % 5 == 0 ? random() % 90 : random() % 4;
    uint64_t failures = 0;
    for (uint64_t i = 0; i < count; ++i) {
      const bool failed = random() % 3 == 0;
      failures += failed ? 1 : 0;
      feed.event(failed ? R"("failed":true)" : R"("failed":false)");
    }
    feed.tick();
    if (count > 0) batches.emplace_back(count, failures);
    uint64_t n = 0;
    uint64_t k = 0;
    for (const auto& [size, failed] : batches) n += size, k += failed;
    while (batches.size() > 1 && n - batches.front().first >= 50) {
      n -= batches.front().first;
      k -= batches.front().second;
      batches.pop_front();
    }
    INFO("tick " << tick);
    if (n >= 50) {
      REQUIRE(feed.value("rate(candidate.failed)") ==
              static_cast<double>(k) / static_cast<double>(n));
    }
  }
}

TEST_CASE("a baseline that fails elsewhere is no excuse; one that fails in the same part is") {
  const Plan plan = plan_of(
      "rollback when rate(failed) > 5% over 5m in any region with at least 1 samples");
  const Trigger& trigger = plan.triggers[0];
  REQUIRE(!trigger.baseline_when.is_none());
  // By arm and region: the share that fails, or nothing for no data.
  const auto shared = [&](std::array<double, 2> candidate, std::array<double, 2> baseline) {
    std::vector<double> values(plan.frame_size);
    std::vector<uint8_t> causes(plan.frame_size);
    for (const Aggregate& row : plan.aggregates) {
      for (uint32_t i = 0; i < row.cell_count; ++i) {
        const double rate = row.arm == Arm::candidate ? candidate[i] : baseline[i];
        values[row.frame_first + i] = rate < 0 ? 0 : rate;
        causes[row.frame_first + i] = rate < 0 ? cause_no_data : cause_none;
      }
    }
    const FrameView frame{values.data(), causes.data(), nullptr};
    REQUIRE(interpret(plan, trigger.when, frame) == Verdict::is_true);
    return interpret(plan, trigger.baseline_when, frame) == Verdict::is_true;
  };
  CHECK(shared({0.2, 0}, {0.2, 0}));
  CHECK(!shared({0.2, 0}, {0, 0.2}));
  CHECK(!shared({0.2, 0.2}, {0.2, 0}));
  CHECK(shared({0.2, 0.2}, {0.2, 0.2}));
  CHECK(!shared({0.2, 0}, {-1, 0}));   // nothing known of the baseline there
  CHECK(shared({0.2, -1}, {0.2, 0}));  // no candidate in the other region
}

}  // namespace rel
