// One call of a compiled predicate through its function pointer, beside the same in C++ -O3, and
// the interpreter. 4,096 frames of seven numbers, of which one in a hundred is unknown.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "compiler/codegen/codegen.h"
#include "runtime/base/check.h"
#include "tests/bench/predicate_reference.h"
#include "tests/differential/plan_builder.h"
#include "tests/differential/random_plan.h"

namespace rel::bench {
namespace {

constexpr size_t rows = 4096;
constexpr size_t columns = 7;

struct Rows {
  std::vector<double> values;
  std::vector<uint8_t> causes;

  const double* values_of(size_t row) const { return &values[row * columns]; }
  const uint8_t* causes_of(size_t row) const { return &causes[row * columns]; }
};

// About half of the frames are true; neither outcome can be foreseen.
Rows make_rows() {
  constexpr double least[columns] = {0.05, 0.05, 0, 0, 0, 0.8, 0.8};
  constexpr double most[columns] = {0.4, 0.3, 0.08, 8000, 0.4, 1, 1};
  test::Random random(1);
  Rows made;
  for (size_t place = 0; place < rows * columns; ++place) {
    const size_t column = place % columns;
    const double share = static_cast<double>(random.below(1'000'000)) / 1e6;
    made.values.push_back(least[column] + share * (most[column] - least[column]));
    made.causes.push_back(random.one_in(100) ? static_cast<uint8_t>(1 << random.below(3)) : 0);
  }
  return made;
}

Plan make_plan() {
  test::PlanBuilder builder;
  test::add_reference_predicate(builder, add_reference_frame(builder));
  return builder.build();
}

template <typename Evaluate>
void sweep(benchmark::State& state, Evaluate evaluate) {
  const Rows frames = make_rows();
  for (auto _ : state) {
    uint32_t sum = 0;
    for (size_t row = 0; row < rows; ++row) {
      sum += evaluate(frames.values_of(row), frames.causes_of(row));
    }
    benchmark::DoNotOptimize(sum);
  }
  using Counter = benchmark::Counter;
  state.counters["ns_per_call"] =
      Counter(rows * 1e-9, Counter::kIsIterationInvariantRate | Counter::kInvert);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows));
}

void sweep_function(benchmark::State& state, PredicateFn function) {
  benchmark::DoNotOptimize(function);  // so that the call goes through the pointer
  sweep(state, [function](const double* values, const uint8_t* causes) {
    return function(values, causes, nullptr);
  });
}

void predicate_reference(benchmark::State& state) { sweep_function(state, reference_predicate); }

void predicate_ours(benchmark::State& state) {
  const std::string plan = save_plan(make_plan());
  char error[512] = "";
  RelJit* jit = rel_jit_compile(plan.data(), plan.size(), error, sizeof error);
  if (jit == nullptr) return state.SkipWithError(error);
  const PredicateFn function = rel_jit_predicates(jit)[0];
  // A benchmark of something else than the reference does would be worthless.
  const Rows frames = make_rows();
  for (size_t row = 0; row < rows; ++row) {
    REL_CHECK(function(frames.values_of(row), frames.causes_of(row), nullptr) ==
              reference_predicate(frames.values_of(row), frames.causes_of(row), nullptr));
  }
  sweep_function(state, function);
  rel_jit_free(jit);
}

void predicate_interpreted(benchmark::State& state) {
  const Plan plan = make_plan();
  sweep(state, [&plan](const double* values, const uint8_t* causes) {
    return static_cast<uint32_t>(interpret(plan, PredicateId{0}, {values, causes, nullptr}));
  });
}

BENCHMARK(predicate_reference)->Name("predicate_call/reference");
BENCHMARK(predicate_ours)->Name("predicate_call/ours");
BENCHMARK(predicate_interpreted)->Name("predicate_call/interpreter");

}  // namespace
}  // namespace rel::bench
