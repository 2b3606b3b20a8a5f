// How a release went over time, in bounded space: its frame sampled once a second, then, as it goes
// on, every two, four ... seconds, so that any length of release fits, the newest part included.
// Input: the time. Output: when a sample is due, when every second one is to be dropped.
// Owner: whoever keeps the samples (the journal of a host, the memory of a simulation).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/plan/plan.h"
#include "runtime/runtime.h"

namespace rel {

struct SeriesPoint {
  int64_t time_ns = 0;
  uint32_t share_millionths = 0;
  uint64_t requests_candidate = 0;  // since the gateway's memory began
  uint64_t requests_baseline = 0;
  std::vector<double> values;  // the frame; not a number where a value is not known
};

// What a look at a runtime or a simulation gives.
SeriesPoint make_series_point(int64_t time_ns, uint32_t share_millionths,
                              const Runtime::Counters& counters, std::vector<double> values,
                              const std::vector<uint8_t>& causes);

std::string encode_series_point(const SeriesPoint& point);
Result<SeriesPoint> decode_series_point(const Plan& plan, std::string_view bytes);

// Samples of one release, at most: 600, fewer where a frame is so large that they would not fit.
size_t series_points_max(const Plan& plan);

class SeriesPace {
 public:
  explicit SeriesPace(size_t points_max) : points_max_(points_max) {}
  // Goes on with what an earlier life kept.
  void resume(const std::vector<int64_t>& times_ns);
  bool is_due(int64_t now_ns) const { return count_ == 0 || now_ns - last_ns_ >= interval_ns_; }
  // A sample was kept. True: drop every second of those there are, from the second on.
  bool kept(int64_t now_ns);

 private:
  size_t points_max_;
  size_t count_ = 0;
  int64_t last_ns_ = 0;
  int64_t interval_ns_ = 1'000'000'000;
};

}  // namespace rel
