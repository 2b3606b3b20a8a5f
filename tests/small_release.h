// A release made by hand, for tests and benchmarks of the runtime that must not depend on the
// compiler: one canary stage of 10 % and 50 %, then everybody.
//   metric latency : duration, metric failed : flag, segment region in { "eu", "us" }
//   rollback when rate(candidate.failed) > 20% over 10s with at least 10 samples
#pragma once

#include <xxhash.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/plan.h"
#include "runtime/runtime.h"

namespace rel::test {

inline constexpr int64_t second = 1'000'000'000;
inline constexpr int64_t tick_ns = second / 10;
inline constexpr uint32_t latency = 0;
inline constexpr uint32_t failed = 1;

// Frame places of small_release().
enum SmallFrame : uint32_t {
  p90_candidate,
  failed_candidate,
  failed_baseline,
  samples_candidate,
  mean_latency,
  failed_eu,
  failed_us,
  small_frame_size,
};

inline StringId add_text(Plan& plan, std::string text) {
  plan.strings.push_back(std::move(text));
  return StringId{static_cast<uint32_t>(plan.strings.size() - 1)};
}

inline void add_aggregate(Plan& plan, Aggregate row, const char* text) {
  row.frame_first = plan.frame_size;
  row.text = add_text(plan, text);
  plan.frame_size += row.cell_count;
  plan.aggregates.push_back(row);
}

inline void add_metrics(Plan& plan) {
  plan.metrics.push_back({.name = add_text(plan, "latency"),
                          .kind = MetricKind::duration,
                          .unit = PlanUnit::seconds,
                          .source = MetricSource::request_duration,
                          .histogram = {.exponent_min = -20, .exponent_max = 6}});
  plan.metrics.push_back({.name = add_text(plan, "failed"),
                          .kind = MetricKind::flag,
                          .unit = PlanUnit::ratio,
                          .source = MetricSource::response_status,
                          .status_first = 500,
                          .status_last = 599});
  plan.segments.push_back(
      {.name = add_text(plan, "region"), .values = {0, 2}, .cell_first = 1});
  plan.segment_values = {add_text(plan, "eu"), add_text(plan, "us")};
  plan.cell_count = 4;
}

inline void add_aggregates(Plan& plan) {
  plan.windows.push_back(
      {.kind = WindowKind::sliding, .slots = 10, .length_ns = 10 * second, .slot_ns = second});
  plan.windows.push_back({.kind = WindowKind::stage});
  const WindowId sliding{0}, stage{1};
  plan.trackers.push_back({.metric = MetricId{latency}, .window = sliding, .histogram = 1});
  plan.trackers.push_back({.metric = MetricId{failed}, .window = sliding});
  plan.trackers.push_back({.window = stage});
  const TrackerId latencies{0}, failures{1}, requests{2};
  using Fn = AggregateFn;
  add_aggregate(plan, {.fn = Fn::quantile, .tracker = latencies, .quantile = 0.9}, "p90");
  add_aggregate(plan, {.fn = Fn::rate, .tracker = failures, .samples_min = 10}, "rate");
  add_aggregate(plan, {.fn = Fn::rate, .arm = Arm::baseline, .tracker = failures}, "rate b");
  add_aggregate(plan, {.fn = Fn::samples, .tracker = requests}, "samples");
  add_aggregate(plan, {.fn = Fn::mean, .tracker = latencies}, "mean");
  add_aggregate(plan, {.fn = Fn::rate, .tracker = failures, .cell_first = 1, .cell_count = 2},
                "rate by region");
}

inline void add_rollback(Plan& plan) {
  plan.nodes.push_back({.op = Op::load, .a = failed_candidate});
  plan.nodes.push_back({.op = Op::constant, .constant = 0.2});
  plan.nodes.push_back({.op = Op::gt, .a = 0, .b = 1});
  const StringId text = add_text(plan, "rate(candidate.failed) > 20%");
  plan.predicates.push_back({.nodes = {0, 3}, .text = text});
  plan.triggers.push_back({.name = add_text(plan, "rollback_1"),
                           .when = PredicateId{0},
                           .condition = PredicateId{0},
                           .text = text});
}

inline void add_stages(Plan& plan) {
  plan.steps = {{.share_millionths = 100'000, .duration_ns = 2 * second},
                {.share_millionths = 500'000, .duration_ns = 2 * second},
                {.share_millionths = 1'000'000}};
  plan.stages.push_back({.name = add_text(plan, "canary"),
                         .kind = StageKind::steps,
                         .steps = {0, 2},
                         .text = add_text(plan, "steps 10% for 2s, 50% for 2s")});
  plan.stages.push_back({.name = add_text(plan, "live"),
                         .kind = StageKind::full,
                         .steps = {2, 1},
                         .text = add_text(plan, "100%")});
}

inline Plan small_release() {
  Plan plan;
  plan.release = "small";
  plan.model = "scorer";
  plan.salt = XXH64(plan.release.data(), plan.release.size(), 0);
  const StringId model = add_text(plan, "mlflow(\"scorer/1\")");
  plan.baseline = plan.candidate = {model, model};
  add_metrics(plan);
  add_aggregates(plan);
  add_rollback(plan);
  add_stages(plan);
  return plan;
}

// Zeroed, aligned memory, as a fresh mapping is.
class FreshMemory {
 public:
  explicit FreshMemory(size_t size)
      : bytes_(static_cast<std::byte*>(std::calloc(1, size + 64)), std::free), size_(size) {
    if (bytes_ == nullptr) throw std::bad_alloc();
  }
  std::span<std::byte> span() const {
    const auto address = reinterpret_cast<uintptr_t>(bytes_.get());
    return {reinterpret_cast<std::byte*>((address + 63) / 64 * 64), size_};
  }

 private:
  std::unique_ptr<std::byte, decltype(&std::free)> bytes_;
  size_t size_;
};

// A request of `arm`; `region` 0: eu, 1: us, 2: other.
inline Observation request(LaneArm arm, int64_t time_ns, double latency_seconds, double is_failed,
                           uint8_t region = 2) {
  Observation observation;
  observation.time_ns = time_ns;
  observation.arm = arm;
  observation.segment[0] = region;
  observation.present = 1u << latency | 1u << failed;
  observation.value[latency] = latency_seconds;
  observation.value[failed] = is_failed;
  return observation;
}

}  // namespace rel::test
