// Steps of a way back in a plan: what a host relies on is refused when it is not so.
#include <catch2/catch.hpp>

#include <functional>

#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

// A plan with a revert that is probed, and what it reverts.
Plan plan_with_revert() {
  PlanBuilder b;
  b.plan = small_plan();
  Action& revert = b.action(ActionKind::command, {"/opt/apply", "v6"}, "revert");
  revert.purpose = ActionPurpose::revert;
  revert.subject_kind = SubjectKind::feature;
  revert.subject = b.text("history");
  revert.version = b.text("6");
  b.plan.arguments.push_back(b.text("/opt/exists"));
  b.plan.actions.back().probe.count = 1;
  b.plan.needs.push_back({.name = b.text("history"), .version = b.text("7"),
                          .beside = b.text("6")});
  return std::move(b.plan);
}

struct Broken {
  const char* what;
  std::function<void(Plan&)> change;
};

}  // namespace

TEST_CASE("a plan with steps of a way back is verified, saved and loaded", "[plan]") {
  const Plan plan = plan_with_revert();
  REQUIRE(verify_plan(plan));
  const Result<Plan> loaded = load_plan(save_plan(plan));
  REQUIRE(loaded);
  CHECK(print_plan(*loaded) == print_plan(plan));
  const Action& revert = loaded->actions.back();
  CHECK(revert.subject_kind == SubjectKind::feature);
  CHECK(loaded->text(revert.version) == "6");
  CHECK(loaded->text(loaded->arguments[revert.probe.first]) == "/opt/exists");
  CHECK(loaded->text(loaded->needs.at(0).beside) == "6");
}

TEST_CASE("a step that a host could not carry out is refused", "[plan]") {
  const Broken all[] = {
      {"has no known kind", [](Plan& p) { p.actions[2].kind = static_cast<ActionKind>(99); }},
      {"has no known purpose",
       [](Plan& p) { p.actions[2].purpose = static_cast<ActionPurpose>(99); }},
      {"reverts nothing", [](Plan& p) { p.actions[2].subject = StringId{}; }},
      {"reverts nothing", [](Plan& p) { p.actions[0].purpose = ActionPurpose::revert; }},
      {"has a subject and does not revert", [](Plan& p) { p.actions[0].subject.value = 99'999; }},
      {"has a subject and does not revert", [](Plan& p) { p.actions[0].version.value = 1; }},
      {"is a report to no purpose", [](Plan& p) { p.actions[1].purpose = ActionPurpose::notify; }},
      {"has no alias", [](Plan& p) { p.actions[2].kind = ActionKind::mlflow_alias; }},
      {"has not the arguments of its kind",
       [](Plan& p) { p.actions[2].kind = ActionKind::webhook; }},
      {"is out of range", [](Plan& p) { p.actions[2].within_ns = 0; }},
      {"is out of range", [](Plan& p) { p.actions[2].after_ns = -1; }},
      {"does not own its arguments", [](Plan& p) { p.actions[2].probe.first++; }},
      {"does not own its arguments", [](Plan& p) { p.actions[2].probe.count = 99; }},
      {"has an unknown argument", [](Plan& p) { p.arguments.back() = StringId{100'000}; }},
      {"an argument has no action", [](Plan& p) { p.arguments.push_back(p.arguments[0]); }},
      {"has no kind, name or version", [](Plan& p) { p.needs[0].version = StringId{}; }},
      {"has no kind, name or version", [](Plan& p) { p.needs[0].kind = SubjectKind::alias; }},
  };
  for (const Broken& each : all) {
    CAPTURE(each.what);
    Plan plan = plan_with_revert();
    each.change(plan);
    const Status verified = verify_plan(plan);
    REQUIRE_FALSE(verified);
    CHECK_THAT(verified.error().message, Catch::Contains(each.what));
  }
}
