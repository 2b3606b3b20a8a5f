// The frame of a tick: every aggregate of the plan as a number with its causes and sample count.
// Input: windows, whether the stage is a mirror, whether the source fails. Output: three columns of
// Plan::frame_size. Pure; does not allocate.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/windows/windows.h"

namespace rel {

enum class CandidateLane : uint8_t { live, shadow };
// What the sources of the numbers say of themselves: all of them fail, or those of some metrics.
struct SourceHealth {
  bool fails = false;
  uint32_t metrics_failing = 0;  // bit m: metric m

  bool fails_for(MetricId metric) const {
    return fails || (!metric.is_none() && (metrics_failing >> metric.value & 1) != 0);
  }
};

struct FrameColumns {
  std::span<double> values;
  std::span<uint8_t> causes;
  std::span<uint64_t> samples;
};

// A value that is not known is 0 with its cause: no_data without a sample, insufficient below the
// aggregate's minimum, source_error while its source fails.
void build_frame(const Plan& plan, const SharedLayout& layout, const Windows& windows,
                 CandidateLane candidate, SourceHealth source, const FrameColumns& frame);

}  // namespace rel
