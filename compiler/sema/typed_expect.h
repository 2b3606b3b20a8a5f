// What a model's `expect { }` block declares of its traffic, typed: part of TypedModel (typed.h).
// Numbers in base units. Read by `relc test` (what is fed when a test says nothing) and by whoever
// judges what a stage can detect.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/source/source.h"

namespace rel::sema {

// `latency.p99 95ms`
struct ExpectedQuantile {
  double quantile = 0;
  double value = 0;
  Span span;
};

// What is declared of one metric: a flag has a rate, the others a mean or quantiles or both.
struct ExpectedMetric {
  uint32_t metric = 0;  // row of TypedPolicy::metrics
  std::optional<double> rate;
  std::optional<double> mean;
  std::vector<ExpectedQuantile> quantiles;  // rising
  Span span;
};

// `region.us 55%`: the part of the requests that have this value.
struct ExpectedShare {
  uint32_t segment = 0;  // row of TypedPolicy::segments
  uint32_t value = 0;    // index of its value
  double share = 0;
  Span span;
};

struct TypedExpected {
  double traffic_per_s = 0;  // 0: not declared
  std::vector<ExpectedMetric> metrics;
  std::vector<ExpectedShare> shares;
  Span span;

  const ExpectedMetric* metric(uint32_t row) const {
    for (const ExpectedMetric& each : metrics)
      if (each.metric == row) return &each;
    return nullptr;
  }
};

}  // namespace rel::sema
