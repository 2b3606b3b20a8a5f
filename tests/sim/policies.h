// The policies whose releases are simulated, compiled once a process.
#pragma once

#include <cstddef>

#include "runtime/plan/plan.h"

namespace rel::sim {

size_t policy_count();
const Plan& policy(size_t index);

// What every policy of the list has in common, as the oracle may rely on it.
inline constexpr double failure_limit = 0.10;           // rollback when rate(failed) > this
inline constexpr int64_t window_ns = 10'000'000'000;    // ... over this
inline constexpr int64_t sustained_ns = 1'000'000'000;  // ... for this
inline constexpr uint32_t failed_metric = 1;            // row of Plan::metrics
inline constexpr uint32_t latency_metric = 0;

}  // namespace rel::sim
