// What the numbers of a plan look back on: a row of Plan::windows.
// Input: lowering. Output: read by the window reader and its layout. Owner: the plan.
#pragma once

#include <cstdint>

namespace rel {

enum class WindowKind : uint8_t { sliding, stage, requests };

// A sliding window of `length_ns` kept in `slots` slots of `slot_ns` (whole panes). `stage` counts
// from the start of the stage and keeps no slots. `requests` holds the last `requests` observations
// of each series, in `slots` batches.
struct Window {
  WindowKind kind = WindowKind::stage;
  uint8_t reserved[3] = {};
  uint32_t slots = 0;
  uint32_t requests = 0;
  int64_t length_ns = 0;
  int64_t slot_ns = 0;
};

// The batches that a window of `requests` observations needs: closed ones of a hundredth each, the
// oldest, the open one, and one more while a tick's observations come in.
constexpr uint32_t request_window_batch(uint32_t requests) { return (requests + 99) / 100; }
constexpr uint32_t request_window_slots(uint32_t requests) {
  return (requests - 1) / request_window_batch(requests) + 4;
}

}  // namespace rel
