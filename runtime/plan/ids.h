// How rows of a plan name each other: indices into its tables, runs of rows, places in the text.
// Owner: the plan. Input and output: plain values.
#pragma once

#include <compare>
#include <cstdint>

namespace rel {

// Indices into the tables of one plan. `none` is "no such row".
template <typename Tag>
struct PlanId {
  static constexpr uint32_t none_value = 0xffffffff;
  uint32_t value = none_value;

  constexpr bool is_none() const { return value == none_value; }
  friend constexpr bool operator==(PlanId, PlanId) = default;
  friend constexpr auto operator<=>(PlanId, PlanId) = default;
};

using StringId = PlanId<struct StringTag>;
using MetricId = PlanId<struct MetricTag>;
using SegmentId = PlanId<struct SegmentTag>;
using WindowId = PlanId<struct WindowTag>;
using TrackerId = PlanId<struct TrackerTag>;
using AggregateId = PlanId<struct AggregateTag>;
using NodeId = PlanId<struct NodeTag>;
using PredicateId = PlanId<struct PredicateTag>;
using SustainId = PlanId<struct SustainTag>;
using TriggerId = PlanId<struct TriggerTag>;
using StageId = PlanId<struct StageTag>;
using StepId = PlanId<struct StepTag>;
using ActionId = PlanId<struct ActionTag>;
using GateId = PlanId<struct GateTag>;
using TestId = PlanId<struct TestTag>;
using TestCellId = PlanId<struct TestCellTag>;
using ZoneId = PlanId<struct ZoneTag>;
using ZoneChangeId = PlanId<struct ZoneChangeTag>;
using IncreaseWindowId = PlanId<struct IncreaseWindowTag>;
using RequestSlotId = PlanId<struct RequestSlotTag>;
using RequestTermId = PlanId<struct RequestTermTag>;
using WaveReachId = PlanId<struct WaveReachTag>;

// A run of rows in another table.
template <typename Id>
struct Rows {
  uint32_t first = 0;
  uint32_t count = 0;

  constexpr Id at(uint32_t index) const { return Id{first + index}; }
  constexpr uint32_t end() const { return first + count; }
};

// Where in the policy text something stands. Line and column count from 1, column in bytes.
struct PlanSpan {
  StringId file;
  uint32_t offset = 0;
  uint32_t length = 0;
  uint32_t line = 0;
  uint32_t column = 0;
};

}  // namespace rel
