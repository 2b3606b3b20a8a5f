// Decisions as people and programs read them.
#include <catch2/catch.hpp>

#include "runtime/base/time_text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

using namespace rel;

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t noon = 1772366400 * second;  // 2026-03-01T12:00:00Z

// One stage; one trigger over the comparison that a test builds.
struct Policy {
  Plan plan;
  Decision decision;

  Policy() {
    plan.release = "checkout";
    plan.stages.push_back({.name = text("canary"), .at_most_ns = 28 * 86400 * second,
                           .otherwise_reason = text("never agreed")});
    decision.time_ns = noon;
    decision.kind = DecisionKind::rolled_back;
    decision.reason = Reason::trigger_true;
    decision.stage = StageId{0};
  }

  StringId text(std::string value) {
    plan.strings.push_back(std::move(value));
    return StringId{static_cast<uint32_t>(plan.strings.size() - 1)};
  }
  uint32_t node(Node row) {
    plan.nodes.push_back(row);
    return static_cast<uint32_t>(plan.nodes.size() - 1);
  }
  uint32_t number(double value) { return node({.op = Op::constant, .constant = value}); }
  // A number of the policy, quoted by the decision.
  uint32_t load(const char* expr, PlanUnit unit, double value, uint64_t samples,
                uint8_t causes = 0, AggregateFn fn = AggregateFn::quantile, uint32_t cell = 0) {
    const AggregateId id{static_cast<uint32_t>(plan.aggregates.size())};
    plan.aggregates.push_back({.fn = fn, .samples_min = 100, .unit = unit, .text = text(expr)});
    decision.evidence[decision.evidence_count++] = {
        .aggregate = id, .cell = cell, .value = value, .samples = samples, .causes = causes};
    return node({.op = Op::load, .a = id.value});
  }
  PredicateId predicate(const char* as_written) {
    const uint32_t first = plan.predicates.empty() ? 0 : plan.predicates.back().nodes.end();
    const uint32_t count = static_cast<uint32_t>(plan.nodes.size()) - first;
    plan.predicates.push_back({.nodes = {first, count}, .text = text(as_written)});
    return PredicateId{static_cast<uint32_t>(plan.predicates.size() - 1)};
  }
  // `condition` is what has been built so far.
  void trigger(const char* statement, int64_t for_ns = 0) {
    Trigger row;
    row.condition = predicate("the condition");
    row.when = row.condition;
    row.text = text(statement);
    if (for_ns > 0) {
      plan.sustains.push_back({.input = row.condition, .duration_ns = for_ns});
      row.sustain = SustainId{0};
      node({.op = Op::sustained, .a = 0});
      row.when = predicate("sustained");
      decision.since_ns = decision.time_ns - for_ns;
    }
    plan.triggers.push_back(row);
    decision.trigger = TriggerId{0};
  }
  std::string because() const { return because_text(plan, decision); }
};

// p99(candidate.latency) over 5s > 400ms, with 512 ms seen.
Policy slow(int64_t for_ns = 2 * second) {
  Policy p;
  const uint32_t left = p.load("p99(candidate.latency) over 5s", PlanUnit::seconds, 0.512, 1024);
  const uint32_t right = p.number(0.4);
  p.node({.op = Op::gt, .a = left, .b = right});
  p.trigger("rollback when slow(limit: 400ms) for 2s", for_ns);
  return p;
}

}  // namespace

TEST_CASE("a true comparison says both sides, how long, and how many samples") {
  CHECK(slow().because() ==
        "p99(candidate.latency) over 5s was 512ms, above 400ms, for 2s (1,024 samples)");
  CHECK(slow(0).because() ==
        "p99(candidate.latency) over 5s was 512ms, above 400ms (1,024 samples)");
}

TEST_CASE("a limit that is made of the other arm's number shows it") {
  Policy p;
  const uint32_t left = p.load("rate(candidate.failed) over 10s", PlanUnit::ratio, 0.06, 500);
  const uint32_t baseline = p.load("rate(baseline.failed) over 10s", PlanUnit::ratio, 0.004, 4500);
  const uint32_t points = p.number(0.02);
  const uint32_t limit = p.node({.op = Op::add, .a = baseline, .b = points});
  p.node({.op = Op::gt, .a = left, .b = limit});
  p.trigger("rollback when failing");
  CHECK(p.because() ==
        "rate(candidate.failed) over 10s was 6%, above 2.4% "
        "(rate(baseline.failed) over 10s was 0.4%) (500 samples)");
}

TEST_CASE("of several comparisons those that hold are told") {
  Policy p;
  const uint32_t a = p.load("p99(candidate.latency) over 5s", PlanUnit::seconds, 0.512, 900);
  const uint32_t limit = p.number(0.4);
  const uint32_t first = p.node({.op = Op::gt, .a = a, .b = limit});
  const uint32_t b = p.load("rate(candidate.failed) over 5s", PlanUnit::ratio, 0.001, 900);
  const uint32_t share = p.number(0.02);
  const uint32_t second_one = p.node({.op = Op::gt, .a = b, .b = share});
  SECTION("or: the false side is left out") {
    p.node({.op = Op::logical_or, .a = first, .b = second_one});
    p.trigger("rollback when slow or failing");
    CHECK(p.because() == "p99(candidate.latency) over 5s was 512ms, above 400ms (900 samples)");
  }
  SECTION("not: told as what it is") {
    const uint32_t denied = p.node({.op = Op::logical_not, .a = second_one});
    p.node({.op = Op::logical_and, .a = first, .b = denied});
    p.trigger("hold when slow and not failing");
    CHECK(p.because() ==
          "p99(candidate.latency) over 5s was 512ms, above 400ms (900 samples) and "
          "rate(candidate.failed) over 5s was 0.1%, at or below 2% (900 samples)");
  }
}

TEST_CASE("a constant on the left reads from the right") {
  Policy p;
  const uint32_t limit = p.number(1000);
  const uint32_t count = p.load("samples(candidate) over stage", PlanUnit::requests, 1234, 1234, 0,
                                AggregateFn::samples);
  p.node({.op = Op::le, .a = limit, .b = count});
  p.trigger("promote when 1000 <= samples(candidate)");
  p.decision.kind = DecisionKind::promoted;
  p.decision.reason = Reason::stage_complete;
  CHECK(p.because() ==
        "stage canary is complete; samples(candidate) over stage was 1,234, at or above 1,000");
}

TEST_CASE("values that round to the limit are told to the last digit") {
  Policy p;
  const uint32_t left = p.load("mean(candidate.latency) over 5s", PlanUnit::seconds, 0.40001, 200);
  const uint32_t right = p.number(0.4);
  p.node({.op = Op::gt, .a = left, .b = right});
  p.trigger("rollback when slow");
  CHECK(p.because() ==
        "mean(candidate.latency) over 5s was 400.01ms, above 400ms (200 samples)");
}

TEST_CASE("a ratio of numbers lists them") {
  Policy p;
  const uint32_t a = p.load("p99(candidate.latency) over 5s", PlanUnit::seconds, 0.6, 900);
  const uint32_t b = p.load("p99(baseline.latency) over 5s", PlanUnit::seconds, 0.3, 900);
  const uint32_t quotient = p.node({.op = Op::div, .a = a, .b = b});
  const uint32_t limit = p.number(1.5);
  p.node({.op = Op::gt, .a = quotient, .b = limit});
  p.trigger("rollback when p99(candidate.latency) / p99(baseline.latency) > 1.5");
  CHECK(p.because() ==
        "p99(candidate.latency) over 5s was 600ms, p99(baseline.latency) over 5s was 300ms");
}

TEST_CASE("in any: the segment value is named") {
  Policy p;
  Segment region{.name = p.text("region"), .values = {0, 2}, .cell_first = 1};
  p.plan.segment_values = {p.text("eu"), p.text("us")};
  p.plan.segments.push_back(region);
  const uint32_t left = p.load("rate(candidate.failed) over 5s", PlanUnit::ratio, 0.5, 120, 0,
                               AggregateFn::rate, 2);
  const uint32_t right = p.number(0.02);
  const uint32_t body = p.node({.op = Op::gt, .a = left, .b = right});
  p.node({.op = Op::fold_any, .a = body, .b = 2});
  p.trigger("rollback when failing in any region");
  CHECK(p.because() ==
        "rate(candidate.failed) over 5s in region us was 50%, above 2% (120 samples)");
}

TEST_CASE("unknown says which number is not known and why") {
  const auto because = [](uint8_t cause, uint64_t samples) {
    Policy p;
    const uint32_t left =
        p.load("rate(candidate.failed) over 10s", PlanUnit::ratio, 0, samples, cause);
    const uint32_t right = p.number(0.02);
    p.node({.op = Op::gt, .a = left, .b = right});
    p.trigger("rollback when failing");
    p.decision.kind = DecisionKind::held;
    p.decision.reason = Reason::trigger_unknown;
    p.decision.cause = cause;
    return p.because();
  };
  CHECK(because(cause_no_data, 0) == "no data on rate(candidate.failed) over 10s");
  CHECK(because(cause_insufficient, 12) ==
        "too little data on rate(candidate.failed) over 10s: 12 samples, 100 needed");
  CHECK(because(cause_source_error, 0) ==
        "the source of rate(candidate.failed) over 10s is failing");
}

TEST_CASE("a sustained condition that has not been watched for long enough says so") {
  Policy p = slow();
  p.decision.kind = DecisionKind::held;
  p.decision.reason = Reason::trigger_unknown;
  p.decision.cause = cause_insufficient;
  CHECK(p.because() == "the condition has not been watched for 2s yet");
}

TEST_CASE("reasons without a trigger") {
  Policy p;
  p.decision.kind = DecisionKind::withdrawn;
  p.decision.reason = Reason::stage_overdue;
  CHECK(p.because() == "stage canary was not complete after 28d: never agreed");
  p.decision.kind = DecisionKind::resumed;
  p.decision.reason = Reason::nothing_holds;
  p.decision.since_ns = noon - 12'300'000'000;
  CHECK(p.because() == "nothing holds the release any more; it was held for 12.3s");
}

TEST_CASE("the decision log line is the contract other programs read") {
  Policy p = slow();
  CHECK(decision_json(p.plan, p.decision) ==
        R"({"time":"2026-03-01T12:00:00.000Z","release":"checkout","kind":"rolled_back",)"
        R"("stage":"canary","share":0,"rule":"rollback when slow(limit: 400ms) for 2s",)"
        R"("because":"p99(candidate.latency) over 5s was 512ms, above 400ms, for 2s )"
        R"x((1,024 samples)","actor":"relc",)x"
        R"("evidence":[{"expr":"p99(candidate.latency) over 5s",)"
        R"("value":0.512,"unit":"s","samples":1024,"unknown":null}]})");
}

TEST_CASE("an unknown number has no value in the log, and no rule is null") {
  Policy p;
  p.load("rate(candidate.failed) over 10s", PlanUnit::ratio, 0, 0, cause_no_data);
  p.decision.reason = Reason::release_started;
  p.decision.kind = DecisionKind::stage_entered;
  p.decision.share_millionths = 5'000;
  CHECK(decision_json(p.plan, p.decision) ==
        R"({"time":"2026-03-01T12:00:00.000Z","release":"checkout","kind":"stage_entered",)"
        R"("stage":"canary","share":0.005,"rule":null,"because":"the release starts",)"
        R"("actor":"relc","evidence":[{"expr":"rate(candidate.failed) over 10s","value":null,)"
        R"("unit":"ratio","samples":0,"unknown":"no_data"}]})");
}

TEST_CASE("the line for people") {
  Policy p = slow();
  CHECK(decision_line(p.plan, p.decision) ==
        "2026-03-01T12:00:00.000Z  rolled_back         canary         0%  "
        "p99(candidate.latency) over 5s was 512ms, above 400ms, for 2s (1,024 samples)  "
        "[rollback when slow(limit: 400ms) for 2s]");
}

TEST_CASE("JSON strings escape what JSON asks for and mend what is not UTF-8") {
  CHECK(json_string("a\"b\\c\n\x01") == R"("a\"b\\c\u000a\u0001")");
  CHECK(json_string("h\xc3\xa9 \xf0\x9f\x98\x80") == "\"h\xc3\xa9 \xf0\x9f\x98\x80\"");
  CHECK(json_string("\xff\xc3(") == "\"\xef\xbf\xbd\xef\xbf\xbd(\"");
  CHECK(json_string("\xed\xa0\x80") ==
        "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // a surrogate
}

TEST_CASE("quantities as people write them") {
  CHECK(quantity_text(0.0123, PlanUnit::seconds) == "12.3ms");
  CHECK(quantity_text(0.99999, PlanUnit::seconds) == "1s");
  CHECK(quantity_text(0.00025, PlanUnit::seconds) == "250us");
  CHECK(quantity_text(0, PlanUnit::seconds) == "0s");
  CHECK(quantity_text(0.0042, PlanUnit::ratio) == "0.42%");
  CHECK(quantity_text(0.02, PlanUnit::points) == "2pp");
  CHECK(quantity_text(1234567, PlanUnit::number) == "1,234,567");
  CHECK(quantity_text(-1234, PlanUnit::number) == "-1,234");
  CHECK(quantity_text(4096, PlanUnit::bytes) == "4.096kB");
  CHECK(quantity_text(12, PlanUnit::bytes) == "12B");
  CHECK(quantity_text(120, PlanUnit::per_second) == "120/s");
  CHECK(quantity_text(1.25, PlanUnit::usd) == "1.25 usd");
}

TEST_CASE("times are RFC 3339 and read back") {
  CHECK(rfc3339_text(noon + 123'456'789) == "2026-03-01T12:00:00.123Z");
  CHECK(rfc3339_text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339_text(1709208000 * second) == "2024-02-29T12:00:00.000Z");
  CHECK(parse_rfc3339("2026-03-01T12:00:00.123456789Z") == noon + 123'456'789);
  CHECK(parse_rfc3339("2026-03-01T14:00:00+02:00") == noon);
  CHECK(parse_rfc3339("2026-03-01T07:30:00-04:30") == noon);
  for (const char* bad : {"2026-03-01", "2026-03-01T12:00:00", "2026-02-29T12:00:00Z",
                          "2026-03-01T24:00:00Z", "2026-03-01T12:00:60Z", "2026-03-01T12:00:00.Z",
                          "2026-03-01T12:00:00Z ", "2026-3-01T12:00:00Z", "",
                          "1969-12-31T23:59:59Z"}) {
    CHECK_FALSE(parse_rfc3339(bad));
  }
}

TEST_CASE("durations as policies write them") {
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(350'000'000) == "350ms");
  CHECK(duration_text(2 * second) == "2s");
  CHECK(duration_text(2'500'000'000) == "2.5s");
  CHECK(duration_text(90 * second) == "1m30s");
  CHECK(duration_text(28 * 86400 * second) == "28d");
  CHECK(duration_text(-5 * second) == "-5s");
  CHECK(duration_text(1500) == "1.5us");
}
