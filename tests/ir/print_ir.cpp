// Prints the IR of a plan that a FileCheck case of this folder is about. Argument: the case's name.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "compiler/codegen/codegen.h"
#include "tests/differential/plan_builder.h"

namespace rel::test {
namespace {

NodeId above(PlanBuilder& builder, AggregateId number, double limit) {
  const NodeId left = builder.load(number);
  return builder.binary(Op::gt, left, builder.constant(limit));
}

void comparison(PlanBuilder& builder) {
  above(builder, builder.aggregate(), 0.5);
  builder.predicate();
}

void arithmetic(PlanBuilder& builder) {
  const AggregateId first = builder.aggregate();
  const AggregateId second = builder.aggregate();
  const NodeId left = builder.load(first);
  const NodeId ratio = builder.binary(Op::div, left, builder.load(second));
  builder.binary(Op::le, ratio, builder.unary(Op::neg, builder.load(first)));
  builder.predicate();
}

void logic(PlanBuilder& builder) {
  const AggregateId numbers[] = {builder.aggregate(), builder.aggregate(), builder.aggregate()};
  NodeId all = above(builder, numbers[0], 1);
  all = builder.binary(Op::logical_and, all, above(builder, numbers[1], 2));
  all = builder.binary(Op::logical_and, all, above(builder, numbers[2], 3));
  builder.predicate();

  NodeId mixed = above(builder, numbers[0], 1);
  mixed = builder.binary(Op::logical_and, mixed, above(builder, numbers[1], 2));
  builder.binary(Op::logical_or, mixed, above(builder, numbers[2], 3));
  builder.predicate();
}

void sustained(PlanBuilder& builder) {
  above(builder, builder.aggregate(), 1);
  const SustainId pending = builder.sustain(builder.predicate());
  builder.sustained(pending);
  builder.predicate();
}

void fold(PlanBuilder& builder) {
  const AggregateId by_region = builder.aggregate_by_region();
  const AggregateId by_both = builder.aggregate_by_region_and_age_band();
  builder.fold(Op::fold_any, above(builder, by_region, 1), PlanBuilder::regions);
  builder.predicate();
  builder.fold(Op::fold_every, above(builder, by_both, 1), PlanBuilder::regions_and_age_bands);
  builder.predicate();
}

void constants(PlanBuilder& builder) {
  const NodeId one = builder.constant(1);
  const NodeId quotient = builder.binary(Op::div, one, builder.constant(0));
  builder.binary(Op::lt, quotient, builder.constant(2));
  builder.predicate();
}

const struct {
  const char* name;
  void (*make)(PlanBuilder&);
} cases[] = {{"comparison", comparison}, {"arithmetic", arithmetic}, {"logic", logic},
             {"sustained", sustained},   {"fold", fold},             {"constants", constants}};

}  // namespace
}  // namespace rel::test

int main(int argc, char** argv) {
  for (const auto& each : rel::test::cases) {
    if (argc != 2 || std::strcmp(argv[1], each.name) != 0) continue;
    rel::test::PlanBuilder builder;
    each.make(builder);
    const std::string plan = rel::save_plan(builder.build());
    char error[512] = "";
    size_t size = 0;
    char* text = rel_codegen_emit(plan.data(), plan.size(), "ir", &size, error, sizeof error);
    if (text == nullptr) {
      std::fprintf(stderr, "print_ir: %s\n", error);
      return 1;
    }
    std::fwrite(text, 1, size, stdout);
    std::free(text);
    return 0;
  }
  std::fprintf(stderr, "usage: rel_print_ir CASE\n");
  return 2;
}
