// What a test feeds, as observations: made, not drawn at random, so that a test always decides the
// same. Requests come at equal distances, at the declared traffic divided by the share the release
// has reached; flags are true at exactly their rate, carried over from request to request; values
// and segment values are spread evenly (an additive recurrence), each in every segment as well.
// Input: a typed test, its policy, and where the release stands. Output: observations of one span
// of time, in order. Owner: the run of one test.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "compiler/sema/typed.h"
#include "runtime/ingest/observation.h"
#include "runtime/stage/engine.h"

namespace rel::testing {

class Traffic {
 public:
  // Borrows all for its whole life. `start_ns`: the start of the test since the epoch.
  Traffic(const sema::TypedPolicy& policy, const sema::TypedTest& test, const Plan& plan,
          int64_t start_ns);

  // Calls `take` for each request of [from_ns, to_ns), times since the start, in order of time.
  void make(const Route& route, int64_t from_ns, int64_t to_ns,
            const std::function<void(const Observation&)>& take);

  // Whether the source answers at a time since the start.
  bool source_answers(int64_t at_ns) const;

  // Metrics that neither the test feeds nor the model declares: nothing carries them.
  std::vector<uint32_t> unfed() const;

 private:
  // Requests of one kind: an arm's, in everybody or in one part of the population.
  struct Stream {
    const sema::TypedSeries* series = nullptr;  // null: the declared traffic
    LaneArm arm = LaneArm::baseline_live;
    double carried = 0;  // of the next request
  };
  struct Pending {
    int64_t time_ns = 0;
    size_t stream = 0;
  };
  // What one metric of one arm is made of, the most particular series first.
  struct Source {
    std::vector<const sema::TypedSeries*> series;
    const sema::ExpectedMetric* declared = nullptr;
  };

  // The part of the population a wave has reached; none: everybody.
  struct Reach {
    SegmentId segment;
    uint64_t values = 0;  // bit v: value v; the bit after the last one is `other`
    double share = 0;
  };
  void find_reach(const Route& route);
  bool is_routed_elsewhere(const Observation& made);
  double rate(const Stream& stream, const Route& route, int64_t at_ns) const;
  bool fill(const Stream& stream, int64_t at_ns, Observation& made);
  void choose_segments(LaneArm arm, Observation& made);
  bool belongs_to_other_stream(const Stream& stream, const Observation& made) const;
  void add_metric(uint32_t metric, int64_t at_ns, Observation& made);
  bool has_value(uint32_t category, const Observation& made) const;
  void complete_categories(Observation& made) const;
  double point(uint32_t dimension, uint64_t number) const;

  const sema::TypedPolicy& policy_;
  const sema::TypedTest& test_;
  const Plan& plan_;
  const sema::TypedExpected* expected_;
  int64_t start_ns_;
  double traffic_per_s_;
  std::vector<Stream> streams_;
  std::vector<Source> sources_[lane_arms];     // by metric
  std::vector<std::vector<double>> upto_;      // by segment: cumulated shares of its values
  std::vector<double> carried_flags_;          // by series, then by arm and metric
  std::vector<double> steps_;                  // of the recurrence, by dimension
  uint64_t made_[lane_arms] = {};
  std::optional<Reach> reach_;
  double carried_reach_ = 0;  // of requests in reach that the candidate takes from the baseline
  std::vector<Pending> pending_;
};

}  // namespace rel::testing
