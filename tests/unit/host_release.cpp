// The host of a release: what becomes durable before it takes effect, what a restart makes of it,
// and what is done after the way back.
#include <catch2/catch.hpp>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "runtime/host/control_verbs.h"
#include "runtime/host/host.h"
#include "runtime/host/state_directory.h"
#include "runtime/host/status_json.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

// A host on a gateway that goes on when the host is gone.
struct Sidecar {
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Host> host;

  Sidecar(Gateway& gateway, const TempFolder& folder, std::vector<std::string> commands = {}) {
    runtime = gateway.open();
    auto opened = Journal::open({.path = folder.file("journal.sqlite")});
    if (!opened) FAIL(opened.error().message);
    journal = std::move(*opened);
    HostSettings settings{.state_dir = folder.path(),
                          .actuators = {.commands = {.allowed = commands}}};
    auto made = Host::open(*runtime, *journal, settings, gateway.now());
    if (!made) FAIL(made.error().message);
    host = std::move(*made);
  }

  std::vector<DecisionKind> kinds() {
    std::vector<DecisionKind> list;
    const auto logged = journal->decisions(host->release().id, 0, 1000);
    if (!logged) FAIL(logged.error().message);
    for (const LoggedDecision& one : *logged) list.push_back(one.entry.decision.kind);
    return list;
  }
};

// Runs gateway and host until the condition holds; a release of the fixture ends within 10 s.
template <typename Condition>
bool run_until(Gateway& gateway, Sidecar& sidecar, Condition condition) {
  for (int tick = 0; tick < 200; tick++) {
    sidecar.host->step(gateway.now());
    if (condition()) return true;
    gateway.tick();
  }
  return false;
}

bool run_to_share(Gateway& gateway, Sidecar& sidecar, uint32_t share) {
  return run_until(gateway, sidecar, [&] {
    return gateway.runtime().published_route().share_millionths == share;
  });
}

// The clock is ours, the programs of the way back are real: a pass is made when one has ended.
bool run_to_end(Gateway& gateway, Sidecar& sidecar) {
  return run_until(gateway, sidecar, [&] {
    siginfo_t ended{};
    waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
    return sidecar.host->settled();
  });
}

void roll_back(Gateway& gateway, Sidecar& sidecar) {
  gateway.observe(100, 50);
  REQUIRE(run_until(gateway, sidecar, [&] {
    return sidecar.host->state().phase == Phase::rolled_back;
  }));
}

std::string page_beside(const std::string& report) {
  return report.substr(0, report.rfind('.')) + ".html";
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a release goes through its stages, each increase journaled before it is permitted") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  Sidecar sidecar(gateway, folder);
  uint32_t share = 0;
  for (int tick = 0; tick < 200 && !sidecar.host->settled(); tick++) {
    const uint32_t now = gateway.runtime().published_route().share_millionths;
    CHECK(now >= share);
    if (now > share) {
      const int64_t release = sidecar.host->release().id;
      const JournaledState known = *sidecar.journal->state(release, plan).value();
      const Raise& raise = known.raise->raise;
      const Stage& stage = plan.stages[raise.stage.value];
      CHECK(plan.steps[stage.steps.at(raise.step).value].share_millionths >= now);
    }
    share = now;
    sidecar.host->step(gateway.now());
    gateway.tick();
  }
  CHECK(sidecar.host->settled());
  CHECK(share == 1'000'000);
  using K = DecisionKind;
  std::vector<DecisionKind> kinds = sidecar.kinds();
  // Without traffic there is nothing to judge: alerts, which hold nothing.
  std::erase(kinds, K::alerted);
  CHECK(kinds == std::vector{K::stage_entered, K::step_advanced, K::promoted, K::stage_entered,
                             K::completed});
  // The gateway may forget what is on disk.
  CHECK_FALSE(gateway.runtime().next_decision());
}

TEST_CASE("without a host nothing is raised, and a rollback still happens") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  {
    Sidecar sidecar(gateway, folder);
    REQUIRE(run_to_share(gateway, sidecar, 100'000));
  }
  for (int tick = 0; tick < 100; tick++) gateway.tick();
  CHECK(gateway.runtime().published_route().share_millionths == 100'000);
  gateway.observe(100, 50);
  for (int tick = 0; tick < 3; tick++) gateway.tick();
  CHECK(gateway.runtime().published_route().share_millionths == 0);

  // The next host finds it, writes it down, and does what follows.
  Sidecar sidecar(gateway, folder, {"/bin/true"});
  REQUIRE(run_to_end(gateway, sidecar));
  const auto kinds = sidecar.kinds();
  CHECK(std::count(kinds.begin(), kinds.end(), DecisionKind::rolled_back) == 1);
  CHECK(sidecar.journal->quarantined("sha256:02").value());
}

TEST_CASE("the way back is done in the stated order, logged, and only once") {
  const TempFolder folder;
  const Plan plan = small_plan("/bin/true");
  Gateway gateway(plan);
  std::vector<DecisionKind> kinds;
  std::string report;
  {
    Sidecar sidecar(gateway, folder, {"/bin/true"});
    REQUIRE(run_to_share(gateway, sidecar, 100'000));
    roll_back(gateway, sidecar);
    REQUIRE(run_to_end(gateway, sidecar));
    kinds = sidecar.kinds();
    report = sidecar.host->report_folder() + "/postmortem.md";
  }
  using K = DecisionKind;
  const auto back = std::find(kinds.begin(), kinds.end(), K::rolled_back);
  const std::vector<DecisionKind> tail(back, kinds.end());
  CHECK(tail == std::vector{K::rolled_back, K::action_started, K::action_done, K::action_started,
                            K::action_done, K::quarantined});
  const std::string text = read_file(report);
  CHECK_THAT(text, Catch::Contains("# Rolled back: release `checkout_v2` of `scorer`"));
  CHECK_THAT(text, Catch::Contains("rollback when rate(failed) > 5% over 5s"));
  CHECK_THAT(text, Catch::Contains("| `rate(candidate.failed) over 5s` | 50% (100 samples) |"));
  CHECK_THAT(text, Catch::Contains("| notify by command [\"/bin/true\"] | done |"));
  CHECK_THAT(read_file(page_beside(report)), Catch::Contains("<svg") &&
                                                  Catch::Contains("limit 5%") &&
                                                  !Catch::Contains("<script"));
  CHECK_THAT(text, Catch::Contains("## Open questions"));

  Sidecar again(gateway, folder, {"/bin/true"});
  REQUIRE(run_to_end(gateway, again));
  CHECK(again.kinds() == kinds);
}

TEST_CASE("an action that was started without an outcome runs again") {
  const TempFolder folder;
  Plan plan = small_plan("/bin/sleep");
  plan.actions[0].retries_max = 1;
  Gateway gateway(plan);
  {
    // `sleep` without an argument fails, but not before the host is gone.
    Sidecar sidecar(gateway, folder, {"/bin/sleep"});
    REQUIRE(run_to_share(gateway, sidecar, 100'000));
    roll_back(gateway, sidecar);
    REQUIRE(run_until(gateway, sidecar, [&] { return !sidecar.host->actions().empty(); }));
    const ActionRecord started{.action = ActionId{0}, .attempts = 1, .first_ns = start_ns};
    REQUIRE(sidecar.journal->record(sidecar.host->release().id, plan, {.actions = {&started, 1}}));
  }
  Sidecar again(gateway, folder, {"/bin/sleep"});
  REQUIRE(run_to_end(gateway, again));
  const auto actions = again.journal->actions(again.host->release().id).value();
  REQUIRE(actions.size() == 2);
  CHECK(actions[0].attempts == 2);
  CHECK(actions[0].status == ActionStatus::failed);
  CHECK(actions[1].status == ActionStatus::done);
}

TEST_CASE("a command that the host does not allow fails with the remedy, the rest goes on") {
  const TempFolder folder;
  const Plan plan = small_plan("/usr/bin/logger");
  Gateway gateway(plan);
  Sidecar sidecar(gateway, folder, {"/bin/true"});
  REQUIRE(run_to_share(gateway, sidecar, 100'000));
  roll_back(gateway, sidecar);
  REQUIRE(run_to_end(gateway, sidecar));
  const auto& actions = sidecar.host->actions();
  REQUIRE(actions.size() == 2);
  CHECK(actions[0].status == ActionStatus::failed);
  CHECK_THAT(actions[0].detail, Catch::Contains("commands:") && Catch::Contains("--config"));
  CHECK(actions[1].status == ActionStatus::done);
  CHECK(sidecar.kinds().back() == DecisionKind::quarantined);
}

TEST_CASE("a running release goes on where its journal says, after the gateway's memory is gone") {
  const TempFolder folder;
  const Plan plan = small_plan();
  uint64_t next_decision = 0;
  {
    Gateway gateway(plan);
    Sidecar sidecar(gateway, folder);
    REQUIRE(run_to_share(gateway, sidecar, 500'000));
    sidecar.host->step(gateway.now());
    next_decision = sidecar.host->state().next_decision_id;
  }
  Gateway gateway(plan);
  Sidecar sidecar(gateway, folder);
  CHECK_THAT(sidecar.host->recovery_note(), !Catch::Equals(""));
  gateway.tick();
  CHECK(gateway.runtime().published_route().share_millionths == 500'000);
  CHECK(sidecar.host->state().next_decision_id >= next_decision);
  REQUIRE(run_to_end(gateway, sidecar));
  std::vector<DecisionKind> kinds = sidecar.kinds();
  std::erase(kinds, DecisionKind::alerted);
  using K = DecisionKind;
  CHECK(kinds == std::vector{K::stage_entered, K::step_advanced, K::promoted, K::stage_entered,
                             K::completed});
}

TEST_CASE("a rolled back release stays so, whoever forgets it") {
  const TempFolder folder;
  const Plan plan = small_plan();
  {
    Gateway gateway(plan);
    Sidecar sidecar(gateway, folder, {"/bin/true"});
    REQUIRE(run_to_share(gateway, sidecar, 100'000));
    roll_back(gateway, sidecar);
    REQUIRE(run_to_end(gateway, sidecar));
  }
  Gateway gateway(plan);
  Sidecar sidecar(gateway, folder, {"/bin/true"});
  for (int tick = 0; tick < 50; tick++) {
    gateway.tick();
    sidecar.host->step(gateway.now());
    CHECK(gateway.runtime().published_route().share_millionths == 0);
  }
  CHECK(sidecar.host->state().phase == Phase::rolled_back);
  CHECK(sidecar.host->settled());
}

TEST_CASE("a running gateway whose journal was moved away starts again at the baseline") {
  const TempFolder before;
  const TempFolder after;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  {
    Sidecar sidecar(gateway, before);
    REQUIRE(run_to_share(gateway, sidecar, 500'000));
  }
  Sidecar sidecar(gateway, after);
  gateway.tick();
  CHECK(gateway.runtime().published_route().share_millionths == 0);
  CHECK(run_to_share(gateway, sidecar, 100'000));
}

TEST_CASE("a failed candidate does not go out again under another plan") {
  const TempFolder folder;
  const Plan plan = small_plan();
  {
    Gateway gateway(plan);
    Sidecar sidecar(gateway, folder, {"/bin/true"});
    REQUIRE(run_to_share(gateway, sidecar, 100'000));
    roll_back(gateway, sidecar);
    REQUIRE(run_to_end(gateway, sidecar));
  }
  Plan edited = plan;
  edited.owner = "somebody else";
  std::string expected;
  SECTION("the same candidate is quarantined") { expected = "quarantined"; }
  SECTION("another candidate of the model waits for the cooldown") {
    edited.strings[edited.candidate.digest.value] = "sha256:03";
    expected = "cools down";
  }
  Gateway gateway(edited);
  Sidecar sidecar(gateway, folder);
  CHECK_THAT(sidecar.host->blocked(), Catch::Contains(expected));
  for (int tick = 0; tick < 20; tick++) {
    gateway.tick();
    sidecar.host->step(gateway.now());
  }
  CHECK(gateway.runtime().published_route().share_millionths == 0);
  const auto status = nlohmann::json::parse(status_json(*sidecar.host));
  CHECK(status.at("phase") == "idle");
  CHECK_THAT(status.at("blocked").get<std::string>(), Catch::Contains(expected));
}

TEST_CASE("what can be asked over the control socket") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  Sidecar sidecar(gateway, folder);
  REQUIRE(run_to_share(gateway, sidecar, 100'000));
  const auto ask = [&](const char* request) {
    return nlohmann::json::parse(
        answer_control(*sidecar.host, request, {.name = "alice"}, gateway.now()));
  };
  SECTION("status") {
    const auto answer = ask(R"({"verb":"status","release":"checkout_v2"})");
    REQUIRE(answer.at("ok") == true);
    const auto& status = answer.at("status");
    CHECK(status.at("phase") == "running");
    CHECK(status.at("stage") == "canary");
    CHECK(status.at("step") == 1);
    CHECK(status.at("steps") == 2);
    CHECK(status.at("share") == 0.1);
    CHECK(status.at("step_duration_s") == 2.0);
    CHECK(status.at("journal").at("ok") == true);
    CHECK(status.at("triggers").at(0).at("verdict") == "no_data");
    CHECK(status.at("aggregates").at(0).at("unknown") == "no_data");
    CHECK(status.at("aggregates").at(0).at("value").is_null());
    CHECK(status.at("aggregates").at(1).at("arm") == "baseline");
  }
  SECTION("history from a sequence on") {
    const auto all = ask(R"({"verb":"history"})").at("decisions");
    REQUIRE(all.size() >= 1);
    CHECK(all.at(0).at("decision").at("kind") == "stage_entered");
    CHECK(all.at(0).at("decision").at("share") == 0.1);
    const auto rest = ask(R"({"verb":"history","since":1})").at("decisions");
    CHECK(rest.size() == all.size() - 1);
    CHECK(ask(R"({"verb":"history","since":-1})").at("ok") == false);
  }
  SECTION("what is refused says why") {
    CHECK(ask(R"({"verb":"ping"})").at("ok") == true);
    const auto unknown = ask(R"({"verb":"ponder"})").at("error").get<std::string>();
    CHECK_THAT(unknown, Catch::Contains("not a verb of this version"));
    const auto other = ask(R"({"verb":"status","release":"x"})").at("error").get<std::string>();
    CHECK_THAT(other, Catch::Contains("checkout_v2"));
    CHECK(ask("[").at("ok") == false);
    CHECK(ask(R"({"verb":7})").at("ok") == false);
  }
}

TEST_CASE("a state directory has one owner") {
  const TempFolder folder;
  const std::string path = folder.file("state");
  const auto first = StateDirectory::open(path);
  REQUIRE(first);
  const auto second = StateDirectory::open(path);
  REQUIRE_FALSE(second);
  CHECK_THAT(second.error().message,
             Catch::Contains("in use by process") && Catch::Contains("another directory"));
  const auto nowhere = StateDirectory::open(folder.file("a/b"));
  REQUIRE_FALSE(nowhere);
  CHECK_THAT(nowhere.error().message, Catch::Contains("parent"));
  std::ofstream(folder.file("plain")) << "x";
  CHECK_FALSE(StateDirectory::open(folder.file("plain")));
}
