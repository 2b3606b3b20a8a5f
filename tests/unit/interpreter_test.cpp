// The reference evaluator: Kleene logic with causes, folds over cells, arithmetic that stays known
// only while it is finite.
#include <catch2/catch.hpp>

#include <limits>

#include "runtime/eval/evaluator.h"

using namespace rel;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Builds one predicate over `cells` numbers a aggregate and evaluates it.
struct Bench {
  Plan plan;
  std::vector<double> values;
  std::vector<uint8_t> causes;
  std::vector<uint8_t> sustained;

  uint32_t node(Node row) {
    plan.nodes.push_back(row);
    return static_cast<uint32_t>(plan.nodes.size() - 1);
  }
  uint32_t number(double value) { return node({.op = Op::constant, .constant = value}); }
  uint32_t load(std::vector<double> cells, std::vector<uint8_t> cell_causes = {}) {
    Aggregate row;
    row.cell_count = static_cast<uint32_t>(cells.size());
    row.frame_first = static_cast<uint32_t>(values.size());
    plan.aggregates.push_back(row);
    cell_causes.resize(cells.size());
    values.insert(values.end(), cells.begin(), cells.end());
    causes.insert(causes.end(), cell_causes.begin(), cell_causes.end());
    return node({.op = Op::load, .a = static_cast<uint32_t>(plan.aggregates.size() - 1)});
  }
  // A verdict: a comparison that comes out so.
  uint32_t verdict(Verdict wanted) {
    const uint32_t left = load({wanted == Verdict::is_true ? 1.0 : 0.0}, {cause_of(wanted)});
    const uint32_t right = number(0.5);
    return node({.op = Op::gt, .a = left, .b = right});
  }
  Verdict result() {
    plan.predicates = {{.nodes = {0, static_cast<uint32_t>(plan.nodes.size())}}};
    return interpret(plan, PredicateId{0}, {values.data(), causes.data(), sustained.data()});
  }
};

const std::vector<Verdict> all_verdicts = {Verdict::is_false, Verdict::is_true,
                                           Verdict::insufficient, Verdict::no_data,
                                           Verdict::source_error};

Verdict combine(Op op, Verdict a, Verdict b) {
  Bench bench;
  const uint32_t left = bench.verdict(a);
  const uint32_t right = bench.verdict(b);
  bench.node({.op = op, .a = left, .b = right});
  return bench.result();
}

Verdict fold(Op op, const std::vector<Verdict>& cells) {
  Bench bench;
  std::vector<double> values;
  std::vector<uint8_t> causes;
  for (const Verdict cell : cells) {
    values.push_back(cell == Verdict::is_true ? 1 : 0);
    causes.push_back(cause_of(cell));
  }
  const uint32_t left = bench.load(values, causes);
  const uint32_t right = bench.number(0.5);
  const uint32_t body = bench.node({.op = Op::gt, .a = left, .b = right});
  bench.node({.op = op, .a = body, .b = static_cast<uint32_t>(cells.size())});
  return bench.result();
}

}  // namespace

TEST_CASE("and: false dominates, then the worse of the unknown causes") {
  for (const Verdict a : all_verdicts) {
    for (const Verdict b : all_verdicts) {
      Verdict expected = Verdict::is_true;
      if (a == Verdict::is_false || b == Verdict::is_false) expected = Verdict::is_false;
      else if (is_unknown(a) || is_unknown(b)) expected = std::max(a, b);
      CHECK(combine(Op::logical_and, a, b) == expected);
    }
  }
}

TEST_CASE("or: true dominates, then the worse of the unknown causes") {
  for (const Verdict a : all_verdicts) {
    for (const Verdict b : all_verdicts) {
      Verdict expected = Verdict::is_false;
      if (a == Verdict::is_true || b == Verdict::is_true) expected = Verdict::is_true;
      else if (is_unknown(a) || is_unknown(b)) expected = std::max(a, b);
      CHECK(combine(Op::logical_or, a, b) == expected);
    }
  }
}

TEST_CASE("not keeps unknown as it is") {
  for (const Verdict a : all_verdicts) {
    Bench bench;
    const uint32_t operand = bench.verdict(a);
    bench.node({.op = Op::logical_not, .a = operand});
    const Verdict expected = is_unknown(a)             ? a
                             : a == Verdict::is_true ? Verdict::is_false
                                                       : Verdict::is_true;
    CHECK(bench.result() == expected);
  }
}

TEST_CASE("in any: true if one cell is true, whatever the others are") {
  CHECK(fold(Op::fold_any, {Verdict::is_false, Verdict::is_true}) == Verdict::is_true);
  CHECK(fold(Op::fold_any, {Verdict::source_error, Verdict::is_true}) == Verdict::is_true);
  CHECK(fold(Op::fold_any, {Verdict::is_false, Verdict::is_false}) == Verdict::is_false);
}

TEST_CASE("in any: cells without enough data do not take part, unless none is left") {
  CHECK(fold(Op::fold_any, {Verdict::is_false, Verdict::insufficient}) == Verdict::is_false);
  CHECK(fold(Op::fold_any, {Verdict::no_data, Verdict::is_false}) == Verdict::is_false);
  CHECK(fold(Op::fold_any, {Verdict::insufficient, Verdict::insufficient}) ==
        Verdict::insufficient);
  CHECK(fold(Op::fold_any, {Verdict::insufficient, Verdict::no_data}) == Verdict::no_data);
}

TEST_CASE("in any: a cell whose source failed is not excluded") {
  CHECK(fold(Op::fold_any, {Verdict::is_false, Verdict::source_error}) == Verdict::source_error);
  CHECK(fold(Op::fold_any, {Verdict::no_data, Verdict::source_error}) == Verdict::source_error);
}

TEST_CASE("in every: needs all cells covered") {
  CHECK(fold(Op::fold_every, {Verdict::is_true, Verdict::is_true}) == Verdict::is_true);
  CHECK(fold(Op::fold_every, {Verdict::is_true, Verdict::insufficient}) == Verdict::insufficient);
  CHECK(fold(Op::fold_every, {Verdict::no_data, Verdict::insufficient}) == Verdict::no_data);
  CHECK(fold(Op::fold_every, {Verdict::is_false, Verdict::source_error}) == Verdict::is_false);
}

TEST_CASE("a fold reads one cell of every aggregate at a time") {
  // candidate > baseline * 2 in any of three cells; only the last one is.
  Bench bench;
  const uint32_t candidate = bench.load({10, 20, 31});
  const uint32_t baseline = bench.load({10, 20, 15});
  const uint32_t two = bench.number(2);
  const uint32_t doubled = bench.node({.op = Op::mul, .a = baseline, .b = two});
  const uint32_t body = bench.node({.op = Op::gt, .a = candidate, .b = doubled});
  bench.node({.op = Op::fold_any, .a = body, .b = 3});
  REQUIRE(bench.result() == Verdict::is_true);
  const FrameView frame{bench.values.data(), bench.causes.data(), nullptr};
  const auto cell = [&](uint32_t index) {
    return interpret_node(bench.plan, PredicateId{0}, NodeId{body}, index, frame);
  };
  CHECK(cell(0) == Verdict::is_false);
  CHECK(cell(1) == Verdict::is_false);
  CHECK(cell(2) == Verdict::is_true);
}

TEST_CASE("arithmetic without a finite result is too little data, never a number") {
  Bench bench;
  const uint32_t zero = bench.load({0});
  const uint32_t also_zero = bench.load({0});
  SECTION("zero by zero") {
    const uint32_t quotient = bench.node({.op = Op::div, .a = zero, .b = also_zero});
    const uint32_t one = bench.number(1);
    bench.node({.op = Op::lt, .a = quotient, .b = one});
    CHECK(bench.result() == Verdict::insufficient);
  }
  SECTION("overflow") {
    const uint32_t large = bench.number(1e308);
    const uint32_t sum = bench.node({.op = Op::add, .a = large, .b = large});
    bench.node({.op = Op::gt, .a = sum, .b = zero});
    CHECK(bench.result() == Verdict::insufficient);
  }
}

TEST_CASE("the causes of both operands of arithmetic meet in the comparison") {
  Bench bench;
  const uint32_t left = bench.load({0}, {cause_insufficient});
  const uint32_t right = bench.load({0}, {cause_source_error});
  const uint32_t sum = bench.node({.op = Op::add, .a = left, .b = right});
  const uint32_t minus = bench.node({.op = Op::neg, .a = sum});
  bench.node({.op = Op::lt, .a = minus, .b = left});
  CHECK(bench.result() == Verdict::source_error);
}

TEST_CASE("comparisons follow IEEE order: -0 equals 0, denormals count") {
  Bench bench;
  SECTION("minus zero") {
    const uint32_t a = bench.load({-0.0});
    const uint32_t b = bench.load({0.0});
    bench.node({.op = Op::eq, .a = a, .b = b});
    CHECK(bench.result() == Verdict::is_true);
  }
  SECTION("denormal") {
    const uint32_t a = bench.load({std::numeric_limits<double>::denorm_min()});
    const uint32_t b = bench.load({0.0});
    bench.node({.op = Op::gt, .a = a, .b = b});
    CHECK(bench.result() == Verdict::is_true);
  }
}

TEST_CASE("a sustained verdict is read with its cause") {
  for (const Verdict verdict : all_verdicts) {
    Bench bench;
    bench.sustained = {static_cast<uint8_t>(verdict)};
    bench.node({.op = Op::sustained, .a = 0});
    CHECK(bench.result() == verdict);
  }
}

TEST_CASE("sealing turns numbers that are none into source errors and keeps known causes") {
  std::vector<double> values = {1.5, infinity, std::numeric_limits<double>::quiet_NaN(), infinity};
  std::vector<uint8_t> causes = {cause_none, cause_none, cause_none, cause_no_data};
  seal_frame(values, causes);
  CHECK(causes == std::vector<uint8_t>{cause_none, cause_source_error, cause_source_error,
                                       cause_no_data});
  CHECK(values[0] == 1.5);
}
