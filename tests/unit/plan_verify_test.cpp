// verify_plan refuses each thing an evaluator or the runtime relies on.
#include <catch2/catch.hpp>
#include <functional>
#include <limits>

#include "runtime/plan/plan.h"
#include "tests/small_release.h"

namespace {

using namespace rel;

struct Break {
  std::string_view words;  // of the refusal
  std::function<void(Plan&)> change;
};

Node& root_of(Plan& plan, uint32_t predicate) {
  return plan.nodes[plan.predicates[predicate].root().value];
}

// The first node of the plan with this operator.
Node& node_with(Plan& plan, Op op) {
  for (Node& node : plan.nodes) {
    if (node.op == op) return node;
  }
  FAIL("the plan has no such node");
  return plan.nodes.front();
}

void check_each(const std::vector<Break>& breaks) {
  for (const Break& each : breaks) {
    INFO(each.words);
    Plan plan = test::small_release();
    REQUIRE(verify_plan(plan));
    each.change(plan);
    const Status status = verify_plan(plan);
    REQUIRE(!status);
    INFO(status.error().message);
    CHECK(status.error().message.find(each.words) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("identity and texts are verified", "[plan]") {
  check_each({
      {"the release has no name", [](Plan& p) { p.release.clear(); }},
      {"the salt is not", [](Plan& p) { ++p.salt; }},
      {"the pane is out of range", [](Plan& p) { p.pane_ns = 0; }},
      {"an arm has no model reference", [](Plan& p) { p.candidate.digest = {}; }},
      {"not valid UTF-8", [](Plan& p) { p.owner = "\xff"; }},
      {"not valid UTF-8", [](Plan& p) { p.strings[0] = std::string("a\0b", 3); }},
      {"not valid UTF-8", [](Plan& p) { p.strings[0] = "\xc0\x80"; }},
      {"not valid UTF-8", [](Plan& p) { p.strings[0] = "\xed\xa0\x80"; }},
      {"not valid UTF-8", [](Plan& p) { p.strings[0] = "\xf4\x90\x80\x80"; }},
      {"not valid UTF-8", [](Plan& p) { p.strings[0] = "cut \xe2\x82"; }},
      {"predicate has no text", [](Plan& p) { p.predicates[0].text = {}; }},
  });
}

TEST_CASE("the population is verified", "[plan]") {
  check_each({
      {"has no name", [](Plan& p) { p.metrics[0].name = StringId{999}; }},
      {"has the name of another", [](Plan& p) { p.metrics[1].name = p.metrics[0].name; }},
      {"has no known source",
       [](Plan& p) { p.metrics[0].source = static_cast<MetricSource>(200); }},
      {"is no duration",
       [](Plan& p) { p.metrics[test::failed].source = MetricSource::request_duration; }},
      {"has no header", [](Plan& p) { p.metrics[0].source = MetricSource::response_header; }},
      {"histogram out of range", [](Plan& p) { p.metrics[0].histogram.exponent_min = -3000; }},
      {"does not own its values", [](Plan& p) { p.segments[0].values.count = 40; }},
      {"does not own its cells", [](Plan& p) { p.segments[0].cell_first = 0; }},
      {"repeats a value", [](Plan& p) { p.segment_values[1] = p.segment_values[0]; }},
      {"number of cells", [](Plan& p) { p.cell_count = 100; }},
  });
}

TEST_CASE("windows, counts and the frame are verified", "[plan]") {
  check_each({
      {"wrong number of slots", [](Plan& p) { p.windows[0].slots += 1; }},
      {"slots that are not whole panes", [](Plan& p) { p.windows[0].slot_ns += 1; }},
      {"is out of range", [](Plan& p) { p.windows[0].length_ns = -1; }},
      {"counts no known metric", [](Plan& p) { p.trackers[0].metric = MetricId{77}; }},
      {"has no window", [](Plan& p) { p.trackers[0].window = WindowId{}; }},
      {"has no known form", [](Plan& p) { p.trackers[0].histogram = 2; }},
      {"has no tracker", [](Plan& p) { p.aggregates[0].tracker = TrackerId{99}; }},
      {"no known function", [](Plan& p) { p.aggregates[0].fn = static_cast<AggregateFn>(99); }},
      {"quantile out of range",
       [](Plan& p) { p.aggregates[0].quantile = std::numeric_limits<double>::quiet_NaN(); }},
      {"does not own its frame", [](Plan& p) { p.aggregates[1].frame_first += 1; }},
      {"has no cells", [](Plan& p) { p.aggregates[0].cell_count = 0; }},
      {"has no cells", [](Plan& p) { p.aggregates[0].cell_first = p.cell_count; }},
      {"has no cells", [](Plan& p) { p.aggregates[0].cell_count = 0xffffffff; }},
      {"size of the frame", [](Plan& p) { p.frame_size += 1; }},
  });
}

TEST_CASE("expressions are verified", "[plan]") {
  check_each({
      {"has no known operator", [](Plan& p) { p.nodes[0].op = static_cast<Op>(200); }},
      {"loads no aggregate", [](Plan& p) { node_with(p, Op::load).a = 999; }},
      {"is not a finite number",
       [](Plan& p) {
         node_with(p, Op::constant).constant = std::numeric_limits<double>::infinity();
       }},
      {"does not stand before it", [](Plan& p) { root_of(p, 0).a = p.predicates[0].root().value; }},
      {"does not stand before it", [](Plan& p) { root_of(p, 0).a = 0xffffffff; }},
      {"is the root but no verdict", [](Plan& p) { root_of(p, 0).op = Op::add; }},
      {"operand of the wrong type", [](Plan& p) { root_of(p, 0).op = Op::logical_and; }},
      {"no nodes of its own", [](Plan& p) { p.predicates[0].nodes.count = 0; }},
      {"no nodes of its own", [](Plan& p) { p.predicates[0].nodes.first = 5; }},
      {"no predicate or no duration", [](Plan& p) {
         p.sustains.push_back({PredicateId{0}, 0});
       }},
      {"reads a sustain before its input is known",
       [](Plan& p) {
         p.sustains.push_back({PredicateId{0}, test::second});
         root_of(p, 0) = Node{.op = Op::sustained,
                              .a = static_cast<uint32_t>(p.sustains.size() - 1)};
       }},
  });
}

TEST_CASE("the stage machine and the way back are verified", "[plan]") {
  check_each({
      {"has no known action",
       [](Plan& p) { p.triggers[0].action = static_cast<TriggerAction>(7); }},
      {"has no known stage", [](Plan& p) { p.triggers[0].stage = StageId{50}; }},
      {"has no predicate", [](Plan& p) { p.triggers[0].baseline_when = PredicateId{500}; }},
      {"is not sustained as it says", [](Plan& p) { p.triggers[0].sustain = SustainId{40}; }},
      {"raises exposure outside a stage",
       [](Plan& p) {
         p.triggers[0].action = TriggerAction::promote;
         p.triggers[0].stage = {};
         p.triggers[0].baseline_when = {};
       }},
      {"it has no stage", [](Plan& p) { p.stages.clear(); }},
      {"does not own its steps", [](Plan& p) { p.stages[0].steps.count = 100; }},
      {"shares that do not fit", [](Plan& p) { p.steps[0].share_millionths = 2'000'000; }},
      {"shares that do not fit", [](Plan& p) { p.stages[0].mirror_millionths = 1; }},
      {"a limit without its end",
       [](Plan& p) {
         p.stages[0].at_most_ns = test::second;
         p.stages[0].otherwise = Otherwise::none;
       }},
      {"has a time out of range", [](Plan& p) { p.stages[0].soak_ns = -1; }},
      {"rolls back before there is any data",
       [](Plan& p) { p.unknown[1].action = UnknownAction::rollback; }},
      {"has no known action",
       [](Plan& p) { p.unknown[0].then = static_cast<UnknownAction>(3); }},
      {"the way back is out of range", [](Plan& p) { p.cooldown_ns = -5; }},
      {"an argument has no action", [](Plan& p) { p.arguments.push_back(StringId{0}); }},
      {"is replaced where it does not act",
       [](Plan& p) {
         p.triggers[0].stage = StageId{0};
         p.triggers[0].replaced_in = 1;
       }},
      {"is replaced where it does not act", [](Plan& p) { p.triggers[0].replaced_in = 1u << 9; }},
      {"shares that do not fit", [](Plan& p) { p.stages[0].kind = StageKind::blue_green; }},
      {"waits for what it cannot", [](Plan& p) { p.stages[0].watch_ns = test::second; }},
      {"waits for what it cannot", [](Plan& p) { p.stages[0].step_samples_min = 1; }},
      {"waits for what it cannot", [](Plan& p) { p.stages[0].step_samples = AggregateId{0}; }},
      {"the way back is out of range", [](Plan& p) { p.observe_only = 2; }},
  });
}

TEST_CASE("the calendar is verified", "[plan]") {
  // A zone with two changes and a window in it, then one thing broken.
  const auto broken = [](void (*change)(Plan&)) {
    Plan plan = test::small_release();
    plan.zones.push_back({.name = plan.stages[0].name, .changes = {0, 2}});
    plan.zone_changes = {{.at_s = 100, .offset_s = 3600}, {.at_s = 200, .offset_s = 0}};
    plan.increase_windows.push_back({.weekdays = 1, .to_minute = 60, .zone = ZoneId{0},
                                     .text = plan.stages[0].name});
    plan.increase = {0, 1};
    if (Status whole = verify_plan(plan); !whole) return whole.error().message;
    change(plan);
    const Status verified = verify_plan(plan);
    return verified ? std::string("nothing is refused") : verified.error().message;
  };
  const std::pair<const char*, void (*)(Plan&)> rows[] = {
      {"has changes out of order", [](Plan& p) { p.zone_changes[1].at_s = 100; }},
      {"has changes out of order", [](Plan& p) { p.zone_changes[0].offset_s = 100'000; }},
      {"does not own its changes", [](Plan& p) { p.zones[0].changes.count = 3; }},
      {"change of a time zone has no zone", [](Plan& p) { p.zones[0].changes.count = 1; }},
      {"time zone 0 is out of range", [](Plan& p) { p.zones[0].first_offset_s = -100'000; }},
      {"has no known form",
       [](Plan& p) { p.increase_windows[0].days = static_cast<IncreaseDays>(3); }},
      {"covers no time", [](Plan& p) { p.increase_windows[0].weekdays = 0; }},
      {"covers no time", [](Plan& p) { p.increase_windows[0].to_minute = 0; }},
      {"covers no time", [](Plan& p) { p.increase_windows[0].to_minute = 1441; }},
      {"covers no time",
       [](Plan& p) {
         p.increase_windows[0].days = IncreaseDays::yearly;
         p.increase_windows[0].first = 230;
         p.increase_windows[0].last = 301;
       }},
      {"has no time zone", [](Plan& p) { p.increase_windows[0].zone = ZoneId{1}; }},
      {"has no text", [](Plan& p) { p.increase_windows[0].text = StringId{}; }},
      {"the release has no calendar", [](Plan& p) { p.increase.count = 2; }},
      {"stage 0 has no calendar", [](Plan& p) { p.stages[0].increase = {1, 1}; }},
  };
  for (const auto& [reason, change] : rows) CHECK_THAT(broken(change), Catch::Contains(reason));
}
