// An edit of a policy whose release runs: every change is named, and whether decisions rest on it.
#include <catch2/catch.hpp>

#include "runtime/host/edit.h"
#include "runtime/plan/compare.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

TEST_CASE("the same plan has no change, and each change is named") {
  const Plan running = small_plan();
  CHECK(compare_plans(running, small_plan()).empty());
  Plan edited = small_plan("/bin/echo");
  edited.steps[0].duration_ns = 3 * second_ns;
  const auto changes = compare_plans(running, edited);
  REQUIRE(changes.size() == 3);
  CHECK_THAT(changes[0].what, Catch::Contains("stage canary") && Catch::Contains("100000 for 3s") &&
                                  Catch::Contains("where canary"));
  CHECK(changes[0].decides);
  CHECK_THAT(changes[1].what, Catch::StartsWith("way back gone") && Catch::Contains("/bin/true"));
  CHECK_FALSE(changes[1].decides);
  CHECK_THAT(changes[2].what, Catch::StartsWith("way back new") && Catch::Contains("/bin/echo"));
}

TEST_CASE("an edit is explained while the release runs, and not once it has ended") {
  const TempFolder folder;
  const Plan plan = small_plan();
  auto journal = Journal::open({.path = folder.file("journal.sqlite")});
  REQUIRE(journal);
  const auto release = (*journal)->begin_release(plan, start_ns);
  REQUIRE(release);
  EngineState state;
  state.phase = Phase::running;
  state.stage = StageId{0};
  REQUIRE((*journal)->record(release->id, plan, {.state = &state}));
  CHECK(explain_edit(**journal, plan).value().empty());

  Plan edited = small_plan();
  edited.steps[0].share_millionths = 200'000;
  const std::string why = explain_edit(**journal, edited).value();
  CHECK_THAT(why, Catch::Contains("runs since 2026-03-01T12:00:00") &&
                      Catch::Contains("decides:   stage canary") &&
                      Catch::Contains("relc withdraw"));
  state.phase = Phase::withdrawn;
  REQUIRE((*journal)->record(release->id, plan, {.state = &state}));
  CHECK(explain_edit(**journal, edited).value().empty());
}
