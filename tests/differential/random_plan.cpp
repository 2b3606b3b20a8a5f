// Grows random expressions top down, emitting operands before the node that uses them.
#include "tests/differential/random_plan.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "tests/differential/plan_builder.h"

namespace rel::test {
namespace {

using Limits = std::numeric_limits<double>;

const std::vector<Op> arithmetic_ops = {
#define REL_ARITHMETIC(name, text, interpreted, ir) Op::name,
#include "runtime/plan/ops.def"
};
const std::vector<Op> comparison_ops = {
#define REL_COMPARISON(name, text, interpreted, ir) Op::name,
#include "runtime/plan/ops.def"
};
const std::vector<Op> logical_ops = {Op::logical_and, Op::logical_or};
const std::vector<Op> fold_ops = {Op::fold_any, Op::fold_every, Op::fold_at_least};

// What may be loaded where an expression stands. Inside a fold: only numbers of its cells.
struct Place {
  const std::vector<AggregateId>* numbers;
  uint32_t cells = 0;  // 0: outside of folds
};

class ExpressionMaker {
 public:
  explicit ExpressionMaker(uint64_t seed) : random_(seed) {
    for (int count = 0; count < 10; ++count) everybody_.push_back(builder_.aggregate());
    for (int count = 0; count < 5; ++count) {
      by_region_.push_back(builder_.aggregate_by_region());
      by_both_.push_back(builder_.aggregate_by_region_and_age_band());
    }
  }

  void predicate() {
    verdict(2 + random_.below(5), Place{&everybody_});
    const PredicateId made = builder_.predicate();
    if (random_.one_in(6)) sustains_.push_back(builder_.sustain(made));
  }

  Plan build() { return builder_.build(); }

 private:
  NodeId verdict(uint32_t depth, Place place) {
    const bool inside = place.cells != 0;
    if (depth == 0) return leaf_verdict(place);
    switch (random_.below(9)) {
      case 8:
        return builder_.unary(Op::certain, verdict(depth - 1, place));
      case 0:
      case 1:
        return comparison(depth, place);
      case 2:
        return builder_.unary(Op::logical_not, verdict(depth - 1, place));
      case 3:
        return inside ? comparison(depth, place) : fold(depth);
      case 4:
        return leaf_verdict(place);
    }
    const NodeId a = verdict(depth - 1, place);
    return builder_.binary(random_.pick(logical_ops), a, verdict(depth - 1, place));
  }

  NodeId leaf_verdict(Place place) {
    if (place.cells == 0 && !sustains_.empty() && random_.one_in(2)) {
      return builder_.sustained(random_.pick(sustains_));
    }
    return comparison(1, place);
  }

  // The left side of a comparison reads something, so that a fold's body does.
  NodeId comparison(uint32_t depth, Place place) {
    NodeId left = builder_.load(random_.pick(*place.numbers));
    if (random_.one_in(2)) {
      left = builder_.binary(random_.pick(arithmetic_ops), left, number(depth - 1, place));
    }
    return builder_.binary(random_.pick(comparison_ops), left, number(depth - 1, place));
  }

  NodeId fold(uint32_t depth) {
    const Place place = random_.one_in(2)
                            ? Place{&by_region_, PlanBuilder::regions}
                            : Place{&by_both_, PlanBuilder::regions_and_age_bands};
    const NodeId body = verdict(depth - 1, place);
    const Op op = random_.pick(fold_ops);
    const uint32_t count = op == Op::fold_at_least ? 1 + random_.below(place.cells) : 0;
    return builder_.fold(op, body, place.cells, count);
  }

  NodeId number(uint32_t depth, Place place) {
    const uint32_t choice = depth == 0 ? random_.below(2) : random_.below(6);
    if (choice == 0) return builder_.load(random_.pick(*place.numbers));
    if (choice == 1) return builder_.constant(random_finite(random_));
    if (choice == 2) return builder_.unary(Op::neg, number(depth - 1, place));
    const NodeId a = number(depth - 1, place);
    return builder_.binary(random_.pick(arithmetic_ops), a, number(depth - 1, place));
  }

  Random random_;
  PlanBuilder builder_;
  std::vector<AggregateId> everybody_;
  std::vector<AggregateId> by_region_;
  std::vector<AggregateId> by_both_;
  std::vector<SustainId> sustains_;
};

double random_frame_value(Random& random) {
  switch (random.below(12)) {
    case 0:
      return Limits::quiet_NaN();
    case 1:
      return Limits::infinity();
    case 2:
      return -Limits::infinity();
  }
  return random_finite(random);
}

}  // namespace

double random_finite(Random& random) {
  static const std::vector<double> edges = {
      0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 0.02, 1.2, 1000.0, Limits::denorm_min(),
      -Limits::denorm_min(), Limits::min(), -Limits::min(), Limits::max(), -Limits::max(),
      Limits::max() / 2, Limits::epsilon(), 0x1.fffffffffffffp-1023, 1e308, 1e-308};
  if (!random.one_in(3)) return random.pick(edges);
  const double any = std::bit_cast<double>(random.bits());
  if (random.one_in(2) && std::isfinite(any)) return any;
  return static_cast<double>(random.below(2001)) / 1000.0 - 1.0;
}

Plan random_plan(uint64_t seed, uint32_t predicates) {
  ExpressionMaker maker(seed);
  for (uint32_t count = 0; count < predicates; ++count) maker.predicate();
  return maker.build();
}

Frame random_frame(const Plan& plan, Random& random) {
  static const std::vector<Verdict> verdicts = {Verdict::is_false, Verdict::is_true,
                                                Verdict::insufficient, Verdict::no_data,
                                                Verdict::source_error};
  Frame frame;
  // Some frames are healthy throughout, or an unknown somewhere would hide every other verdict.
  const uint32_t unknown_one_in = 2 + random.below(40);
  for (uint32_t place = 0; place < plan.frame_size; ++place) {
    const bool unknown = random.one_in(unknown_one_in);
    frame.causes.push_back(unknown ? static_cast<uint8_t>(random.below(8)) : 0);
    frame.values.push_back(unknown ? random_frame_value(random) : random_finite(random));
  }
  for (size_t row = 0; row < plan.sustains.size(); ++row) {
    frame.sustained.push_back(static_cast<uint8_t>(random.pick(verdicts)));
  }
  seal_frame(frame.values, frame.causes);
  return frame;
}

}  // namespace rel::test
