// The logarithmic bucket mapping of DDSketch, for exchange with systems that want log buckets. Our
// own quantiles use the log-linear histogram (windows/histogram.h).
// Input: a relative accuracy in (0, 1), positive finite values. Output: bucket indices, and the
// value that is within the accuracy of everything in a bucket. Deterministic: the logarithm is
// ours.
//
// Bucket i holds (gamma^(i-1), gamma^i], gamma = (1 + a) / (1 - a); its value is
// 2 gamma^i / (gamma + 1) (Masson, Rim and Lee, VLDB 2019).
#pragma once

#include <cstdint>
#include <optional>

namespace rel::stats {

struct LogMapping {
  double gamma = 0;
  double log_gamma = 0;

  // The bucket of a value; nothing for one that is not positive and finite.
  std::optional<int32_t> index(double value) const;
  double value(int32_t index) const;
  double lower_edge(int32_t index) const;  // excluded; the upper one is that of index + 1
};

// Nothing unless 0 < accuracy < 1 and the indices of all doubles fit 32 bits.
std::optional<LogMapping> log_mapping(double accuracy);

}  // namespace rel::stats
