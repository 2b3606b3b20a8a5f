// Builds the smallest release that verify_plan accepts around given expressions.
#include "tests/differential/plan_builder.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace rel::test {

PlanBuilder::PlanBuilder() {
  plan_.release = "evaluated";
  plan_.model = "model";
  plan_.owner = "tests";
  plan_.baseline.text = intern("digest(\"sha256:1\")");
  plan_.baseline.digest = intern("sha256:1");
  plan_.candidate.text = intern("digest(\"sha256:2\")");
  plan_.candidate.digest = intern("sha256:2");

  plan_.salt = XXH64(plan_.release.data(), plan_.release.size(), 0);
  span_ = PlanSpan{.file = intern("evaluated.release"), .line = 1, .column = 1};

  plan_.metrics.push_back(Metric{.name = intern("latency"),
                                 .kind = MetricKind::duration,
                                 .unit = PlanUnit::seconds,
                                 .direction = Direction::lower_is_better,
                                 .source = MetricSource::request_duration,
                                 .histogram = {.exponent_min = -20, .exponent_max = 12},
                                 .span = span_});
  add_segment("region", {"eu", "us", "apac"});
  add_segment("age_band", {"18-40", "41+"});
  plan_.windows.push_back(Window{});
  plan_.trackers.push_back(Tracker{.metric = MetricId{0}, .window = WindowId{0}, .histogram = 1});
  plan_.steps.push_back(Step{.share_millionths = 500'000});
  plan_.stages.push_back(Stage{.name = intern("half"),
                               .kind = StageKind::split,
                               .steps = {0, 1},
                               .text = intern("split 50%"),
                               .span = span_});
}

void PlanBuilder::add_segment(std::string_view name, std::initializer_list<const char*> values) {
  const auto count = static_cast<uint32_t>(values.size());
  plan_.segments.push_back(
      Segment{.name = intern(name),
              .values = {static_cast<uint32_t>(plan_.segment_values.size()), count},
              .cell_first = plan_.cell_count,
              .span = span_});
  for (const char* value : values) plan_.segment_values.push_back(intern(value));
  plan_.cell_count += count + 1;  // and `other`
}

AggregateId PlanBuilder::aggregate() { return add_aggregate(0, 1, samples_min_next_++); }

AggregateId PlanBuilder::aggregate_by_region() {
  return add_aggregate(plan_.segments[0].cell_first, regions, samples_min_next_++);
}

// Two rows that differ in their cells only: a fold over both names the first.
AggregateId PlanBuilder::aggregate_by_region_and_age_band() {
  const uint32_t samples_min = samples_min_next_++;
  const AggregateId first = add_aggregate(plan_.segments[0].cell_first, regions, samples_min);
  add_aggregate(plan_.segments[1].cell_first, regions_and_age_bands - regions, samples_min);
  return first;
}

SustainId PlanBuilder::sustain(PredicateId input, int64_t duration_ns) {
  plan_.sustains.push_back(Sustain{.input = input, .duration_ns = duration_ns});
  return SustainId{static_cast<uint32_t>(plan_.sustains.size() - 1)};
}

NodeId PlanBuilder::constant(double value) {
  const NodeId node = add(Op::constant, PlanId<int>::none_value, PlanId<int>::none_value);
  plan_.nodes.back().constant = value;
  return node;
}

NodeId PlanBuilder::load(AggregateId aggregate) {
  return add(Op::load, aggregate.value, PlanId<int>::none_value);
}

NodeId PlanBuilder::sustained(SustainId sustain) {
  return add(Op::sustained, sustain.value, PlanId<int>::none_value);
}

NodeId PlanBuilder::unary(Op op, NodeId a) { return add(op, a.value, PlanId<int>::none_value); }

NodeId PlanBuilder::binary(Op op, NodeId a, NodeId b) { return add(op, a.value, b.value); }

NodeId PlanBuilder::fold(Op op, NodeId body, uint32_t cells, uint32_t count) {
  const NodeId node = add(op, body.value, cells);
  plan_.nodes.back().count = count;
  return node;
}

PredicateId PlanBuilder::predicate() {
  const auto end = static_cast<uint32_t>(plan_.nodes.size());
  const auto index = static_cast<uint32_t>(plan_.predicates.size());
  plan_.predicates.push_back(Predicate{.nodes = {predicate_first_, end - predicate_first_},
                                       .text = intern(fmt::format("predicate {}", index))});
  predicate_first_ = end;
  return PredicateId{index};
}

StringId PlanBuilder::intern(std::string_view text) {
  plan_.strings.emplace_back(text);
  return StringId{static_cast<uint32_t>(plan_.strings.size() - 1)};
}

NodeId PlanBuilder::add(Op op, uint32_t a, uint32_t b) {
  plan_.nodes.push_back(Node{.op = op, .a = a, .b = b, .span = span_});
  return NodeId{static_cast<uint32_t>(plan_.nodes.size() - 1)};
}

AggregateId PlanBuilder::add_aggregate(uint32_t cell_first, uint32_t cells,
                                       uint32_t samples_min) {
  const auto index = static_cast<uint32_t>(plan_.aggregates.size());
  plan_.aggregates.push_back(Aggregate{.fn = AggregateFn::quantile,
                                       .arm = Arm::candidate,
                                       .tracker = TrackerId{0},
                                       .samples_min = samples_min,
                                       .cell_first = cell_first,
                                       .cell_count = cells,
                                       .frame_first = plan_.frame_size,
                                       .quantile = 0.99,
                                       .unit = PlanUnit::seconds,
                                       .text = intern(fmt::format("aggregate {}", index))});
  plan_.frame_size += cells;
  return AggregateId{index};
}

ReferenceFrame add_reference_frame(PlanBuilder& builder) {
  ReferenceFrame frame;
  for (AggregateId& number : frame) number = builder.aggregate();
  return frame;
}

PredicateId add_reference_predicate(PlanBuilder& builder, const ReferenceFrame& frame) {
  const auto compare = [&](Op op, AggregateId value, double limit) {
    const NodeId left = builder.load(value);
    return builder.binary(op, left, builder.constant(limit));
  };

  const NodeId p99_c = builder.load(frame[0]);
  const NodeId factor = builder.constant(1.2);
  const NodeId p99_b = builder.load(frame[1]);
  const NodeId slow = builder.binary(Op::gt, p99_c, builder.binary(Op::mul, factor, p99_b));
  const NodeId failing = builder.binary(Op::logical_and, slow, compare(Op::gt, frame[2], 0.02));
  const NodeId seen = builder.binary(Op::logical_and, failing, compare(Op::gt, frame[3], 1000));
  const NodeId drifting = compare(Op::gt, frame[4], 0.2);
  const NodeId acc_c = builder.load(frame[5]);
  const NodeId acc_b = builder.load(frame[6]);
  const NodeId floor = builder.binary(Op::sub, acc_b, builder.constant(0.02));
  const NodeId worse = builder.binary(Op::lt, acc_c, floor);
  builder.binary(Op::logical_or, seen, builder.binary(Op::logical_and, drifting, worse));
  return builder.predicate();
}

}  // namespace rel::test
