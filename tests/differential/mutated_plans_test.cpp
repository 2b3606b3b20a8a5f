// What verify_plan accepts never traps, however it came about: plans with random rows changed are
// evaluated over frames that end at a page without access, and the evaluators agree.
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/differential/compiled.h"
#include "tests/differential/random_plan.h"

namespace rel::test {
namespace {

constexpr uint64_t seeds = 1500;

// A copy of a column whose end is the end of what may be read.
class GuardedColumn {
 public:
  GuardedColumn(const void* bytes, size_t size) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    readable_ = (size + page - 1) / page * page;
    mapping_ = mmap(nullptr, readable_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
    REQUIRE(mapping_ != MAP_FAILED);
    mapped_ = readable_ + page;
    start_ = static_cast<char*>(mapping_) + readable_ - size;
    if (size > 0) std::memcpy(start_, bytes, size);
    REQUIRE(mprotect(static_cast<char*>(mapping_) + readable_, page, PROT_NONE) == 0);
  }
  ~GuardedColumn() { munmap(mapping_, mapped_); }
  GuardedColumn(const GuardedColumn&) = delete;
  GuardedColumn& operator=(const GuardedColumn&) = delete;

  const void* data() const { return start_; }

 private:
  void* mapping_ = nullptr;
  char* start_ = nullptr;
  size_t readable_ = 0;
  size_t mapped_ = 0;
};

uint32_t mutated_index(uint32_t value, Random& random) {
  switch (random.below(5)) {
    case 0:
      return value + 1;
    case 1:
      return value - 1;
    case 2:
      return random.below(8);
    case 3:
      return static_cast<uint32_t>(random.bits());
  }
  return value ^ (1u << random.below(12));
}

void mutate(Plan& plan, Random& random) {
  Node& node = plan.nodes[random.below(static_cast<uint32_t>(plan.nodes.size()))];
  Aggregate& aggregate =
      plan.aggregates[random.below(static_cast<uint32_t>(plan.aggregates.size()))];
  Predicate& predicate =
      plan.predicates[random.below(static_cast<uint32_t>(plan.predicates.size()))];
  switch (random.below(10)) {
    case 0:
    case 1:
      node.op = static_cast<Op>(random.below(static_cast<uint32_t>(Op::fold_every) + 2));
      return;
    case 2:
    case 3:
      node.a = mutated_index(node.a, random);
      return;
    case 4:
    case 5:
      node.b = mutated_index(node.b, random);
      return;
    case 6:
      node.constant = std::bit_cast<double>(random.bits());
      return;
    case 7:
      predicate.nodes.first = mutated_index(predicate.nodes.first, random);
      return;
    case 8:
      predicate.nodes.count = mutated_index(predicate.nodes.count, random);
      return;
  }
  aggregate.cell_count = mutated_index(aggregate.cell_count, random);
  if (random.one_in(2)) plan.frame_size = mutated_index(plan.frame_size, random);
}

void evaluate_guarded(const Plan& plan, const JitCode& jit, Random& random) {
  const Frame frame = random_frame(plan, random);
  const GuardedColumn values(frame.values.data(), frame.values.size() * sizeof(double));
  const GuardedColumn causes(frame.causes.data(), frame.causes.size());
  const GuardedColumn sustained(frame.sustained.data(), frame.sustained.size());
  const FrameView view{static_cast<const double*>(values.data()),
                       static_cast<const uint8_t*>(causes.data()),
                       static_cast<const uint8_t*>(sustained.data())};
  const Evaluator compiled{&plan, jit.predicates()};
  for (uint32_t index = 0; index < plan.predicates.size(); ++index) {
    CAPTURE(index);
    REQUIRE(compiled(PredicateId{index}, view) == interpret(plan, PredicateId{index}, view));
  }
}

}  // namespace

TEST_CASE("a mutated plan is refused or evaluated alike") {
  size_t accepted = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    Random random(seed);
    Plan plan = random_plan(seed % 50, 4);
    const uint32_t changes = 1 + random.below(2);
    for (uint32_t change = 0; change < changes; ++change) mutate(plan, random);
    if (!verify_plan(plan)) continue;
    ++accepted;
    INFO(fmt::format("seed {}", seed));
    Result<Plan> loaded = load_plan(save_plan(plan));
    REQUIRE(loaded.has_value());
    const JitCode jit(*loaded);
    for (int count = 0; count < 20; ++count) evaluate_guarded(*loaded, jit, random);
  }
  // Both outcomes are common, or the test would show nothing.
  CHECK(accepted > seeds / 20);
  CHECK(accepted < seeds);
}

}  // namespace rel::test
