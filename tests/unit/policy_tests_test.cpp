// The runner of `test` blocks: what it feeds, when it decides, how it judges. Expected numbers are
// worked out beside each case.
#include <catch2/catch.hpp>

#include <map>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "compiler/testing/report.h"
#include "compiler/testing/run.h"
#include "compiler/testing/traffic.h"

using namespace rel;
using namespace rel::testing;

namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t minute_ns = 60 * second_ns;

constexpr const char* policy_text = R"(
model scorer {{
  baseline  = mlflow("scorer@champion")
  candidate = mlflow("scorer/13")
  expect {{ traffic 120/s; failed 0.4%; latency.p50 40ms; latency.p99 80ms; region.eu 55% }}
}}
metric latency : duration per request, lower is better
metric failed  : flag per request, lower is better
metric score   : ratio per request
segment region in {{ "eu", "us", "apac" }}
guard slow(limit: duration = 300ms) = p99(candidate.latency) > limit over 1m
release next of scorer {{
  unknown {{ source_error: hold up to 15m then alert; no_data: hold; insufficient: hold }}
  rollback when rate(candidate.failed) > 2% over 2m for 1m
  rollback when slow for 30s
  alert when mean(candidate.score) > 80% over 1m
  stage shadow: mirror 100% {{ soak 5m }}
  stage canary: steps 10% for 1h, 25% for 1h
  stage live: 100% {{ soak 10m }}
  rollback {{ route baseline 100% }}
}}
test "t" {{ {} }}
)";

struct Checked {
  Sources sources;
  Compiled compiled;
  const sema::TypedTest& test() const { return compiled.policy.tests[0]; }
};

Checked checked(const std::string& body) {
  Checked made;
  Diagnostics diagnostics;
  const FileId file = made.sources.add("t.release", fmt::format(policy_text, body));
  made.compiled = compile(made.sources, file, {}, diagnostics);
  INFO(render_text(made.sources, diagnostics.all(), Colour::never));
  REQUIRE_FALSE(diagnostics.has_errors());
  return made;
}

TestRun run(const Checked& checked) {
  auto made = run_test(checked.compiled.policy, checked.test(), checked.compiled.plans[0]);
  REQUIRE(made);
  return std::move(*made);
}

// The time of the first decision of a kind since the start, in seconds; -1: none.
double seconds_of(const TestRun& run, DecisionKind kind) {
  for (const Decision& decision : run.log.decisions)
    if (decision.kind == kind)
      return static_cast<double>(decision.time_ns - run.log.start_ns) / 1e9;
  return -1;
}

struct Counted {
  std::map<LaneArm, int> requests;
  std::map<int, int> regions;
  int failed = 0;
  int scored = 0;
  int above_p50 = 0;
};

Counted fed(const std::string& body, const Route& route, int64_t from_ns, int64_t to_ns) {
  const Checked made = checked(body);
  Traffic traffic(made.compiled.policy, made.test(), made.compiled.plans[0], 0);
  Counted counted;
  int64_t last_ns = from_ns;
  for (int64_t at_ns = from_ns; at_ns < to_ns; at_ns += second_ns / 10)
    traffic.make(route, at_ns, at_ns + second_ns / 10, [&](const Observation& request) {
      CHECK(request.time_ns >= last_ns);
      last_ns = request.time_ns;
      ++counted.requests[request.arm];
      if (request.arm != LaneArm::candidate_live) return;
      ++counted.regions[request.segment[0]];
      counted.failed += request.value[1] != 0 ? 1 : 0;
      counted.scored += (request.present >> 2) & 1;
      counted.above_p50 += request.value[0] > 0.04 ? 1 : 0;
    });
  return counted;
}

const Route quarter{.share_millionths = 250'000};

}  // namespace

TEST_CASE("a test feeds the declared traffic by share, rate and value", "[policy-tests]") {
  // 100 s of 120/s at 25 %: 3,000 and 9,000 requests; 0.4 % of 3,000 is 12; 55 % are in `eu` and
  // the rest is shared by `us` and `apac`; half are above the declared median.
  const Counted counted =
      fed("given release next in canary at 25%; expect completed", quarter, 0, 100 * second_ns);
  CHECK(counted.requests.at(LaneArm::candidate_live) == Approx(3000).margin(1));
  CHECK(counted.requests.at(LaneArm::baseline_live) == Approx(9000).margin(1));
  CHECK(counted.requests.count(LaneArm::candidate_shadow) == 0);
  CHECK(counted.failed == Approx(12).margin(1));
  CHECK(counted.regions.at(0) == Approx(1650).margin(6));
  CHECK(counted.regions.at(1) == Approx(675).margin(6));
  CHECK(counted.regions.at(2) == Approx(675).margin(6));
  CHECK(counted.above_p50 == Approx(1500).margin(6));
  CHECK(counted.scored == 0);  // neither fed nor declared
}

TEST_CASE("series of traffic: of an arm, of a part of the population, and none", "[policy-tests]") {
  const Counted arm = fed("given release next in canary at 25%; feed candidate.traffic 10/s; "
                          "expect completed",
                          quarter, 0, 100 * second_ns);
  CHECK(arm.requests.at(LaneArm::candidate_live) == Approx(1000).margin(1));
  CHECK(arm.requests.at(LaneArm::baseline_live) == Approx(9000).margin(1));

  // `eu` has 40/s of its own, a quarter of it the candidate's; the others keep 45 % of 120/s.
  const Counted region = fed("given release next in canary at 25%; feed traffic in region \"eu\" "
                             "40/s; expect completed",
                             quarter, 0, 100 * second_ns);
  CHECK(region.regions.at(0) == Approx(1000).margin(2));
  CHECK(region.regions.at(1) == Approx(675).margin(6));

  const Counted none = fed("given release next in canary at 25%; feed traffic 120/s for 1m then "
                           "none; expect completed",
                           quarter, minute_ns, 2 * minute_ns);
  CHECK(none.requests.empty());
}

TEST_CASE("a ramp goes from one value to the other", "[policy-tests]") {
  // From 0 % to 10 % over 100 s: 5 % of 3,000 on the average.
  const Counted ramp = fed("given release next in canary at 25%; feed candidate.failed 0%..10% "
                           "over 100s; expect completed",
                           quarter, 0, 100 * second_ns);
  CHECK(ramp.failed == Approx(150).margin(2));
}

TEST_CASE("a rollback comes when the window has crossed the limit, for its time",
          "[policy-tests]") {
  // After x seconds of 6 % the window of 120 s has 0.4 % + x / 120 * 5.6 %: more than 2 % after
  // 34.3 s, for 60 s: 94.3 s after the change. A window moves in slots of a second.
  const Checked made = checked("given release next in canary at 25%\n"
                               "feed candidate.failed 0.4% for 10m then 6%\n"
                               "expect rolled_back after 93s of the change within 96s of the "
                               "change because failed\n"
                               "expect no rolled_back within 10m");
  const TestRun done = run(made);
  CHECK(done.passed());
  CHECK(seconds_of(done, DecisionKind::rolled_back) == Approx(694.3).margin(1.5));
}

TEST_CASE("expectations are judged by time, place and reason", "[policy-tests]") {
  const char* head = "given release next in canary at 25%\nfeed candidate.latency 80ms for 5m then "
                     "400ms\n";
  const auto judged = [&](const std::string& expected) {
    const Checked made = checked(head + expected);
    return run(made).judgements[0];
  };
  // More than one in a hundred of the window is slow after 0.6 s; 30 s later it goes back.
  CHECK(judged("expect rolled_back within 32s of the change because slow").met);
  CHECK(judged("expect rolled_back in canary because latency").met);
  CHECK(judged("expect rolled_back because \"above 300ms\"").met);
  CHECK(judged("expect no alerted").met);
  CHECK(judged("expect at 0% after 6m").met);
  CHECK(judged("expect in canary at 25% after 5m").met);
  // Another expectation lets the run go on: then it is known how late it came.
  const Judgement late =
      judged("expect rolled_back within 20s of the change\nexpect at 0% after 6m");
  CHECK_FALSE(late.met);
  CHECK_THAT(late.happened, Catch::Contains("rolled_back after 5m30") &&
                                Catch::Contains("too late"));
  const Judgement reason = judged("expect rolled_back because failed");
  CHECK_FALSE(reason.met);
  CHECK_THAT(reason.happened, Catch::Contains("for another reason"));
  const Judgement place = judged("expect rolled_back in live");
  CHECK_THAT(place.happened, Catch::Contains("at another place"));
  const Judgement broken = judged("expect no rolled_back");
  CHECK_FALSE(broken.met);
  CHECK_THAT(judged("expect completed").happened, Catch::Contains("no completed in"));
  CHECK_THAT(judged("expect at 25% after 6m").happened, Catch::Contains("rolled_back"));
}

TEST_CASE("a release runs through its stages, and the source may fail", "[policy-tests]") {
  const Checked whole = checked("given release next\nfeed score 40%\n"
                                "expect in canary at 10% after 6m\n"
                                "expect in canary at 25% after 70m\nexpect completed within 3h");
  const TestRun done = run(whole);
  CHECK(done.passed());
  CHECK(done.unfed.empty());
  const Checked source = checked("given release next in canary at 25%\nfeed score 40%\n"
                                 "feed source ok for 5m then failed for 20m then ok\n"
                                 "expect held within 31s of the first change because source_error\n"
                                 "expect alerted after 20m within 21m because source_error\n"
                                 "expect resumed within 3m of the last change");
  // What lasts 30 s stays false for so long; then the 15 minutes begin.
  const TestRun failing = run(source);
  INFO(test_text(source.sources, source.compiled.policy, failing, Paint::plain, ShowLog::every));
  CHECK(failing.passed());
}

TEST_CASE("two runs decide the same, and coverage names what never fired", "[policy-tests]") {
  const Checked made = checked("given release next in canary at 25%\nfeed candidate.failed 6%\n"
                               "expect rolled_back because failed");
  const TestRun first = run(made);
  const TestRun second = run(made);
  CHECK(test_json(made.sources, made.compiled.policy, first) ==
        test_json(made.sources, made.compiled.policy, second));
  Coverage coverage{&made.compiled.plans[0], {}};
  coverage.add(first);
  CHECK(coverage.fired == std::vector<bool>{true, false, false});
  const std::string text = coverage_text(coverage, Paint::plain);
  CHECK_THAT(text, Catch::Contains("1 of 3 triggers fired") &&
                       Catch::Contains("rollback when slow for 30s") &&
                       Catch::Contains("alert when mean(candidate.score) > 80% over 1m"));
  CHECK(first.unfed == std::vector<uint32_t>{2});
  CHECK_THAT(test_text(made.sources, made.compiled.policy, first, Paint::plain, ShowLog::failed),
             Catch::Contains("ok    t"));
}
