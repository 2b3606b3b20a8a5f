// Which outages both arms share, cell by cell: random conditions over segments, compiled, and
// carried out by the machine on random numbers of both arms, against a model that only knows sets
// of cells.
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <set>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "tests/property/machine.h"

using namespace rel;
using namespace rel::machine_test;

namespace {

using Random = std::mt19937_64;

enum class Seen : uint8_t { bad, good, nothing };
enum class Parts : uint8_t { everybody, region, both, cross };
enum class Over : uint8_t { any, at_least, every };
enum class Join : uint8_t { leaf, denied, both, either };

// What the two arms look like: by arm, metric and cell of the plan.
using World = std::vector<Seen>[2][2];

// A condition: a limit of one metric over some parts, or two conditions joined.
struct Condition {
  Join join = Join::leaf;
  uint32_t metric = 0;
  Parts parts = Parts::everybody;
  Over over = Over::any;
  uint32_t count = 1;
  std::unique_ptr<Condition> left;
  std::unique_ptr<Condition> right;
};

Condition random_leaf(Random& random) {
  Condition made;
  made.metric = static_cast<uint32_t>(random() % 2);
  made.parts = static_cast<Parts>(random() % 4);
  made.over = static_cast<Over>(random() % 3);
  made.count = 1 + static_cast<uint32_t>(random() % 2);
  if (random() % 8 == 0) made.join = Join::denied;
  return made;
}

Condition random_condition(Random& random, int depth) {
  if (depth == 0 || random() % 3 == 0) return random_leaf(random);
  Condition made;
  made.join = random() % 2 == 0 ? Join::both : Join::either;
  made.left = std::make_unique<Condition>(random_condition(random, depth - 1));
  made.right = std::make_unique<Condition>(random_condition(random, depth - 1));
  return made;
}

std::string text_of(const Condition& condition) {
  if (condition.join == Join::both || condition.join == Join::either) {
    return fmt::format("({} {} {})", text_of(*condition.left),
                       condition.join == Join::both ? "and" : "or", text_of(*condition.right));
  }
  const char* parts[] = {"", "region", "(region, band)", "region x band"};
  std::string suffix;
  if (condition.parts != Parts::everybody) {
    const std::string words[] = {"any", fmt::format("at least {} of", condition.count), "every"};
    suffix = fmt::format(" in {} {}", words[static_cast<int>(condition.over)],
                         parts[static_cast<int>(condition.parts)]);
  }
  const std::string limit =
      fmt::format("rate(candidate.{}) > 5% over 5m{}", condition.metric == 0 ? "failed" : "slow",
                  suffix);
  return condition.join == Join::denied ? "not (" + limit + ")" : limit;
}

// -- the model

class Model {
 public:
  Model(const Plan& plan, const World& world) : plan_(plan), world_(world) {}

  bool is_true(const Condition& condition, Arm arm) const {
    switch (condition.join) {
      case Join::leaf: return met(condition, arm);
      case Join::denied: return missed(condition, arm);
      case Join::both: return is_true(*condition.left, arm) && is_true(*condition.right, arm);
      case Join::either: return is_true(*condition.left, arm) || is_true(*condition.right, arm);
    }
    return false;
  }

  // Of a condition that is true of the candidate: is it so only because of what the baseline has
  // as well?
  bool is_shared(const Condition& condition) const {
    switch (condition.join) {
      case Join::leaf: break;
      case Join::denied: return missed(condition, Arm::baseline);
      case Join::both: return is_shared(*condition.left) && is_shared(*condition.right);
      case Join::either: return settled(*condition.left) && settled(*condition.right);
    }
    const bool by_cell = condition.parts != Parts::everybody && condition.over != Over::every;
    if (!by_cell) return met(condition, Arm::baseline);
    return alone(condition).size() < wanted(condition);
  }

  // The cells in which only the candidate is bad.
  std::set<uint32_t> alone(const Condition& leaf) const {
    std::set<uint32_t> cells = those(leaf, Arm::candidate, Seen::bad);
    for (const uint32_t cell : those(leaf, Arm::baseline, Seen::bad)) cells.erase(cell);
    return cells;
  }

 private:
  bool settled(const Condition& side) const {
    return !is_true(side, Arm::candidate) || is_shared(side);
  }

  static size_t wanted(const Condition& leaf) {
    return leaf.over == Over::at_least && leaf.parts != Parts::everybody ? leaf.count : 1;
  }

  bool met(const Condition& leaf, Arm arm) const {
    const size_t bad = those(leaf, arm, Seen::bad).size();
    const bool every = leaf.over == Over::every && leaf.parts != Parts::everybody;
    return bad >= (every ? cells(leaf).size() : wanted(leaf));
  }

  // Known not to be true.
  bool missed(const Condition& leaf, Arm arm) const {
    const size_t bad = those(leaf, arm, Seen::bad).size();
    const size_t good = those(leaf, arm, Seen::good).size();
    const bool every = leaf.over == Over::every && leaf.parts != Parts::everybody;
    return every ? good > 0 : bad < wanted(leaf) && bad + good >= wanted(leaf);
  }

  std::set<uint32_t> those(const Condition& leaf, Arm arm, Seen seen) const {
    std::set<uint32_t> found;
    for (const uint32_t cell : cells(leaf)) {
      const auto& row = world_[arm == Arm::candidate ? 1 : 0][leaf.metric];
      if (row[cell] == seen) found.insert(cell);
    }
    return found;
  }

  // Cell 0 is everybody; then two regions and `other`, three bands and `other`, six combinations.
  std::vector<uint32_t> cells(const Condition& leaf) const {
    switch (leaf.parts) {
      case Parts::everybody: return {0};
      case Parts::region: return {1, 2};
      case Parts::both: return {1, 2, 4, 5, 6};
      case Parts::cross: break;
    }
    return {8, 9, 10, 11, 12, 13};
  }

  const Plan& plan_;
  const World& world_;
};

// -- the machine

Plan plan_of(const std::string& condition) {
  Sources sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("test.release", fmt::format(R"(
model scorer {{ baseline = mlflow("scorer/1"); candidate = mlflow("scorer/2") }}
metric failed : flag per request, lower is better
metric slow   : flag per request, lower is better
segment region in {{ "eu", "us" }}
segment band   in {{ "young", "old", "ancient" }}
release canary of scorer {{
  unknown {{ source_error: hold; no_data: hold; insufficient: hold }}
  rollback when {}
  stage half: split 50% {{ soak 1h }}
}}
)", condition));
  Compiled compiled = compile(sources, file, {}, diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE(compiled.plans.size() == 1);
  REQUIRE(verify_plan(compiled.plans[0]));
  return std::move(compiled.plans[0]);
}

void show(const Plan& plan, const World& world, Machine& machine) {
  for (const Aggregate& row : plan.aggregates) {
    const uint32_t metric = plan.trackers[row.tracker.value].metric.value;
    for (uint32_t i = 0; i < row.cell_count; ++i) {
      const Seen seen = world[row.arm == Arm::candidate ? 1 : 0][metric][row.cell_first + i];
      machine.set_place(row.frame_first + i, seen == Seen::bad ? 0.2 : 0,
                        seen == Seen::nothing ? cause_no_data : cause_none);
    }
  }
}

void spread(Random& random, const Plan& plan, World& world) {
  const uint64_t share_bad = 1 + random() % 3;  // of four
  for (auto& arm : world) {
    for (auto& metric : arm) {
      metric.resize(14);
      for (Seen& seen : metric) {
        seen = random() % 4 < share_bad ? Seen::bad : random() % 3 ? Seen::good : Seen::nothing;
      }
    }
  }
  REQUIRE(plan.cell_count <= 14);
}

void run(uint64_t seed) {
  Random random(seed);
  const Condition condition = random_condition(random, 2);
  const Plan plan = plan_of(text_of(condition));
  auto machine = std::make_unique<Machine>(plan);
  machine->start();
  for (int tick = 0; tick < 40; ++tick) {
    World world;
    spread(random, plan, world);
    show(plan, world, *machine);
    machine->tick();
    const Model model(plan, world);
    INFO("seed " << seed << ", tick " << tick << ": rollback when " << text_of(condition));
    const bool bad = model.is_true(condition, Arm::candidate);
    const bool goes_back = bad && !model.is_shared(condition);
    REQUIRE((machine->state().phase == Phase::rolled_back) == goes_back);
    if (bad && !goes_back) REQUIRE(machine->state().holding != 0);
    if (!goes_back) continue;
    const Decision& decision = machine->log.back();
    const bool names_cell = condition.join == Join::leaf && condition.over != Over::every &&
                            condition.parts != Parts::everybody;
    if (names_cell) CHECK(model.alone(condition).count(decision.evidence[0].cell) == 1);
    machine = std::make_unique<Machine>(plan);
    machine->start();
  }
}

}  // namespace

TEST_CASE("an outage is shared in the cells in which both arms have it, and in no other") {
  for (uint64_t seed = 1; seed <= 400; ++seed) run(seed);
}
