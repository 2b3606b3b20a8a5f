// Interpreter, JIT and AOT give the same verdict for every predicate of plans that come from policy
// text, the way they do in use.
#include <catch2/catch.hpp>

#include "compiler/compile.h"
#include "tests/differential/agreement.h"
#include "tests/differential/random_policy.h"

namespace rel::test {
namespace {

constexpr uint64_t seeds = 60;
constexpr int frames_per_plan = 100;

}  // namespace

TEST_CASE("evaluators agree on generated policies") {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    DYNAMIC_SECTION("seed " << seed) {
      const std::string text = random_policy(seed);
      INFO(text);
      Sources sources;
      Diagnostics diagnostics;
      const FileId file = sources.add("generated.release", text);
      const Compiled compiled = compile(sources, file, CompileOptions{}, diagnostics);
      for (const Diagnostic& diagnostic : diagnostics.all()) UNSCOPED_INFO(diagnostic.message);
      REQUIRE(compiled.plans.size() == 1);
      require_agreement(compiled.plans[0], seed, frames_per_plan,
                        "evaluators agree on generated policies");
    }
  }
}

}  // namespace rel::test
