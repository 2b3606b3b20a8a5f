// One completed request as the runtime counts it. Built by a gateway from what it saw, or by the
// event decoder from a line; bound to the metrics and segments of one plan, so no names are left.
#pragma once

#include <cstdint>

#include "runtime/base/limits.h"

namespace rel {

// Who answered, and in which lane. Evidence never crosses lanes.
enum class LaneArm : uint8_t { baseline_live, candidate_live, candidate_shadow };
inline constexpr uint32_t lane_arms = 3;

// Whether a request may be compared with others: those sent by a forced route are not randomised,
// those outside the audience are none of the release's.
enum class Population : uint8_t { enrolled, forced, outside };
inline constexpr uint32_t left_out_kinds = 2;  // all but enrolled

// Whether the request of a live answer was copied to the candidate.
enum class Copied : uint8_t { unsaid, no, yes };

struct Observation {
  int64_t time_ns = 0;  // since the Unix epoch
  LaneArm arm = LaneArm::baseline_live;
  Population population = Population::enrolled;  // any other: counted as left out, and no more
  // 1: numbers that became known of earlier requests; no request of its own.
  uint8_t derived = 0;
  Copied copied = Copied::unsaid;
  // Index into the values of each segment of the plan; the number of values stands for `other`.
  uint8_t segment[limits::segments_max] = {};
  // Hashes of who it belongs to, for joins; 0: it does not say. A gateway leaves them out.
  uint64_t id = 0;
  uint64_t user = 0;
  uint64_t session = 0;
  uint32_t present = 0;                  // bit m: metric m is carried
  double value[limits::metrics_max];     // base units; flags are 0 or 1; defined where present
};

}  // namespace rel
