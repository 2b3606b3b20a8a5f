// One seed is one release in a world where everything around it fails. RELC_SIM_SEEDS=N runs N
// seeds (RELC_SIM_FIRST the first of them); RELC_SIM_SEED=S runs one and says what it was.
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "tests/sim/policies.h"
#include "tests/sim/world.h"

namespace rel::sim {
namespace {

constexpr uint64_t seeds_in_a_test_run = 2'000;

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST_CASE("whatever goes wrong, no rule of the design bends, and the same seed is the same run") {
  const uint64_t one = number_from_environment("RELC_SIM_SEED", 0);
  const uint64_t first = one != 0 ? one : number_from_environment("RELC_SIM_FIRST", 1);
  const uint64_t count =
      one != 0 ? 1 : number_from_environment("RELC_SIM_SEEDS", seeds_in_a_test_run);
  uint64_t ticks = 0;
  uint64_t decisions = 0;
  uint64_t rolled_back = 0;
  uint64_t completed = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const Scenario scenario = make_scenario(seed, policy_count());
    const Outcome outcome = run(scenario);
    if (one != 0) fmt::print("{}{}", describe(scenario), outcome.log);
    const Outcome again = run(scenario);
    if (!outcome.violation.empty()) {
      FAIL_CHECK(describe(scenario) << outcome.violation << "\nagain: RELC_SIM_SEED=" << seed
                                    << " rel_sim_tests");
    }
    if (outcome.trace != again.trace) {
      FAIL_CHECK(describe(scenario) << "two runs of it differ\nagain: RELC_SIM_SEED=" << seed
                                    << " rel_sim_tests");
    }
    ticks += static_cast<uint64_t>(outcome.ticks);
    decisions += outcome.decisions;
    rolled_back += outcome.rolled_back;
    completed += outcome.completed;
  }
  fmt::print("{} seeds, {} ticks, {} durable decisions, {} rolled back, {} completed\n", count,
             ticks, decisions, rolled_back, completed);
  // The world is not so hostile that nothing happens, nor so kind that nothing goes back.
  if (count >= 200) {
    CHECK(rolled_back > count / 5);
    CHECK(completed > count / 10);
  }
}

}  // namespace
}  // namespace rel::sim
