// The meaning of compiled code, stated here without the interpreter: Kleene's tables with causes,
// folds over every combination of cells, and the arithmetic edges.
#include <algorithm>
#include <array>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/differential/compiled.h"
#include "tests/differential/plan_builder.h"

namespace rel::test {
namespace {

constexpr std::array all_verdicts = {Verdict::is_false, Verdict::is_true, Verdict::insufficient,
                                     Verdict::no_data, Verdict::source_error};

bool any_is(const std::vector<Verdict>& verdicts, Verdict wanted) {
  return std::find(verdicts.begin(), verdicts.end(), wanted) != verdicts.end();
}

// Verdicts are numbered by precedence, unknown ones last.
Verdict worst(const std::vector<Verdict>& verdicts) {
  return *std::max_element(verdicts.begin(), verdicts.end());
}

Verdict all_of(const std::vector<Verdict>& verdicts) {
  return any_is(verdicts, Verdict::is_false) ? Verdict::is_false : worst(verdicts);
}

Verdict inverse(Verdict verdict) {
  if (verdict == Verdict::is_true) return Verdict::is_false;
  return verdict == Verdict::is_false ? Verdict::is_true : verdict;
}

Verdict one_of(std::vector<Verdict> verdicts) {
  for (Verdict& verdict : verdicts) verdict = inverse(verdict);
  return inverse(all_of(verdicts));
}

// `in any`: true if a cell is, unknown if a source failed, else false if a cell is false.
Verdict in_any(const std::vector<Verdict>& cells) {
  for (const Verdict decides : {Verdict::is_true, Verdict::source_error, Verdict::is_false}) {
    if (any_is(cells, decides)) return decides;
  }
  return worst(cells);
}

// A plan whose sustains 0 to 2 the test sets, with one predicate over them.
template <typename Make>
JitCode over_sustains(Make make) {
  PlanBuilder builder;
  const AggregateId number = builder.aggregate();
  const NodeId left = builder.load(number);
  builder.binary(Op::gt, left, builder.constant(0));
  const PredicateId input = builder.predicate();
  std::array<SustainId, 3> sustains;
  for (SustainId& sustain : sustains) sustain = builder.sustain(input);
  make(builder, sustains);
  builder.predicate();
  return JitCode(builder.build());
}

Verdict evaluate(const JitCode& jit, const std::vector<Verdict>& sustained) {
  std::vector<uint8_t> bytes;
  for (const Verdict verdict : sustained) bytes.push_back(static_cast<uint8_t>(verdict));
  return static_cast<Verdict>(jit.predicates().back()(nullptr, nullptr, bytes.data()));
}

// Calls `check(a, b, c)` for every combination of verdicts.
template <typename Check>
void for_all_triples(Check check) {
  for (const Verdict a : all_verdicts) {
    for (const Verdict b : all_verdicts) {
      for (const Verdict c : all_verdicts) {
        CAPTURE(static_cast<int>(a), static_cast<int>(b), static_cast<int>(c));
        check(a, b, c);
      }
    }
  }
}

// A frame value and cause with which `value > 0` has the verdict.
void set_cell(Verdict verdict, double& value, uint8_t& causes) {
  value = verdict == Verdict::is_true ? 1 : 0;
  causes = cause_of(verdict);
}

// The verdict of `a op b > limit`.
Verdict arithmetic(Op op, double a, double b, double limit) {
  PlanBuilder builder;
  const AggregateId left = builder.aggregate();
  const AggregateId right = builder.aggregate();
  const NodeId first = builder.load(left);
  const NodeId result = builder.binary(op, first, builder.load(right));
  builder.binary(Op::gt, result, builder.constant(limit));
  builder.predicate();
  const JitCode jit(builder.build());
  const double values[] = {a, b};
  const uint8_t causes[] = {0, 0};
  return static_cast<Verdict>(jit.predicates()[0](values, causes, nullptr));
}

}  // namespace

TEST_CASE("compiled logic over every combination of three verdicts") {
  const JitCode nested_or = over_sustains([](PlanBuilder& b, const std::array<SustainId, 3>& s) {
    const NodeId first = b.sustained(s[0]);
    const NodeId both = b.binary(Op::logical_and, first, b.sustained(s[1]));
    b.binary(Op::logical_or, both, b.sustained(s[2]));
  });
  const JitCode nested_and = over_sustains([](PlanBuilder& b, const std::array<SustainId, 3>& s) {
    const NodeId first = b.sustained(s[0]);
    const NodeId either = b.binary(Op::logical_or, first, b.sustained(s[1]));
    b.binary(Op::logical_and, either, b.sustained(s[2]));
  });
  const JitCode negated = over_sustains([](PlanBuilder& b, const std::array<SustainId, 3>& s) {
    const NodeId first = b.sustained(s[0]);
    const NodeId both = b.binary(Op::logical_and, first, b.sustained(s[1]));
    const NodeId neither = b.unary(Op::logical_not, both);
    b.binary(Op::logical_and, neither, b.sustained(s[2]));
  });
  for_all_triples([&](Verdict a, Verdict b, Verdict c) {
    CHECK(evaluate(nested_or, {a, b, c}) == one_of({all_of({a, b}), c}));
    CHECK(evaluate(nested_and, {a, b, c}) == all_of({one_of({a, b}), c}));
    CHECK(evaluate(negated, {a, b, c}) == all_of({inverse(all_of({a, b})), c}));
  });
}

TEST_CASE("compiled folds over every combination of three cells") {
  PlanBuilder builder;
  const AggregateId number = builder.aggregate_by_region();
  for (const Op op : {Op::fold_any, Op::fold_every}) {
    const NodeId left = builder.load(number);
    const NodeId body = builder.binary(Op::gt, left, builder.constant(0));
    builder.fold(op, body, PlanBuilder::regions);
    builder.predicate();
  }
  // What dominates in a fold must not leak into the expression around it.
  const NodeId left = builder.load(number);
  const NodeId body = builder.binary(Op::gt, left, builder.constant(0));
  const NodeId negated =
      builder.unary(Op::logical_not, builder.fold(Op::fold_any, body, PlanBuilder::regions));
  const NodeId other = builder.load(builder.aggregate());
  builder.binary(Op::logical_and, negated, builder.binary(Op::gt, other, builder.constant(0)));
  builder.predicate();
  const JitCode jit(builder.build());

  for_all_triples([&](Verdict a, Verdict b, Verdict c) {
    double values[4];
    uint8_t causes[4];
    const std::vector<Verdict> cells = {a, b, c};
    for (size_t cell = 0; cell < cells.size(); ++cell) {
      set_cell(cells[cell], values[cell], causes[cell]);
    }
    for (const Verdict outside : all_verdicts) {
      set_cell(outside, values[3], causes[3]);
      const auto run = [&](size_t predicate) {
        return static_cast<Verdict>(jit.predicates()[predicate](values, causes, nullptr));
      };
      CHECK(run(0) == in_any(cells));
      CHECK(run(1) == all_of(cells));
      CHECK(run(2) == all_of({inverse(in_any(cells)), outside}));
    }
  });
}

TEST_CASE("compiled arithmetic without a finite result is insufficient") {
  const double greatest = std::numeric_limits<double>::max();
  const double denormal = std::numeric_limits<double>::denorm_min();
  CHECK(arithmetic(Op::div, 0, 0, 0) == Verdict::insufficient);
  CHECK(arithmetic(Op::div, 1, -0.0, 0) == Verdict::insufficient);
  CHECK(arithmetic(Op::div, -0.0, 1, 0) == Verdict::is_false);
  CHECK(arithmetic(Op::mul, greatest, 2, 0) == Verdict::insufficient);
  CHECK(arithmetic(Op::add, greatest, greatest, 0) == Verdict::insufficient);
  CHECK(arithmetic(Op::sub, greatest, greatest, -1) == Verdict::is_true);
  CHECK(arithmetic(Op::add, greatest, 1, 0) == Verdict::is_true);
  CHECK(arithmetic(Op::div, denormal, 2, 0) == Verdict::is_false);  // rounds to zero
  CHECK(arithmetic(Op::add, denormal, denormal, denormal) == Verdict::is_true);
}

TEST_CASE("compiled code rounds after every operation") {
  // (1 + e) * (1 - e) rounds to 1; a fused multiply-add would see the difference to 1.
  PlanBuilder builder;
  const AggregateId above = builder.aggregate();
  const AggregateId below = builder.aggregate();
  const NodeId first = builder.load(above);
  const NodeId product = builder.binary(Op::mul, first, builder.load(below));
  const NodeId difference = builder.binary(Op::sub, product, builder.constant(1));
  builder.binary(Op::eq, difference, builder.constant(0));
  builder.predicate();
  const JitCode jit(builder.build());
  const double values[] = {1 + 0x1p-30, 1 - 0x1p-30};
  const uint8_t causes[] = {0, 0};
  CHECK(jit.predicates()[0](values, causes, nullptr) == static_cast<uint8_t>(Verdict::is_true));
}

}  // namespace rel::test
