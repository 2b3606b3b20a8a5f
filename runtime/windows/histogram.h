// The log-linear histogram: 64 linear sub-buckets an octave, so a bucket's midpoint is within 1/128
// of every value in it. The bucket is read off the bits of the double, without a logarithm.
// Input: a HistogramShape of the plan, finite values. Output: bucket numbers in ascending order of
// value, and back the value that represents a bucket.
//
// One half of h = octaves * 64 + 2 buckets: 0 holds zero and what is below the range, h - 1 what is
// above it. Not mirrored: one half, negative values in bucket 0. Mirrored: the negative half,
// descending in magnitude, stands before the positive one.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "runtime/plan/plan.h"

namespace rel {

inline constexpr uint32_t sub_bucket_bits = 6;
inline constexpr uint32_t sub_buckets = 1u << sub_bucket_bits;

// A HistogramShape made ready for counting.
struct BucketMap {
  uint64_t key_first = 0;  // exponent and sub-bucket of the smallest value in range
  uint32_t keys = 0;       // octaves * 64
  uint32_t mirrored = 0;

  uint32_t half() const { return keys + 2; }
  uint32_t size() const { return mirrored ? 2 * half() : half(); }
};

BucketMap bucket_map(const HistogramShape& shape);

// The bucket of a finite `x`.
inline uint32_t bucket_index(const BucketMap& map, double x) {
  constexpr uint64_t sign = uint64_t{1} << 63;
  const uint64_t key = (std::bit_cast<uint64_t>(x) & ~sign) >> (52 - sub_bucket_bits);
  uint32_t in_half = 0;
  if (key >= map.key_first) {
    const uint64_t offset = key - map.key_first;
    in_half = offset < map.keys ? static_cast<uint32_t>(offset) + 1 : map.keys + 1;
  }
  if (!map.mirrored) return x < 0 ? 0 : in_half;
  return x < 0 ? map.half() - 1 - in_half : map.half() + in_half;
}

// The midpoint of a bucket; 0 for the bucket of zero, the bound of the range for the one above it.
double bucket_value(const BucketMap& map, uint32_t bucket);

// The bucket that holds rank ceil(q * total) of `counts`, counted from `first`; `total` > 0 is the
// sum of `counts`, 0 < q < 1.
uint32_t quantile_bucket(std::span<const uint64_t> counts, uint32_t first, uint64_t total,
                         double q);

}  // namespace rel
