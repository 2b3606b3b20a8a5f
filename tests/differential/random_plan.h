// Well-typed plans and edge-value frames from a seed.
// Input: a seed. Output: the same plan and the same frames for the same seed on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "runtime/eval/evaluator.h"
#include "runtime/plan/plan.h"

namespace rel::test {

// std's distributions differ between libraries; these do not.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t bits() { return engine_(); }
  uint32_t below(uint32_t end) { return static_cast<uint32_t>(engine_() % end); }
  bool one_in(uint32_t n) { return below(n) == 0; }

  template <typename Row>
  const Row& pick(const std::vector<Row>& rows) {
    return rows[below(static_cast<uint32_t>(rows.size()))];
  }

 private:
  std::mt19937_64 engine_;
};

// A finite number, often an edge: zeros, denormals, the greatest, small integers that meet others.
double random_finite(Random& random);

// `predicates` conditions over all operators, folds over one and two segments, and sustains.
Plan random_plan(uint64_t seed, uint32_t predicates);

// The columns of a FrameView, owned.
struct Frame {
  std::vector<double> values;
  std::vector<uint8_t> causes;
  std::vector<uint8_t> sustained;

  FrameView view() const { return {values.data(), causes.data(), sustained.data()}; }
};

// NaN, infinities and every combination of causes, sealed by seal_frame.
Frame random_frame(const Plan& plan, Random& random);

}  // namespace rel::test
