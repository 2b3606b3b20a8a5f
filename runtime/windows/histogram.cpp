// Buckets back to values, and the bucket of a rank.
#include "runtime/windows/histogram.h"

#include <cmath>

#include "runtime/base/check.h"

namespace rel {

BucketMap bucket_map(const HistogramShape& shape) {
  constexpr int exponent_bias = 1023;
  REL_CHECK(shape.exponent_min > -exponent_bias && shape.exponent_max <= exponent_bias);
  REL_CHECK(shape.exponent_min < shape.exponent_max);
  BucketMap map;
  map.key_first = static_cast<uint64_t>(exponent_bias + shape.exponent_min) << sub_bucket_bits;
  map.keys = static_cast<uint32_t>(shape.exponent_max - shape.exponent_min) << sub_bucket_bits;
  map.mirrored = shape.mirrored;
  return map;
}

double bucket_value(const BucketMap& map, uint32_t bucket) {
  const bool negative = map.mirrored && bucket < map.half();
  uint32_t in_half = bucket;
  if (map.mirrored) in_half = negative ? map.half() - 1 - bucket : bucket - map.half();
  if (in_half == 0) return 0.0;

  // The lower bound of the key as a double; the midpoint is half a sub-bucket above it.
  const uint64_t key = map.key_first + in_half - 1;
  uint64_t bits = key << (52 - sub_bucket_bits);
  if (in_half <= map.keys) bits |= uint64_t{1} << (52 - sub_bucket_bits - 1);
  const double magnitude = std::bit_cast<double>(bits);
  return negative ? -magnitude : magnitude;
}

uint32_t quantile_bucket(std::span<const uint64_t> counts, uint32_t first, uint64_t total,
                         double q) {
  REL_CHECK(total > 0 && first < counts.size());
  const double wanted = std::ceil(q * static_cast<double>(total));
  const uint64_t rank = wanted < 1 ? 1 : static_cast<uint64_t>(wanted);
  uint64_t seen = 0;
  uint32_t last = first;
  for (uint32_t bucket = first; bucket < counts.size(); ++bucket) {
    if (counts[bucket] == 0) continue;
    last = bucket;
    seen += counts[bucket];
    if (seen >= rank) return bucket;
  }
  return last;
}

}  // namespace rel
