// How near a trigger is: the numbers of its comparisons beside their limits, at the last tick.
// Input: a plan, the frame of a tick. Output: one row a comparison. Owner: the status of the host.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/plan/plan.h"

namespace rel {

struct FrameNumbers {
  std::span<const double> values;
  std::span<const uint8_t> causes;
  std::span<const uint64_t> samples;
};

struct TriggerNumber {
  std::string text;    // `rate(candidate.failed) over 10s in region eu`
  PlanUnit unit = PlanUnit::number;
  bool known = false;  // otherwise value, limit and near say nothing
  double value = 0;
  double limit = 0;
  double near = 0;     // 0 far away, 1 at the limit or beyond it
  uint64_t samples = 0;
};

// Of a comparison over segments, the cell that is nearest.
std::vector<TriggerNumber> trigger_numbers(const Plan& plan, const Trigger& trigger,
                                           const FrameNumbers& frame);

}  // namespace rel
