// Hooks of stages at the host: nothing is raised before their success is on disk, they run once,
// and what their failure does is what the policy says.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/host/host.h"
#include "runtime/host/status_json.h"
#include "tests/fake_http.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

using Json = nlohmann::json;

// The small release with webhooks as hooks: before its first stage, before its second, after its
// first. Each is asked for by the last letter of its path.
struct Hooked {
  PlanBuilder builder{small_plan()};
  Plan& plan = builder.plan;

  Hook& add(GateAt at, uint32_t stage, const std::string& letter,
            HookFailure otherwise = HookFailure::hold) {
    Action& action = builder.action(ActionKind::webhook, {"http://deploy/" + letter}, letter);
    action.purpose = ActionPurpose::hook;
    Gate gate{.kind = GateKind::hook, .at = at, .stage = StageId{stage}};
    gate.name = builder.text(letter);
    gate.arguments = {static_cast<uint32_t>(plan.gate_arguments.size()), 1};
    plan.gate_arguments.push_back(builder.text("hook"));
    gate.text = gate.name;
    gate.span = {StringId{0}, 0, 1, 5, 3};
    plan.gates.push_back(gate);
    const auto last = [](const auto& rows) { return static_cast<uint32_t>(rows.size() - 1); };
    plan.hooks.push_back({ActionId{last(plan.actions)}, GateId{last(plan.gates)}, otherwise});
    if (otherwise == HookFailure::withdraw) plan.hooks.back().reason = builder.text("not ready");
    return plan.hooks.back();
  }
  Action& action_of(const Hook& hook) { return plan.actions[hook.action.value]; }
};

// A host that dies and comes back on the same journal, in front of one gateway.
struct Life {
  Gateway& gateway;
  const TempFolder& folder;
  std::map<std::string, std::vector<int>> answers;  // by letter; an empty list answers 200
  FakeHttp http{[this](const HttpRequest& request) { return answer(request); }};
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Host> host;

  Life(Gateway& g, const TempFolder& f) : gateway(g), folder(f) { begin(); }

  void begin() {
    runtime = gateway.open();
    auto opened = Journal::open({.path = folder.file("journal.sqlite")});
    if (!opened) FAIL(opened.error().message);
    journal = std::move(*opened);
    HostSettings settings{.state_dir = folder.path(),
                          .actuators = {.webhooks = {.hosts = {"deploy"}}},
                          .http = &http};
    settings.actuators.commands.allowed = {"/bin/sleep", "/bin/true"};
    auto made = Host::open(*runtime, *journal, settings, gateway.now());
    if (!made) FAIL(made.error().message);
    host = std::move(*made);
  }
  void die() {
    host.reset();
    journal.reset();
    runtime.reset();
  }
  HttpAnswer answer(const HttpRequest& request) {
    std::vector<int>& rest = answers[request.url.substr(request.url.rfind('/') + 1)];
    if (rest.empty()) return {.status = 200};
    const int status = rest.front();
    if (rest.size() > 1) rest.erase(rest.begin());  // the last answer stays
    return status == 0 ? HttpAnswer{.error = "nobody listens"} : HttpAnswer{.status = status};
  }
  void run(int ticks) {
    for (int i = 0; i < ticks; i++) {
      gateway.observe(5, 0);
      gateway.tick();
      host->step(gateway.now());
    }
  }
  uint32_t share() { return gateway.runtime().published_route().share_millionths; }
  Phase phase() { return gateway.runtime().engine_state().phase; }
  auto asked(const std::string& letter) {
    return std::count_if(http.requests.begin(), http.requests.end(), [&](const HttpRequest& one) {
      return one.url == "http://deploy/" + letter;
    });
  }
  std::vector<LoggedDecision> log() {
    return journal->decisions(host->release().id, 0, INT64_MAX).value();
  }
  bool logged(DecisionKind kind, const std::string& words) {
    const auto all = log();
    return std::any_of(all.begin(), all.end(), [&](const LoggedDecision& one) {
      return one.entry.decision.kind == kind &&
             one.entry.because.find(words) != std::string::npos;
    });
  }
};

}  // namespace

TEST_CASE("plans with hooks are valid, and their rows belong together") {
  Hooked hooked;
  hooked.add(GateAt::entering, 1, "b");
  hooked.add(GateAt::left, 0, "c", HookFailure::withdraw);
  REQUIRE(verify_plan(hooked.plan));
  const auto again = load_plan(save_plan(hooked.plan));
  REQUIRE(again);
  CHECK(print_plan(*again) == print_plan(hooked.plan));
  const auto refused = [&](auto change) {
    Plan plan = hooked.plan;
    change(plan);
    const Status status = verify_plan(plan);
    return status ? std::string() : status.error().message;
  };
  using Catch::Contains;
  CHECK_THAT(refused([](Plan& p) { p.hooks.pop_back(); }), Contains("has none"));
  CHECK_THAT(refused([](Plan& p) { std::swap(p.hooks[0], p.hooks[1]); }), Contains("of its own"));
  CHECK_THAT(refused([](Plan& p) { p.hooks[1].reason = StringId{}; }), Contains("failure does"));
  CHECK_THAT(refused([](Plan& p) { p.hooks[0].action = ActionId{0}; }), Contains("of its own"));
  CHECK_THAT(refused([](Plan& p) { p.gates[0].at = GateAt::leaving; }), Contains("hooks stand"));
  CHECK_THAT(refused([](Plan& p) { p.gates[0].stage = StageId{9}; }), Contains("no stage"));
  CHECK_THAT(refused([](Plan& p) { p.actions.back().purpose = ActionPurpose::tell; }),
             Contains("of another kind"));
}

TEST_CASE("a stage does not begin before its hook has succeeded, which runs once") {
  const TempFolder folder;
  Hooked hooked;
  hooked.add(GateAt::entering, 0, "a");
  hooked.add(GateAt::entering, 1, "b");
  Gateway gateway(hooked.plan);
  Life life(gateway, folder);
  life.answers["a"] = {503, 200};
  life.run(5);
  CHECK(life.share() == 0);
  CHECK(life.asked("a") == 1);
  CHECK(life.asked("b") == 0);  // its stage is not due
  const Json row = Json::parse(status_json(*life.host)).at("checklist")[0];
  CHECK(row.at("kind") == "hook");
  CHECK(row.at("due") == true);
  CHECK_THAT(row.at("missing").get<std::string>(), Catch::Contains("failed 1 times"));
  life.run(10);  // the next try is due after a second
  CHECK(life.share() == 100'000);
  CHECK(life.asked("a") == 2);
  life.answers["b"] = {0};
  life.run(60);  // both steps are over, nobody listens
  CHECK(life.share() == 500'000);
  CHECK(life.asked("b") >= 2);
  life.answers["b"] = {};
  life.run(60);
  CHECK(life.share() == 1'000'000);
  CHECK(life.asked("a") == 2);
  std::vector<std::string> keys;
  for (const HttpRequest& request : life.http.requests) {
    if (request.url == "http://deploy/b") keys.push_back(header_of(request, "Idempotency-Key"));
  }
  CHECK(std::count(keys.begin(), keys.end(), keys[0]) == static_cast<long>(keys.size()));
  CHECK_THAT(life.http.requests.back().body, Catch::Contains("\"stage\":\"live\"") &&
                                                 Catch::Contains("\"event\":\"before_stage\""));
  const auto log = life.log();
  const auto at = [&](DecisionKind kind, StageId stage) {
    return std::find_if(log.begin(), log.end(), [&](const LoggedDecision& one) {
      return one.entry.decision.kind == kind && one.entry.decision.stage == stage;
    });
  };
  // On record before the stage: the second `action_done` comes before `live` is entered.
  CHECK(std::count_if(log.begin(), at(DecisionKind::stage_entered, StageId{1}),
                      [](const LoggedDecision& one) {
                        return one.entry.decision.kind == DecisionKind::action_done;
                      }) == 2);
}

TEST_CASE("after a crash a hook that had succeeded never runs again, another keeps its key") {
  const TempFolder folder;
  Hooked hooked;
  hooked.add(GateAt::entering, 0, "a");
  hooked.add(GateAt::entering, 1, "b");
  Gateway gateway(hooked.plan);
  Life life(gateway, folder);
  life.answers["b"] = {0};
  life.run(60);
  REQUIRE(life.share() == 500'000);
  REQUIRE(life.asked("b") >= 1);
  const std::string key = header_of(life.http.requests.back(), "Idempotency-Key");
  life.die();
  life.answers["b"] = {};
  life.begin();
  life.run(80);
  CHECK(life.share() == 1'000'000);
  CHECK(life.asked("a") == 1);
  CHECK(header_of(life.http.requests.back(), "Idempotency-Key") == key);
  const auto before = life.http.requests.size();
  life.die();
  life.begin();
  life.run(20);
  CHECK(life.http.requests.size() == before);
}

TEST_CASE("what a failed hook does is what the policy says") {
  const TempFolder folder;
  Hooked hooked;
  SECTION("continue: the stage begins without it, and people are told") {
    const Hook& hook = hooked.add(GateAt::entering, 1, "b", HookFailure::go_on);
    hooked.action_of(hook).retries_max = 1;
    Gateway gateway(hooked.plan);
    Life life(gateway, folder);
    life.answers["b"] = {503};
    life.run(80);
    CHECK(life.share() == 1'000'000);
    CHECK(life.asked("b") == 2);
    CHECK(life.logged(DecisionKind::alerted, "goes on without `b`"));
  }
  SECTION("rollback: the candidate has failed, as an order of the host") {
    hooked.add(GateAt::entering, 1, "b", HookFailure::rollback);
    Gateway gateway(hooked.plan);
    Life life(gateway, folder);
    life.answers["b"] = {400};
    life.run(60);
    CHECK(life.phase() == Phase::rolled_back);
    CHECK(life.asked("b") == 1);
    CHECK(life.logged(DecisionKind::rolled_back, "`b` failed"));
    CHECK(life.journal->quarantined("sha256:02").value());
    const auto orders = life.journal->hands().after(0, 10).value();
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].actor == "relc");
  }
  SECTION("withdraw: taken back without blame, with the reason") {
    hooked.add(GateAt::left, 0, "c", HookFailure::withdraw);
    Gateway gateway(hooked.plan);
    Life life(gateway, folder);
    life.answers["c"] = {400};
    life.run(60);
    CHECK(life.phase() == Phase::withdrawn);
    CHECK(life.logged(DecisionKind::withdrawn, "not ready; `c` failed"));
  }
  SECTION("a release that has not begun is called off") {
    hooked.add(GateAt::entering, 0, "a", HookFailure::rollback);
    Gateway gateway(hooked.plan);
    Life life(gateway, folder);
    life.answers["a"] = {400};
    life.run(10);
    CHECK(life.phase() == Phase::withdrawn);
    CHECK(life.share() == 0);
    CHECK(life.logged(DecisionKind::aborted, "`a` failed"));
  }
  SECTION("hold: told once, and tried again every five minutes") {
    hooked.add(GateAt::entering, 1, "b");
    Gateway gateway(hooked.plan);
    Life life(gateway, folder);
    life.answers["b"] = {400, 400, 200};
    life.run(60);
    CHECK(life.asked("b") == 1);
    CHECK(life.share() == 500'000);
    CHECK(life.logged(DecisionKind::alerted, "nothing is raised until `b` has succeeded"));
    life.run(3'000);
    CHECK(life.asked("b") == 2);
    life.run(3'050);
    CHECK(life.asked("b") == 3);
    CHECK(life.share() == 1'000'000);
    const auto log = life.log();
    CHECK(std::count_if(log.begin(), log.end(), [](const LoggedDecision& one) {
            return one.entry.decision.kind == DecisionKind::action_failed;
          }) == 1);
  }
}

TEST_CASE("what runs longer than its time is stopped") {
  const TempFolder folder;
  Hooked hooked;
  const Hook& hook = hooked.add(GateAt::entering, 1, "b", HookFailure::go_on);
  Action& action = hooked.action_of(hook);
  action.kind = ActionKind::command;
  action.within_ns = 3 * second_ns;
  action.arguments.count = 2;
  hooked.plan.arguments[action.arguments.first] = hooked.builder.text("/bin/sleep");
  hooked.plan.arguments.insert(hooked.plan.arguments.begin() + action.arguments.first + 1,
                               hooked.builder.text("600"));
  action.probe.first = action.arguments.end();
  REQUIRE(verify_plan(hooked.plan));
  Gateway gateway(hooked.plan);
  Life life(gateway, folder);
  life.run(60);
  CHECK(life.share() == 500'000);
  life.run(30);
  CHECK(life.share() == 1'000'000);
  CHECK(life.logged(DecisionKind::action_failed, "it did not end within 3s"));
}

TEST_CASE("a rollback stops hooks, and none runs after it") {
  const TempFolder folder;
  Hooked hooked;
  hooked.add(GateAt::entering, 1, "b");
  hooked.add(GateAt::left, 0, "c");
  Gateway gateway(hooked.plan);
  Life life(gateway, folder);
  life.answers["b"] = {0};
  life.run(60);
  REQUIRE(life.asked("b") >= 1);
  const auto before = life.asked("b");
  for (int i = 0; i < 30; i++) {
    gateway.observe(20, 20);
    gateway.tick();
    life.host->step(gateway.now());
  }
  CHECK(life.phase() == Phase::rolled_back);
  life.run(100);
  CHECK(life.asked("b") == before);
  CHECK(life.asked("c") == 0);
  CHECK(life.host->settled());
}

TEST_CASE("what comes after the last stage runs once the release is complete") {
  const TempFolder folder;
  Hooked hooked;
  hooked.add(GateAt::left, 1, "c");
  Gateway gateway(hooked.plan);
  Life life(gateway, folder);
  life.answers["c"] = {503, 200};
  life.run(60);
  CHECK(life.phase() == Phase::completed);
  life.run(30);
  CHECK(life.asked("c") == 2);
  CHECK(life.host->settled());
  CHECK_THAT(life.http.requests.back().body, Catch::Contains("\"event\":\"after_stage\""));
}
