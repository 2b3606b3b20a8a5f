// What code generation does to the process it runs in, and how it refuses.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/differential/compiled.h"
#include "tests/differential/plan_builder.h"
#include "tests/differential/random_plan.h"

namespace rel::test {
namespace {

Plan reference_plan() {
  PlanBuilder builder;
  add_reference_predicate(builder, add_reference_frame(builder));
  return builder.build();
}

// p99_c, p99_b, err_c, n_c, drift, acc_c, acc_b of a candidate that is slow and fails.
constexpr double failing[] = {0.4, 0.2, 0.05, 5000, 0, 0.9, 0.9};
constexpr uint8_t known[7] = {};

size_t threads() {
  using Entries = std::filesystem::directory_iterator;
  return static_cast<size_t>(std::distance(Entries("/proc/self/task"), Entries()));
}

std::vector<std::string> mappings() {
  std::ifstream file("/proc/self/maps");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string refusal_of(const std::string& plan) {
  char error[512] = "";
  CHECK(rel_jit_compile(plan.data(), plan.size(), error, sizeof error) == nullptr);
  return error;
}

std::vector<std::string> lines_of_command(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::vector<std::string> lines;
  char line[512];
  while (fgets(line, sizeof line, pipe) != nullptr) {
    lines.emplace_back(line, strcspn(line, "\n"));
  }
  CHECK(pclose(pipe) == 0);
  return lines;
}

}  // namespace

TEST_CASE("machine code is never writable and executable") {
  const JitCode jit(random_plan(1, 50));
  const auto code = reinterpret_cast<uintptr_t>(jit.predicates()[0]);
  bool found = false;
  for (const std::string& line : mappings()) {
    CAPTURE(line);
    unsigned long first = 0;
    unsigned long end = 0;
    char permissions[5] = "";
    REQUIRE(sscanf(line.c_str(), "%lx-%lx %4s", &first, &end, permissions) == 3);
    CHECK(std::string(permissions, 3) != "rwx");
    if (code < first || code >= end) continue;
    found = true;
    CHECK(std::string(permissions, 3) == "r-x");
  }
  CHECK(found);
}

TEST_CASE("freed code gives its memory back") {
  { const JitCode first(reference_plan()); }  // what LLVM keeps for good
  const size_t before = mappings().size();
  for (int count = 0; count < 20; ++count) const JitCode jit(reference_plan());
  CHECK(mappings().size() <= before + 2);
}

TEST_CASE("compiling leaves no thread behind, and a fork runs the code") {
  const size_t before = threads();
  const JitCode jit(reference_plan());
  CHECK(threads() == before);

  const pid_t child = fork();
  if (child == 0) {
    const uint8_t verdict = jit.predicates()[0](failing, known, nullptr);
    _exit(verdict == static_cast<uint8_t>(Verdict::is_true) ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("two plans are compiled side by side and freed in any order") {
  auto first = std::make_unique<JitCode>(reference_plan());
  const JitCode second(reference_plan());
  CHECK(first->predicates()[0](failing, known, nullptr) == 1);
  first.reset();
  CHECK(second.predicates()[0](failing, known, nullptr) == 1);
}

TEST_CASE("a plan that cannot be loaded is refused with its reason") {
  std::string plan = save_plan(reference_plan());
  CHECK(!refusal_of("").empty());
  CHECK(!refusal_of("not a plan").empty());
  plan[plan.size() / 2] ^= 1;
  CHECK(!refusal_of(plan).empty());

  // Without room for the reason the refusal still stands, and nothing is written past the end.
  char small[4] = {'x', 'x', 'x', 'x'};
  CHECK(rel_jit_compile("", 0, small, 3) == nullptr);
  CHECK(small[2] == '\0');
  CHECK(small[3] == 'x');
  CHECK(rel_jit_compile("", 0, nullptr, 0) == nullptr);
}

TEST_CASE("an unknown kind of artefact is refused by name") {
  const std::string plan = save_plan(reference_plan());
  char error[512] = "";
  size_t size = 0;
  CHECK(rel_codegen_emit(plan.data(), plan.size(), "exe", &size, error, sizeof error) == nullptr);
  CHECK(std::string(error) == "cannot emit `exe`: write `ir` or `obj`");
}

TEST_CASE("an object is linked for the plan it was made for, and for no other") {
  const std::string plan = save_plan(reference_plan());
  const std::string object = emit(reference_plan(), "obj");
  char error[512] = "";
  RelJit* jit = rel_jit_link(plan.data(), plan.size(), object.data(), object.size(), error,
                             sizeof error);
  INFO(error);
  REQUIRE(jit != nullptr);
  CHECK(rel_jit_predicates(jit)[0](failing, known, nullptr) == 1);
  rel_jit_free(jit);

  const std::string other = emit(random_plan(7, 20), "obj");
  CHECK(rel_jit_link(plan.data(), plan.size(), other.data(), other.size(), error,
                     sizeof error) == nullptr);
  CHECK(std::string(error).find("the object was made for plan ") == 0);
  CHECK(rel_jit_link(plan.data(), plan.size(), "no object", 9, error, sizeof error) == nullptr);
}

TEST_CASE("the same plan gives the same object") {
  CHECK(emit(random_plan(7, 20), "obj") == emit(random_plan(7, 20), "obj"));
  CHECK(emit(random_plan(7, 20), "ir") == emit(random_plan(7, 20), "ir"));
}

TEST_CASE("the library exports its C interface and nothing else") {
  const std::vector<std::string> wanted = {"rel_codegen_emit", "rel_jit_compile", "rel_jit_free",
                                           "rel_jit_link", "rel_jit_predicate_count",
                                           "rel_jit_predicates"};
  std::vector<std::string> exported = lines_of_command(
      "nm -D --defined-only --format=just-symbols " REL_BUILD_DIR "/lib/librel_codegen.so");
  std::sort(exported.begin(), exported.end());
  CHECK(exported == wanted);
}

}  // namespace rel::test
