// Interpreter, JIT and AOT give the same verdict, cause and all, for every predicate of generated
// plans over edge-value frames.
#include <array>

#include <catch2/catch.hpp>

#include "tests/differential/agreement.h"
#include "tests/differential/plan_builder.h"
#include "tests/differential/random_plan.h"

namespace rel::test {
namespace {

constexpr uint64_t seeds = 100;
constexpr uint32_t predicates_per_plan = 48;
constexpr int frames_per_plan = 200;

// A chain of the most operations a predicate may have, each sum carrying on the one before.
Plan longest_plan() {
  PlanBuilder builder;
  const AggregateId number = builder.aggregate();
  NodeId sum = builder.load(number);
  for (size_t nodes = 1; nodes + 4 <= limits::nodes_per_predicate_max; nodes += 2) {
    sum = builder.binary(Op::add, sum, builder.load(number));
  }
  builder.binary(Op::lt, sum, builder.constant(1e300));
  builder.predicate();
  return builder.build();
}

}  // namespace

TEST_CASE("evaluators agree on generated plans") {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    DYNAMIC_SECTION("seed " << seed) {
      require_agreement(random_plan(seed, predicates_per_plan), seed, frames_per_plan,
                        "evaluators agree on generated plans");
    }
  }
}

TEST_CASE("generated plans and frames reach every verdict") {
  std::array<size_t, 9> seen{};
  size_t total = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Plan plan = random_plan(seed, predicates_per_plan);
    Random random(seed);
    for (int count = 0; count < frames_per_plan; ++count) {
      const Frame frame = random_frame(plan, random);
      for (uint32_t index = 0; index < plan.predicates.size(); ++index, ++total) {
        ++seen.at(static_cast<uint8_t>(interpret(plan, PredicateId{index}, frame.view())));
      }
    }
  }
  for (const Verdict verdict : {Verdict::is_false, Verdict::is_true, Verdict::insufficient,
                                Verdict::no_data, Verdict::source_error}) {
    CAPTURE(static_cast<int>(verdict));
    CHECK(seen[static_cast<uint8_t>(verdict)] > total / 50);
  }
}

TEST_CASE("evaluators agree on the longest predicate") {
  require_agreement(longest_plan(), 1, 50, "evaluators agree on the longest predicate");
}

}  // namespace rel::test
