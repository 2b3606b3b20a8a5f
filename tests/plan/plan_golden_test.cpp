// Every policy of tests/plan/cases, and every example that has a plan there, against that plan.
// `rel_plan_tests --bless` rewrites the plans; read what it wrote.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "tests/golden.h"

namespace {

namespace fs = std::filesystem;
using namespace rel;

const fs::path root = REL_SOURCE_DIR;
const fs::path cases = root / "tests/plan/cases";

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> policies() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(cases)) {
    if (entry.path().extension() == ".release") found.push_back(entry.path());
  }
  for (const auto& entry : fs::directory_iterator(root / "examples")) {
    if (entry.path().extension() != ".release") continue;
    const fs::path plan = cases / entry.path().filename().replace_extension(".plan.txt");
    if (fs::exists(plan)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("a policy becomes the plan beside it", "[plan]") {
  for (const fs::path& policy : policies()) {
    DYNAMIC_SECTION(policy.filename().string()) {
      // Compiled from its folder, so that plans hold short paths.
      fs::current_path(policy.parent_path());
      Sources sources;
      const Result<FileId> file = sources.read(policy.filename().string());
      REQUIRE(file);
      Diagnostics diagnostics;
      const Compiled compiled = compile(sources, *file, {}, diagnostics);
      INFO(render_text(sources, diagnostics.all(), Colour::never));
      for (const Diagnostic& each : diagnostics.all()) REQUIRE(each.level == Level::note);
      std::string printed;
      for (const Plan& plan : compiled.plans) printed += print_plan(plan);
      const fs::path golden = cases / policy.filename().replace_extension(".plan.txt");
      if (test::bless) {
        std::ofstream(golden, std::ios::binary) << printed;
        continue;
      }
      CHECK(read_text(golden) == printed);
    }
  }
}

TEST_CASE("a saved plan is the same plan when it is loaded", "[plan]") {
  for (const fs::path& policy : policies()) {
    DYNAMIC_SECTION(policy.filename().string()) {
      fs::current_path(policy.parent_path());
      Sources sources;
      Diagnostics diagnostics;
      const Result<FileId> file = sources.read(policy.filename().string());
      REQUIRE(file);
      for (const Plan& plan : compile(sources, *file, {}, diagnostics).plans) {
        const std::string bytes = save_plan(plan);
        const Result<Plan> loaded = load_plan(bytes);
        REQUIRE(loaded);
        CHECK(print_plan(*loaded) == print_plan(plan));
        CHECK(save_plan(*loaded) == bytes);
        CHECK(plan_hash(*loaded) == plan_hash(plan));
      }
    }
  }
}
