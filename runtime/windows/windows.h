// The windows of a plan: for every window series running integers and a running histogram. What
// arrives is added to the running totals and to the open slot; a slot that leaves the window is
// subtracted. No merge at reading, and the same bits whatever the order of arrival.
// Input: deltas of series, the tick's time. Output: totals to build the frame from.
// Owner of the memory: a bank of the shared mapping, written by the evaluator that holds the lease.
//
// A sliding window at time t holds the slots that lie wholly in (t - length, t] and the open one:
// never anything older than its length. A window of N requests holds, for each series, the newest
// batches that have N observations together, or all there are; what a tick brought is one batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/base/int128.h"
#include "runtime/route/layout.h"

namespace rel {

// Zeroed memory is empty. The touched buckets are [first, end); `first` is kept as its distance
// from the number of buckets, so that both bounds start at zero and only grow.
struct alignas(16) WindowTotals {
  Int128 sum = 0;  // 1e-9 base units
  uint64_t n = 0;
  uint64_t k = 0;       // true flags
  uint64_t hist_n = 0;  // values in the histogram
  uint32_t first_from_end = 0;
  uint32_t end = 0;

  bool empty() const { return n == 0 && k == 0 && hist_n == 0; }
};

struct WindowClock {
  int64_t open_slot = 0;  // time divided by the slot's length; of requests: batches so far
  uint64_t started = 0;   // of requests: the oldest batch
};

// What one series gained since the last tick. `counts` holds buckets [first, end).
struct SeriesDelta {
  Int128 sum = 0;
  uint64_t n = 0;
  uint64_t k = 0;
  uint32_t first = 0;
  uint32_t end = 0;
  const uint32_t* counts = nullptr;
};

struct WindowReading {
  const WindowTotals* totals = nullptr;
  std::span<const uint64_t> counts;  // empty: no histogram
  uint32_t first = 0;                // first bucket that may not be zero
};

enum class ResetScope : uint8_t {
  touched,    // trusts the running totals to say which slots are empty
  everything  // after a writer that died or stalled in the middle
};

class Windows {
 public:
  Windows(const Plan& plan, const SharedLayout& layout) : plan_(plan), layout_(layout) {}

  // The bank to work in from now on.
  void use(std::byte* bank) { bank_ = bank; }
  // Opens the slot of `now_ns` and drops the slots that have left their window.
  void advance(int64_t now_ns);
  void add(uint32_t series, const SeriesDelta& delta);
  // Once a tick, after what it brought: windows of requests close full batches and drop old ones.
  void settle();
  void reset(ResetScope scope);
  WindowReading read(uint32_t window_series) const;

 private:
  void clear_everything();
  WindowClock& clock(uint32_t index) const;
  WindowTotals& running(const WindowSeriesShape& shape) const;
  uint64_t* running_counts(const WindowSeriesShape& shape) const;
  WindowTotals& slot(const WindowSeriesShape& shape, int64_t slot_number) const;
  static uint32_t* slot_counts(WindowTotals& slot);
  void drop_slot(const WindowSeriesShape& shape, int64_t slot_number);
  static void clear_totals(WindowTotals& totals);
  void settle_series(const WindowSeriesShape& shape);

  const Plan& plan_;
  const SharedLayout& layout_;
  std::byte* bank_ = nullptr;
};

}  // namespace rel
