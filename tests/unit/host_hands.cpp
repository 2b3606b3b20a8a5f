// What people order over the control socket: who may, that it is written down before it can raise
// anything, that a failing disk does not stop the way back, and that a restart loses no order.
#include <catch2/catch.hpp>

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "runtime/host/control_verbs.h"
#include "runtime/host/host.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

using Json = nlohmann::json;

struct Desk {
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Host> host;
  Gateway& gateway;
  Peer peer{.name = "alice", .user = 1000, .groups = {100}};
  int keys = 0;

  Desk(Gateway& g, const TempFolder& folder, ControlRules rules = {}) : gateway(g) {
    runtime = gateway.open();
    auto opened = Journal::open({.path = folder.file("journal.sqlite")});
    if (!opened) FAIL(opened.error().message);
    journal = std::move(*opened);
    HostSettings settings{.state_dir = folder.path(), .control = std::move(rules)};
    auto made = Host::open(*runtime, *journal, settings, gateway.now());
    if (!made) FAIL(made.error().message);
    host = std::move(*made);
  }

  Json ask(const Json& request) {
    return Json::parse(answer_control(*host, request.dump(), peer, gateway.now()));
  }
  Json order(const char* verb, Json more = Json::object()) {
    more["verb"] = verb;
    if (!more.contains("why")) more["why"] = "a test";
    if (!more.contains("key")) more["key"] = "key-" + std::to_string(++keys);
    return ask(more);
  }
  Json outcome_of(const Json& answer) {
    return ask({{"verb", "order"}, {"sequence", answer.at("order").at("sequence")}}).at("order");
  }
  void run(int ticks) {
    for (int i = 0; i < ticks; i++) {
      gateway.tick();
      host->step(gateway.now());
    }
  }
  uint32_t share() { return gateway.runtime().published_route().share_millionths; }
  std::vector<LoggedDecision> log() {
    auto logged = journal->decisions(host->release().id, 0, 1000);
    if (!logged) FAIL(logged.error().message);
    return *logged;
  }
};

// The last decision of a kind.
const LoggedDecision* find(const std::vector<LoggedDecision>& log, DecisionKind kind) {
  const LoggedDecision* found = nullptr;
  for (const LoggedDecision& one : log) {
    if (one.entry.decision.kind == kind) found = &one;
  }
  return found;
}

}  // namespace

TEST_CASE("an order is carried out, and its decision names who and why") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  Desk desk(gateway, folder);
  desk.run(3);
  REQUIRE(desk.share() == 100'000);
  const Json paused = desk.order("pause", {{"why", "on call changes"}});
  REQUIRE(paused.at("ok") == true);
  CHECK(paused.at("order").at("outcome") == "accepted");
  desk.run(60);
  CHECK(desk.share() == 100'000);
  CHECK(desk.outcome_of(paused).at("outcome") == "done");
  const auto log = desk.log();
  const LoggedDecision* decision = find(log, DecisionKind::paused);
  REQUIRE(decision != nullptr);
  CHECK(decision->entry.actor == "alice");
  CHECK(decision->entry.because == "on call changes");

  CHECK(desk.order("promote").at("ok") == true);
  desk.run(2);
  const Json audit = desk.ask({{"verb", "audit"}}).at("orders");
  CHECK(audit.back().at("outcome") == "refused");
  CHECK_THAT(audit.back().at("detail").get<std::string>(), Catch::Contains("paused"));
  CHECK(desk.share() == 100'000);

  desk.order("resume");
  desk.run(5);
  CHECK(desk.share() == 500'000);
  desk.order("rollback", {{"why", "customers complain"}});
  desk.run(2);
  CHECK(desk.share() == 0);
  const auto after = desk.log();
  const LoggedDecision* back = find(after, DecisionKind::rolled_back);
  REQUIRE(back != nullptr);
  CHECK(back->entry.because == "customers complain");
}

TEST_CASE("the same key is the same order; an order says why, and to which epoch") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  Desk desk(gateway, folder);
  desk.run(3);
  const Json first = desk.order("pause", {{"key", "k"}});
  const Json again = desk.order("pause", {{"key", "k"}});
  CHECK(again.at("order").at("sequence") == first.at("order").at("sequence"));
  desk.run(2);
  CHECK(desk.order("pause", {{"key", "k"}}).at("order").at("outcome") == "done");
  CHECK(desk.order("resume", {{"key", "k"}}).at("ok") == false);

  CHECK(desk.order("resume", {{"why", ""}}).at("ok") == false);
  CHECK(desk.order("resume", {{"key", ""}}).at("ok") == false);
  const Json late = desk.order("resume", {{"epoch", 7}});
  desk.run(2);
  CHECK_THAT(desk.outcome_of(late).at("detail").get<std::string>(),
             Catch::Contains("has gone back"));
  CHECK(desk.host->state().paused == 1);
}

TEST_CASE("who is not in the team is refused, and the refusal is in the audit") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  ControlRules rules;
  rules.teams = {{.name = "leads", .users = {1000}}, {.name = "ops", .groups = {200}}};
  rules.allow["promote"] = {"leads"};
  rules.allow["rollback"] = {"leads", "ops"};
  Desk desk(gateway, folder, rules);
  desk.run(3);
  desk.peer = {.name = "bob", .user = 1001, .groups = {200}};
  const Json refused = desk.order("promote");
  CHECK(refused.at("ok") == false);
  CHECK_THAT(refused.at("error").get<std::string>(), Catch::Contains("team leads"));
  const Json audit = desk.ask({{"verb", "audit"}}).at("orders");
  REQUIRE(audit.size() == 1);
  CHECK(audit[0].at("actor") == "bob");
  CHECK(audit[0].at("verb") == "promote");
  CHECK(audit[0].at("outcome") == "refused");
  desk.run(3);
  CHECK(desk.share() == 100'000);
  CHECK(desk.order("rollback").at("ok") == true);
  desk.run(1);
  CHECK(desk.share() == 0);
}

TEST_CASE("an order survives its host, and is not carried out twice") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  {
    Desk desk(gateway, folder);
    desk.run(3);
    REQUIRE(desk.order("pause").at("ok") == true);
    // Gone before the gateway has ticked.
  }
  Desk desk(gateway, folder);
  desk.run(60);
  CHECK(desk.share() == 100'000);
  CHECK(desk.host->state().paused == 1);
  const auto log = desk.log();
  CHECK(std::count_if(log.begin(), log.end(), [](const LoggedDecision& one) {
          return one.entry.decision.kind == DecisionKind::paused;
        }) == 1);
  CHECK(find(log, DecisionKind::paused)->entry.actor == "alice");
}

TEST_CASE("a pause is in the journal's state: a gateway that forgot everything stays paused") {
  const TempFolder folder;
  const Plan plan = small_plan();
  {
    Gateway gateway(plan);
    Desk desk(gateway, folder);
    desk.run(3);
    desk.order("pause");
    desk.order("override", {{"trigger", "rollback_1"}, {"until", "2026-03-01T13:00:00Z"}});
    desk.run(3);
    REQUIRE(desk.host->state().paused == 1);
  }
  Gateway rebooted(plan);
  rebooted.continue_at(10 * second_ns);
  Desk desk(rebooted, folder);
  desk.run(60);
  CHECK(desk.share() == 100'000);
  CHECK(desk.host->state().paused == 1);
  CHECK(desk.host->state().overruled_until_ns[0] == start_ns + 3600 * second_ns);
  desk.order("resume", {{"key", "after the reboot"}});
  desk.run(5);
  CHECK(desk.share() == 500'000);
}

TEST_CASE("an override keeps a rollback away until its end, and is refused without one") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  Desk desk(gateway, folder);
  desk.run(3);
  CHECK(desk.order("override", {{"trigger", "rollback_1"}}).at("ok") == false);
  CHECK(desk.order("override", {{"trigger", "nobody"}, {"until", "2026-03-01T12:00:09Z"}})
            .at("ok") == false);
  const Json given =
      desk.order("override", {{"trigger", "rollback_1"}, {"until", "2026-03-01T12:00:01.500Z"}});
  REQUIRE(given.at("ok") == true);
  desk.run(1);
  gateway.observe(100, 50);
  desk.run(9);
  CHECK(desk.share() == 100'000);
  desk.run(4);
  CHECK(desk.share() == 0);
  const auto log = desk.log();
  const LoggedDecision* decision = find(log, DecisionKind::overridden);
  REQUIRE(decision != nullptr);
  CHECK_THAT(decision->entry.because, Catch::StartsWith("rollback_1 until 2026-03-01T12:00:01.5"));
}

TEST_CASE("quarantine ends by hand, in somebody's name, and the release then starts") {
  const TempFolder folder;
  const Plan plan = small_plan();
  {
    Gateway gateway(plan);
    Desk desk(gateway, folder);
    CHECK(desk.order("unquarantine").at("ok") == false);
    desk.run(3);
    gateway.observe(100, 50);
    desk.run(5);
    REQUIRE(desk.host->state().phase == Phase::rolled_back);
  }
  PlanBuilder next;
  next.plan = small_plan();
  next.plan.release = "checkout_v3";
  next.plan.cooldown_ns = 0;
  Gateway gateway(next.plan);
  gateway.continue_at(7200 * second_ns);
  Desk desk(gateway, folder);
  REQUIRE_FALSE(desk.host->blocked().empty());
  CHECK_THAT(desk.order("promote").at("error").get<std::string>(),
             Catch::Contains("does not start"));
  REQUIRE(desk.order("unquarantine", {{"why", "the data was wrong"}}).at("ok") == true);
  CHECK(desk.host->blocked().empty());
  desk.run(3);
  CHECK(desk.share() == 100'000);
  const auto log = desk.log();
  const LoggedDecision* cleared = find(log, DecisionKind::unquarantined);
  REQUIRE(cleared != nullptr);
  CHECK(cleared->entry.actor == "alice");
}

TEST_CASE("peers are who the kernel says they are") {
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const auto peer = peer_of(pair[0]);
  REQUIRE(peer);
  CHECK(peer->user == geteuid());
  CHECK(std::find(peer->groups.begin(), peer->groups.end(), getegid()) != peer->groups.end());
  CHECK_FALSE(peer->name.empty());
  close(pair[0]);
  close(pair[1]);
}
