// Plans for tests of the evaluators, made of expressions alone: a release of one stage without
// triggers, two segments (`region` of three values, `age_band` of two), and whatever aggregates and
// predicates a test asks for.
// Input: calls in post order. Output: a plan that verify_plan accepts. Owner: the caller.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "runtime/plan/plan.h"

namespace rel::test {

class PlanBuilder {
 public:
  // What a fold may run over.
  static constexpr uint32_t regions = 3;
  static constexpr uint32_t regions_and_age_bands = 5;

  PlanBuilder();

  // A number of the frame, for everybody.
  AggregateId aggregate();
  // Numbers of the frame, one for each region, or for each region and then each age band.
  AggregateId aggregate_by_region();
  AggregateId aggregate_by_region_and_age_band();
  // `input for duration`. The input stands before the predicates that read it.
  SustainId sustain(PredicateId input, int64_t duration_ns = 1'000'000'000);

  NodeId constant(double value);
  NodeId load(AggregateId aggregate);
  NodeId sustained(SustainId sustain);
  NodeId unary(Op op, NodeId a);
  NodeId binary(Op op, NodeId a, NodeId b);
  NodeId fold(Op op, NodeId body, uint32_t cells, uint32_t count = 0);

  // The nodes since the last predicate, the last of which is its root.
  PredicateId predicate();

  Plan build() { return plan_; }

 private:
  StringId intern(std::string_view text);
  NodeId add(Op op, uint32_t a, uint32_t b);
  void add_segment(std::string_view name, std::initializer_list<const char*> values);
  AggregateId add_aggregate(uint32_t cell_first, uint32_t cells, uint32_t samples_min);

  Plan plan_;
  PlanSpan span_;
  uint32_t predicate_first_ = 0;
  uint32_t samples_min_next_ = 1;  // so that no two aggregates are the same by chance
};

// `p99_c > 1.2 * p99_b && err_c > 0.02 && n_c > 1000 || drift > 0.2 && acc_c < acc_b - 0.02`, over
// the numbers p99_c, p99_b, err_c, n_c, drift, acc_c, acc_b: the predicate that the performance
// targets are stated for.
using ReferenceFrame = std::array<AggregateId, 7>;
ReferenceFrame add_reference_frame(PlanBuilder& builder);
PredicateId add_reference_predicate(PlanBuilder& builder, const ReferenceFrame& frame);

}  // namespace rel::test
