// Scenarios: a timeline in, a decision log out. Every `.events-scenario` here and in examples/
// runs, tick by tick and with quiet time passed over, and both give the same decisions.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/diagnostics/render_text.h"
#include "runtime/base/time_text.h"
#include "runtime/simulation/simulation.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"
#include "tests/scenario/scenario.h"

using namespace rel;
using namespace rel::scenario;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> scenario_files() {
  std::vector<fs::path> files;
  for (const char* folder : {"tests/scenario", "examples"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(REL_SOURCE_DIR) / folder)) {
      if (entry.path().extension() == ".events-scenario") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Plan compile_policy(const fs::path& path, const Scenario& scenario) {
  Sources sources;
  const auto file = sources.read(path.string());
  INFO((file ? "" : file.error().message));
  REQUIRE(file);
  Diagnostics diagnostics;
  Compiled compiled =
      compile(sources, *file, {.release = scenario.release, .time_scale = scenario.time_scale},
              diagnostics);
  INFO(render_text(sources, diagnostics.all(), Colour::never));
  REQUIRE_FALSE(diagnostics.has_errors());
  REQUIRE(compiled.plans.size() == 1);
  return std::move(compiled.plans[0]);
}

struct Outcome {
  std::vector<Decision> decisions;
  std::string phase;
};

Outcome run(const Scenario& scenario, const Plan& plan, const std::vector<std::string>& lines,
            QuietTime quiet) {
  auto simulation = Simulation::open(plan, Evaluator{&plan, {}},
                                     {.tick_ns = scenario.tick_ns, .quiet = quiet});
  REQUIRE(simulation);
  for (const std::string& line : lines) {
    const DecodedEvent& event = (*simulation)->feed(line);
    INFO(line << ": " << event.reason);
    REQUIRE(event.kind != EventKind::rejected);
  }
  (*simulation)->finish();
  const auto decisions = (*simulation)->decisions();
  return {{decisions.begin(), decisions.end()},
          std::string(phase_name((*simulation)->engine_state().phase))};
}

// `30.1s held canary 25%`: a decision in the words of a scenario.
std::string words_of(const Plan& plan, const Decision& decision, int64_t start_ns) {
  return fmt::format("{} {} {} {}", duration_text(decision.time_ns - start_ns),
                     decision_kind_name(decision.kind),
                     plan.text(plan.stages[decision.stage.value].name),
                     quantity_text(decision.share_millionths / 1e6, PlanUnit::ratio));
}

std::string log_of(const Plan& plan, const std::vector<Decision>& decisions, int64_t start_ns) {
  std::string text;
  for (const Decision& decision : decisions) {
    text += fmt::format("  {} because {}\n", words_of(plan, decision, start_ns),
                        because_text(plan, decision));
  }
  return text;
}

void check_expectations(const Scenario& scenario, const Plan& plan, const Outcome& outcome) {
  INFO("decided:\n" << log_of(plan, outcome.decisions, scenario.start_ns));
  REQUIRE(outcome.decisions.size() == scenario.expected.size());
  for (size_t i = 0; i < scenario.expected.size(); ++i) {
    const Decision& decision = outcome.decisions[i];
    CHECK(words_of(plan, decision, scenario.start_ns) == scenario.expected[i].text);
    CHECK_THAT(because_text(plan, decision), Catch::Contains(scenario.expected[i].because));
  }
  CHECK(outcome.phase == scenario.end);
}

}  // namespace

TEST_CASE("scenarios decide what they are expected to") {
  const std::vector<fs::path> files = scenario_files();
  REQUIRE(files.size() >= 2);
  for (const fs::path& path : files) {
    DYNAMIC_SECTION(path.filename().string()) {
      const auto scenario = parse_scenario(read_text(path));
      INFO((scenario ? "" : scenario.error().message));
      REQUIRE(scenario);
      const Plan plan = compile_policy(path.parent_path() / scenario->policy, *scenario);
      const auto lines = event_lines(*scenario, plan);
      INFO((lines ? "" : lines.error().message));
      REQUIRE(lines);
      const Outcome outcome = run(*scenario, plan, *lines, QuietTime::passed_over);
      check_expectations(*scenario, plan, outcome);
      const Outcome tick_by_tick = run(*scenario, plan, *lines, QuietTime::every_tick);
      CHECK(log_of(plan, tick_by_tick.decisions, scenario->start_ns) ==
            log_of(plan, outcome.decisions, scenario->start_ns));
    }
  }
}
