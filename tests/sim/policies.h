// The policies whose releases are simulated, compiled once a process, and what they say written
// down once more by hand, for the oracle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/plan/plan.h"

namespace rel::sim {

inline constexpr int64_t second_ns = 1'000'000'000;

struct PolicyFacts {
  uint32_t step_samples = 0;  // `step when samples(candidate) >= N`
  // `require { approved: N of team "leads" within D }`: before every increase.
  uint32_t approvals = 0;
  int64_t approved_within_ns = 0;
  uint32_t reviews = 0;  // `reviewed by N of team "leads"` at the end of the first stage
  int64_t source_error_ns = 0;  // `source_error: hold up to D then rollback`; 0: never
};

struct Policy {
  PolicyFacts facts;
  std::vector<Plan> plans;  // more than one: a release set
  // Another release of the first plan's model and candidate, for later.
  Plan next;
};

size_t policy_count();
inline constexpr size_t gated_policy = 3;  // the one that waits for people
const Policy& policy(size_t index);

// What every policy of the list has in common, as the oracle may rely on it.
inline constexpr double failure_limit = 0.10;            // rollback when rate(failed) > this
inline constexpr int64_t window_ns = 10 * second_ns;     // ... over this
inline constexpr int64_t sustained_ns = 1 * second_ns;   // ... for this
inline constexpr uint32_t failed_metric = 1;             // row of Plan::metrics
inline constexpr uint32_t latency_metric = 0;
inline constexpr int64_t cooldown_ns = 3600 * second_ns;

}  // namespace rel::sim
