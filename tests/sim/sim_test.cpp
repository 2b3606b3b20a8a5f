// One seed is one release in a world where everything around it fails. RELC_SIM_SEEDS=N runs N
// seeds (RELC_SIM_FIRST the first of them); RELC_SIM_SEED=S runs one and says what it was;
// RELC_SIM_TALLY=1 counts what went wrong.
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

void print_rows(const char* what, size_t count, const char* (*name)(size_t),
                const uint64_t* first, const uint64_t* second) {
  for (size_t i = 0; i < count; ++i) {
    fmt::print("{:<12} {:<30} {:>8}", what, name(i), first[i]);
    if (second != nullptr) fmt::print(" {:>8} refused", second[i]);
    fmt::print("\n");
  }
}

// How often what happened, in the first run of each seed.
void print_tally(const Tally& tally) {
  print_rows("trouble", troubles, [](size_t i) { return trouble_name(static_cast<Trouble>(i)); },
             tally.began.data(), nullptr);
  print_rows("action", moods, [](size_t i) { return mood_name(static_cast<Mood>(i)); },
             tally.tries.data(), nullptr);
  print_rows("order", verbs, [](size_t i) { return verb_name(static_cast<Verb>(i)); },
             tally.obeyed.data(), tally.refused.data());
  fmt::print("{} orders met no sidecar, {} probes failed\n", tally.unheard, tally.probes_failed);
  fmt::print("{} events came again, {} out of order, {} could not count\n", tally.duplicates,
             tally.reordered, tally.nonsense);
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
  Tally tally;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const Scenario scenario = make_scenario(seed, policy_count(), gated_policy);
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
    tally.add(outcome.tally);
  }
  fmt::print("{} seeds, {} ticks, {} durable decisions, {} rolled back, {} completed\n", count,
             ticks, decisions, rolled_back, completed);
  if (std::getenv("RELC_SIM_TALLY") != nullptr) print_tally(tally);
  // The world is not so hostile that nothing happens, nor so kind that nothing goes back.
  if (count >= 200) {
    CHECK(rolled_back > count / 5);
    CHECK(completed > count / 10);
  }
}

}  // namespace
}  // namespace rel::sim
