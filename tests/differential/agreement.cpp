// Runs every predicate of a plan through interpreter, JIT and AOT.
#include "tests/differential/agreement.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/differential/compiled.h"
#include "tests/differential/random_plan.h"

namespace rel::test {

void require_agreement(const Plan& plan, uint64_t seed, int frames, std::string_view test_case) {
  const Status verified = verify_plan(plan);
  INFO((verified ? std::string() : verified.error().message));
  REQUIRE(verified.has_value());
  const JitCode jit(plan);
  const AotCode aot(plan);
  REQUIRE(aot.plan_hash() == plan_hash(plan));

  Random random(seed);
  for (int count = 0; count < frames; ++count) {
    const Frame frame = random_frame(plan, random);
    for (uint32_t index = 0; index < plan.predicates.size(); ++index) {
      const Verdict expected = interpret(plan, PredicateId{index}, frame.view());
      const Verdict from_jit = Evaluator{&plan, jit.predicates()}(PredicateId{index}, frame.view());
      const Verdict from_aot = Evaluator{&plan, aot.predicates()}(PredicateId{index}, frame.view());
      if (from_jit == expected && from_aot == expected) continue;
      FAIL(fmt::format("seed {}, frame {}, predicate {}: interpreter {}, jit {}, aot {}; rerun "
                       "with: rel_differential_tests \"{}\" -c \"seed {}\"",
                       seed, count, index, static_cast<int>(expected), static_cast<int>(from_jit),
                       static_cast<int>(from_aot), test_case, seed));
    }
  }
}

}  // namespace rel::test
