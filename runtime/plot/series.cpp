#include "runtime/plot/series.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "runtime/base/limits.h"

namespace rel {
namespace {

struct Head {
  int64_t time_ns;
  uint64_t requests_candidate;
  uint64_t requests_baseline;
  uint64_t share_millionths;
};

}  // namespace

SeriesPoint make_series_point(int64_t time_ns, uint32_t share_millionths,
                              const Runtime::Counters& counters, std::vector<double> values,
                              const std::vector<uint8_t>& causes) {
  for (size_t i = 0; i < values.size(); i++) {
    if (causes[i] != 0) values[i] = std::numeric_limits<double>::quiet_NaN();
  }
  return {.time_ns = time_ns,
          .share_millionths = share_millionths,
          .requests_candidate = counters.requests_candidate,
          .requests_baseline = counters.requests_baseline,
          .values = std::move(values)};
}

std::string encode_series_point(const SeriesPoint& point) {
  const Head head{point.time_ns, point.requests_candidate, point.requests_baseline,
                  point.share_millionths};
  std::string bytes(sizeof head + point.values.size() * sizeof(double), '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  if (!point.values.empty()) {
    std::memcpy(bytes.data() + sizeof head, point.values.data(),
                point.values.size() * sizeof(double));
  }
  return bytes;
}

Result<SeriesPoint> decode_series_point(const Plan& plan, std::string_view bytes) {
  Head head{};
  if (bytes.size() != sizeof head + plan.frame_size * sizeof(double)) {
    return Error{"a sample of the release does not have the size of its plan's frame"};
  }
  std::memcpy(&head, bytes.data(), sizeof head);
  SeriesPoint point{.time_ns = head.time_ns,
                    .share_millionths = static_cast<uint32_t>(head.share_millionths),
                    .requests_candidate = head.requests_candidate,
                    .requests_baseline = head.requests_baseline,
                    .values = std::vector<double>(plan.frame_size)};
  if (plan.frame_size != 0) {
    std::memcpy(point.values.data(), bytes.data() + sizeof head, plan.frame_size * sizeof(double));
  }
  return point;
}

size_t series_points_max(const Plan& plan) {
  const size_t bytes = sizeof(Head) + plan.frame_size * sizeof(double);
  return std::clamp(limits::series_bytes_max / bytes, limits::series_points_min,
                    limits::series_points_max);
}

void SeriesPace::resume(const std::vector<int64_t>& times_ns) {
  count_ = times_ns.size();
  if (count_ == 0) return;
  last_ns_ = times_ns.back();
  const int64_t span_ns = last_ns_ - times_ns.front();
  // Samples are a power of two of seconds apart; an earlier life may have left gaps.
  while (count_ > 1 && interval_ns_ * 2 <= span_ns / static_cast<int64_t>(count_ - 1)) {
    interval_ns_ *= 2;
  }
}

bool SeriesPace::kept(int64_t now_ns) {
  last_ns_ = now_ns;
  if (++count_ <= points_max_) return false;
  count_ = (count_ + 1) / 2;
  interval_ns_ *= 2;
  return true;
}

}  // namespace rel
