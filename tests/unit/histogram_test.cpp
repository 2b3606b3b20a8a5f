// The log-linear histogram: what a bucket holds, what stands for it, which bucket a rank falls in.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "runtime/windows/histogram.h"

namespace rel {
namespace {

BucketMap durations() { return bucket_map({.exponent_min = -20, .exponent_max = 6}); }
BucketMap mirrored() {
  return bucket_map({.exponent_min = -20, .exponent_max = 6, .mirrored = 1});
}

TEST_CASE("a bucket's value is within 1/128 of every number in it") {
  const BucketMap map = durations();
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-19.99, 5.99);
  for (int i = 0; i < 20'000; ++i) {
    const double x = std::exp2(exponent(random));
    const double value = bucket_value(map, bucket_index(map, x));
    REQUIRE(std::fabs(value - x) <= x / 128);
  }
}

TEST_CASE("buckets ascend with their values, also below zero") {
  const BucketMap map = mirrored();
  double last = -std::numeric_limits<double>::infinity();
  for (uint32_t bucket = 0; bucket < map.size(); ++bucket) {
    const double value = bucket_value(map, bucket);
    REQUIRE(value >= last);
    // The two buckets about zero stand for zero; every other one holds its own value.
    if (value != 0) REQUIRE(bucket_index(map, value) == bucket);
    last = value;
  }
  CHECK(bucket_value(map, 0) == -64);
  CHECK(bucket_value(map, map.size() - 1) == 64);
}

TEST_CASE("the ends of the range have buckets of their own") {
  const BucketMap map = durations();
  CHECK(map.size() == 26 * 64 + 2);
  CHECK(bucket_index(map, 0.0) == 0);
  CHECK(bucket_index(map, -0.0) == 0);
  CHECK(bucket_index(map, std::numeric_limits<double>::denorm_min()) == 0);
  CHECK(bucket_index(map, std::nextafter(std::exp2(-20), 0)) == 0);
  CHECK(bucket_index(map, std::exp2(-20)) == 1);
  CHECK(bucket_index(map, std::nextafter(64.0, 0)) == map.size() - 2);
  CHECK(bucket_index(map, 64.0) == map.size() - 1);
  CHECK(bucket_index(map, 1e9) == map.size() - 1);
  CHECK(bucket_value(map, 0) == 0);
  CHECK(bucket_value(map, map.size() - 1) == 64);
  CHECK(bucket_index(map, -1.0) == 0);
  CHECK(bucket_index(mirrored(), -0.0) == bucket_index(mirrored(), 0.0));
}

TEST_CASE("a quantile is the bucket of the sorted value at rank ceil(q n)") {
  const BucketMap map = mirrored();
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0.1, 2.0);
  for (const size_t n : {1u, 2u, 3u, 10u, 99u, 100u, 1000u}) {
    std::vector<double> values(n);
    std::vector<uint64_t> counts(map.size());
    for (double& value : values) {
      value = normal(random);
      ++counts[bucket_index(map, value)];
    }
    std::sort(values.begin(), values.end());
    for (const double q : {0.001, 0.5, 0.9, 0.99, 0.999}) {
      const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(n)));
      REQUIRE(quantile_bucket(counts, 0, n, q) == bucket_index(map, values[rank - 1]));
    }
  }
}

}  // namespace
}  // namespace rel
