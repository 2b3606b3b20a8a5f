// Event lines to observations: what is taken, what is refused and why, what is counted.
#include <catch2/catch.hpp>

#include "runtime/sources/event_decoder.h"
#include "runtime/sources/seen_ids.h"

using namespace rel;

namespace {

StringId text(Plan& plan, std::string value) {
  plan.strings.push_back(std::move(value));
  return StringId{static_cast<uint32_t>(plan.strings.size() - 1)};
}

// latency (duration), failed (flag), score (ratio), size (bytes); region in { eu, us }.
Plan scorer() {
  Plan plan;
  const auto metric = [&](const char* name, MetricKind kind, PlanUnit unit) {
    Metric row;
    row.name = text(plan, name);
    row.kind = kind;
    row.unit = unit;
    plan.metrics.push_back(row);
  };
  metric("latency", MetricKind::duration, PlanUnit::seconds);
  metric("failed", MetricKind::flag, PlanUnit::ratio);
  metric("score", MetricKind::value, PlanUnit::ratio);
  metric("size", MetricKind::value, PlanUnit::bytes);
  Segment region;
  region.name = text(plan, "region");
  plan.segment_values = {text(plan, "eu"), text(plan, "us")};
  region.values = {0, 2};
  region.cell_first = 1;
  plan.segments.push_back(region);
  return plan;
}

constexpr const char* head =
    R"("type":"observation","time":"2026-03-01T12:00:00.123Z","variant":"candidate")";

struct Fixture {
  Plan plan = scorer();
  EventDecoder decoder{plan};

  const DecodedEvent& with(const std::string& fields) {
    return decoder.decode("{" + std::string(head) + (fields.empty() ? "" : ",") + fields + "}");
  }
  std::string reason(const std::string& fields) {
    const DecodedEvent& event = with(fields);
    return event.kind == EventKind::rejected ? event.reason : "(taken)";
  }
};

bool has(const Observation& observation, uint32_t metric) {
  return (observation.present >> metric & 1) != 0;
}

}  // namespace

TEST_CASE("a full observation") {
  Fixture f;
  const DecodedEvent& event =
      f.with(R"("id":"r1","lane":"live","unit":"u-7","segment":{"region":"us"},)"
             R"("latency":0.0123,"failed":true,"score":0.93,"size":1024)");
  REQUIRE(event.kind == EventKind::observation);
  const Observation& seen = event.observation;
  CHECK(seen.time_ns == 1772366400'123'000'000);
  CHECK(seen.arm == LaneArm::candidate_live);
  CHECK(seen.segment[0] == 1);
  CHECK(seen.present == 0b1111);
  CHECK(seen.value[0] == 0.0123);
  CHECK(seen.value[1] == 1);
  CHECK(seen.value[2] == 0.93);
  CHECK(seen.value[3] == 1024);
  CHECK(f.decoder.counters().observations == 1);
}

TEST_CASE("quantities may be strings with a unit") {
  Fixture f;
  const auto value = [&](const std::string& field, uint32_t metric) {
    const DecodedEvent& event = f.with(field);
    CHECK(event.reason == "");
    REQUIRE(has(event.observation, metric));
    return event.observation.value[metric];
  };
  CHECK(value(R"("latency":"12.3ms")", 0) == 0.0123);
  CHECK(value(R"("latency":"1m30s")", 0) == 90);
  CHECK(value(R"("latency":"250us")", 0) == 0.00025);
  CHECK(value(R"("score":"93%")", 2) == 0.93);
  CHECK(value(R"("size":"4kB")", 3) == 4000);
  CHECK(value(R"("size":"1MiB")", 3) == 1048576);
  CHECK(value(R"("size":"-3B")", 3) == -3);
}

TEST_CASE("an ill-typed field refuses the line with a reason") {
  Fixture f;
  CHECK(f.reason(R"("latency":"12.3")") ==
        "`latency` is \"12.3\"; it must be a number of seconds or a string such as \"12.3ms\"");
  CHECK(f.reason(R"("latency":"12.3 ms")") != "(taken)");
  CHECK(f.reason(R"("latency":"30s1m")") != "(taken)");  // large to small
  CHECK(f.reason(R"("latency":"1e999s")") != "(taken)");
  CHECK(f.reason(R"("latency":"NaN")") != "(taken)");
  CHECK(f.reason(R"("latency":"infs")") != "(taken)");
  CHECK(f.reason(R"("latency":-0.5)") == "`latency` is negative; a duration is not");
  CHECK(f.reason(R"("latency":null)") ==
        "`latency` is null; it must be a number of seconds or a string such as \"12.3ms\"");
  CHECK(f.reason(R"("failed":1)") == "`failed` is a number; it must be true or false");
  CHECK(f.reason(R"("score":[1])") != "(taken)");
  CHECK(f.reason(R"("segment":"eu")") == "`segment` is a string; it must be an object");
  CHECK(f.reason(R"("segment":{"region":3})") ==
        "`segment.region` is a number; it must be a string");
  CHECK(f.reason(R"("id":true)") == "`id` is true or false; it must be a string");
  CHECK(f.reason(R"("id":"")") == "`id` is empty");
  CHECK(f.reason(R"("lane":"dark")") == "`lane` must be \"live\" or \"shadow\"");
  CHECK(f.reason(R"("latency":1,"latency":2)") == "`latency` stands twice");
  CHECK(f.decoder.counters().observations == 0);
  CHECK(f.decoder.counters().rejected == f.decoder.counters().lines);
}

TEST_CASE("NaN and infinities are not JSON, and too large numbers are refused") {
  Fixture f;
  for (const char* bad : {"NaN", "Infinity", "-Infinity", "1e999", "nan"}) {
    CHECK(f.reason(std::string("\"latency\":") + bad) != "(taken)");
  }
}

TEST_CASE("what must be there is asked for by name") {
  Fixture f;
  const auto reason = [&](const std::string& line) { return f.decoder.decode(line).reason; };
  CHECK(reason(R"({"time":"2026-03-01T12:00:00Z"})") == "there is no `type`");
  CHECK(reason(R"({"type":"observation","variant":"baseline"})") == "there is no `time`");
  CHECK(reason(R"({"type":"observation","time":"2026-03-01T12:00:00Z"})") ==
        "there is no `variant`: \"baseline\" or \"candidate\"");
  CHECK(reason(R"({"type":"observation","time":"yesterday","variant":"baseline"})") ==
        "`time` is \"yesterday\"; it must be RFC 3339, such as \"2026-03-01T12:00:00.123Z\"");
  CHECK(reason(R"({"type":"trace","time":"2026-03-01T12:00:00Z"})") ==
        "`type` is \"trace\"; it must be \"observation\", \"label\" or \"source\"");
  CHECK(reason("[1,2]") == "the line is an array, not a JSON object");
  CHECK(reason("{\"type\":").starts_with("not one JSON object: "));
  CHECK(reason("{} {}").starts_with("not one JSON object: "));
  CHECK(reason("\xff\xfe{}").starts_with("not one JSON object: "));
  CHECK(reason(std::string(limits::event_bytes_max + 1, ' ') + "{}") ==
        "the line is longer than 65536 bytes");
}

TEST_CASE("a shadow is the candidate's, in a lane of its own") {
  Fixture f;
  CHECK(f.with(R"("lane":"shadow")").observation.arm == LaneArm::candidate_shadow);
  CHECK(f.decoder
            .decode(R"({"type":"observation","time":"2026-03-01T12:00:00Z","lane":"shadow",)"
                    R"("variant":"baseline"})")
            .reason == "a shadow is the candidate's; this one says \"baseline\"");
}

TEST_CASE("a label is bound to its metric and what it is about, and keys leave as hashes") {
  Fixture f;
  f.plan.metrics[0].per = SampleUnit::label;
  const std::string head = R"({"type":"label","time":"2026-03-02T08:00:00Z",)";
  const std::string name(f.plan.text(f.plan.metrics[0].name));
  const bool flag = f.plan.metrics[0].kind == MetricKind::flag;
  const std::string value = flag ? "true" : "1";
  const auto label = [&](const std::string& rest) -> const DecodedEvent& {
    return f.decoder.decode(head + rest + R"("name":")" + name + R"(","value":)" + value + "}");
  };
  const DecodedEvent& event = label(R"("prediction_id":"r1",)");
  REQUIRE(event.kind == EventKind::label);
  CHECK(event.label.metric == 0);
  CHECK(event.label.value == 1);
  CHECK(event.label.id != 0);
  CHECK(event.label.user == 0);
  const uint64_t id = event.label.id;
  CHECK(label(R"("id":"r1","unit":"u-7",)").label.id == id);
  CHECK(label(R"("id":"r1","unit":"u-7",)").label.user != 0);
  CHECK(label("").kind == EventKind::label);
  CHECK(label("").label.id == 0);
  CHECK(f.decoder.counters().labels == 5);
  const auto refusal = [&](const std::string& line) { return f.decoder.decode(line).reason; };
  CHECK(refusal(head + R"("id":"r1","value":true})") ==
        "there is no `name`: the metric that the label is of");
  CHECK(refusal(head + R"("id":"r1","name":")" + name + "\"}") == "there is no `value`");
  // Another policy reads the same stream.
  CHECK(f.decoder.decode(head + R"("id":"r1","name":"other","value":1})").kind ==
        EventKind::blank);
  const std::string second_name(f.plan.text(f.plan.metrics[1].name));
  const std::string second = f.plan.metrics[1].kind == MetricKind::flag ? "true" : "1";
  CHECK(refusal(head + R"("id":"r1","name":")" + second_name + R"(","value":)" + second + "}") ==
        "`" + second_name + "` is counted per request; its value comes with the observation");
}

TEST_CASE("unknown fields are ignored and counted; values outside a segment are `other`") {
  Fixture f;
  const DecodedEvent& event =
      f.with(R"("colour":"red","nested":{"a":[1]},"segment":{"region":"mars","age":"18-25"})");
  REQUIRE(event.kind == EventKind::observation);
  CHECK(event.observation.segment[0] == 2);
  CHECK(f.decoder.counters().unknown_fields == 3);
  CHECK(f.decoder.counters().other_segments == 1);
  CHECK(f.with("").observation.segment[0] == 2);  // no segment at all
}

TEST_CASE("a source says that it failed and that it came back") {
  Fixture f;
  const DecodedEvent& failed = f.decoder.decode(
      R"({"type":"source","time":"2026-03-01T12:00:00Z","ok":false,"reason":"timed out"})");
  REQUIRE(failed.kind == EventKind::source);
  CHECK_FALSE(failed.source_ok);
  CHECK(failed.reason == "timed out");
  const DecodedEvent& back =
      f.decoder.decode(R"({"type":"source","time":"2026-03-01T12:00:01Z","ok":true})");
  CHECK(back.source_ok);
  CHECK(f.decoder.decode(R"({"type":"source","time":"2026-03-01T12:00:01Z"})").reason ==
        "there is no `ok`: true or false");
}

TEST_CASE("a CloudEvents envelope is unwrapped") {
  Fixture f;
  const auto in_envelope = [&](const std::string& version, const std::string& data) {
    return f.decoder.decode(R"({"specversion":")" + version +
                            R"(","id":"e1","source":"/gw","type":"com.example.scored","data":)" +
                            data + "}");
  };
  const std::string data = "{" + std::string(head) + R"(,"id":"r9","latency":0.5})";
  const DecodedEvent event = in_envelope("1.0", data);
  REQUIRE(event.kind == EventKind::observation);
  CHECK(event.observation.value[0] == 0.5);
  CHECK(in_envelope("0.3", data).reason == "`specversion` must be \"1.0\"");
  CHECK(in_envelope("1.0", "\"text\"").reason ==
        "a CloudEvents envelope must carry the event as a JSON object in `data`");
}

TEST_CASE("the same id, lane and variant is counted once") {
  Fixture f;
  const auto kind = [&](const char* time, const char* variant, const char* fields) {
    return f.decoder
        .decode(std::string(R"({"type":"observation","time":"2026-03-01T)") + time +
                R"(Z","variant":")" + variant + "\"," + fields + "}")
        .kind;
  };
  const char* id = R"("id":"r1")";
  CHECK(kind("12:00:00", "candidate", id) == EventKind::observation);
  CHECK(kind("12:00:00", "candidate", id) == EventKind::duplicate);
  CHECK(kind("12:10:00", "candidate", id) == EventKind::duplicate);
  CHECK(kind("12:10:01", "candidate", id) == EventKind::observation);
  CHECK(kind("12:10:01", "baseline", id) == EventKind::observation);
  CHECK(kind("12:10:01", "candidate", R"("id":"r1","lane":"shadow")") == EventKind::observation);
  CHECK(f.decoder.counters().duplicates == 2);
  // Without an id nothing can be recognised.
  CHECK(kind("12:00:00", "baseline", R"("failed":false)") == EventKind::observation);
  CHECK(kind("12:00:00", "baseline", R"("failed":false)") == EventKind::observation);
  CHECK(f.decoder.counters().without_id == 2);
}

TEST_CASE("ids of different arms are never taken for each other") {
  Fixture f;
  for (int i = 0; i < 4000; ++i) {
    const bool candidate = i % 2 == 1;
    const std::string id = std::to_string(i % 4 < 2 ? 6 : 7) + "-" + std::to_string(i / 4);
    CHECK(f.decoder
              .decode(R"({"type":"observation","time":"2026-03-01T12:00:00Z","variant":")" +
                      std::string(candidate ? "candidate" : "baseline") + R"(","id":")" + id +
                      "\"}")
              .kind == EventKind::observation);
  }
}

TEST_CASE("every alias of `id` names the request") {
  for (const char* alias : {"request_id", "inference_id", "prediction_id"}) {
    Fixture f;
    const std::string field = std::string("\"") + alias + R"(":"r1")";
    CHECK(f.with(R"("id":"r1")").kind == EventKind::observation);
    CHECK(f.with(field).kind == EventKind::duplicate);
    CHECK(f.reason(field + R"(,"id":"r2")") != "(taken)");
  }
}

TEST_CASE("a refused line does not use up its id") {
  Fixture f;
  CHECK(f.with(R"("id":"r1","latency":"x")").kind == EventKind::rejected);
  CHECK(f.with(R"("id":"r1","latency":1)").kind == EventKind::observation);
}

TEST_CASE("a blank line is nothing") {
  Fixture f;
  CHECK(f.decoder.decode("").kind == EventKind::blank);
  CHECK(f.decoder.decode("  \r").kind == EventKind::blank);
  CHECK(f.decoder.counters().lines == 0);
}

TEST_CASE("remembered ids are bounded, and what is forgotten too early is counted") {
  SeenIds seen(600, 100);
  for (uint64_t i = 0; i < 150; ++i) CHECK_FALSE(seen.seen_before({i, 0}, 1000));
  CHECK(seen.size() == 100);
  CHECK(seen.overflow() == 50);
  CHECK(seen.seen_before({149, 0}, 1000));
  CHECK_FALSE(seen.seen_before({0, 0}, 1000));  // forgotten
}

TEST_CASE("ids past their horizon leave without overflow; one wild time empties nothing") {
  SeenIds seen(600, 100);
  for (uint64_t i = 0; i < 90; ++i) seen.seen_before({i, 0}, 1000);
  seen.seen_before({1000, 0}, int64_t{1} << 60);
  CHECK(seen.seen_before({50, 0}, 1000));
  for (uint64_t i = 2000; i < 2100; ++i) seen.seen_before({i, 0}, 2000);
  CHECK(seen.size() <= 101);
  CHECK(seen.overflow() == 1);  // the wild one, which is still ahead of its horizon
}
