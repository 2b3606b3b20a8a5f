// The checklist at the host: who counts, for how long, and that it is read again before every
// increase; what is missing is said with who can give it.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "runtime/host/control_verbs.h"
#include "runtime/host/host.h"
#include "runtime/host/status_json.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

using Json = nlohmann::json;

void add_gate(Plan& plan, GateKind kind, GateAt at, StageId stage, uint32_t count,
              const char* name, const std::vector<std::string>& arguments,
              int64_t within_ns = 0) {
  const auto text = [&](const std::string& value) {
    plan.strings.push_back(value);
    return StringId{static_cast<uint32_t>(plan.strings.size() - 1)};
  };
  Gate gate{.kind = kind, .at = at, .stage = stage, .count = count, .within_ns = within_ns};
  gate.name = text(name);
  gate.arguments = {static_cast<uint32_t>(plan.gate_arguments.size()),
                    static_cast<uint32_t>(arguments.size())};
  for (const std::string& one : arguments) plan.gate_arguments.push_back(text(one));
  gate.text = text(name);
  gate.span = {StringId{0}, 0, 1, 5, 3};
  plan.gates.push_back(gate);
}

ControlRules rules() {
  ControlRules made;
  made.teams = {{.name = "leads", .users = {0}, .groups = {700}}, {.name = "ops", .groups = {800}}};
  return made;
}

struct Desk {
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Host> host;
  Gateway& gateway;
  ModelCard card;
  int keys = 0;

  Desk(Gateway& g, const TempFolder& folder) : gateway(g) {
    runtime = gateway.open();
    auto opened = Journal::open({.path = folder.file("journal.sqlite")});
    if (!opened) FAIL(opened.error().message);
    journal = std::move(*opened);
    HostSettings settings{.state_dir = folder.path(), .control = rules()};
    settings.policy_folder = "policies";
    settings.read_card = [this](const std::string& path) -> Result<ModelCard> {
      if (path != "policies/CARD.md") return Error{"cannot read " + path};
      return card;
    };
    auto made = Host::open(*runtime, *journal, settings, gateway.now());
    if (!made) FAIL(made.error().message);
    host = std::move(*made);
  }

  Json order(const char* verb, const char* who, gid_t group, Json more = Json::object()) {
    more["verb"] = verb;
    more["why"] = "looked at";
    more["key"] = "key-" + std::to_string(++keys);
    const Peer peer{.name = who, .user = 4000, .groups = {group}};
    return Json::parse(answer_control(*host, more.dump(), peer, gateway.now()));
  }
  void run(int ticks) {
    for (int i = 0; i < ticks; i++) {
      gateway.tick();
      host->step(gateway.now());
    }
  }
  uint32_t share() { return gateway.runtime().published_route().share_millionths; }
  Json checklist() { return Json::parse(status_json(*host)).at("checklist"); }
};

}  // namespace

TEST_CASE("a release waits for its quorum: different people, of the team, each counted once") {
  const TempFolder folder;
  Plan plan = small_plan();
  add_gate(plan, GateKind::approval, GateAt::every_raise, {}, 2, "approved", {"leads"});
  Gateway gateway(plan);
  Desk desk(gateway, folder);
  desk.run(30);
  CHECK(desk.share() == 0);
  CHECK_THAT(desk.checklist()[0].at("missing").get<std::string>(),
             Catch::Contains("2 more of team leads (root, group gid 700)"));
  CHECK(desk.order("approve", "alice", 700).at("order").at("argument") == "approved");
  desk.run(15);
  CHECK(desk.order("approve", "alice", 700).at("ok") == true);
  desk.run(15);
  CHECK(desk.share() == 0);
  const Json stranger = desk.order("approve", "mallory", 800);
  CHECK(stranger.at("ok") == false);
  CHECK_THAT(stranger.at("error").get<std::string>(), Catch::Contains("by team leads"));
  CHECK(desk.order("approve", "bob", 700, {{"point", "nothing"}}).at("ok") == false);
  desk.run(15);
  CHECK(desk.share() == 0);
  desk.order("approve", "bob", 700);
  desk.run(15);
  CHECK(desk.share() == 100'000);
  CHECK(desk.checklist()[0].at("answered") == "alice, bob");
  const auto log = desk.journal->decisions(desk.host->release().id, 0, 100);
  REQUIRE(log);
  CHECK(log->at(0).entry.decision.kind == DecisionKind::approved);
  CHECK(log->at(0).entry.actor == "alice");
  const auto evidence = desk.journal->probes().all(desk.host->release().id);
  REQUIRE(evidence);
  CHECK(evidence->front().answered == "nobody");
  CHECK(evidence->back().answered == "alice, bob");
}

TEST_CASE("an approval expires, and is read again before every increase") {
  const TempFolder folder;
  Plan plan = small_plan();
  add_gate(plan, GateKind::approval, GateAt::every_raise, {}, 1, "approved", {"leads"}, second_ns);
  Gateway gateway(plan);
  Desk desk(gateway, folder);
  desk.order("approve", "alice", 700);
  desk.run(5);
  REQUIRE(desk.share() == 100'000);
  desk.run(60);
  CHECK(desk.share() == 100'000);
  CHECK(desk.checklist()[0].at("passed") == false);
  desk.order("approve", "alice", 700);
  desk.run(15);
  CHECK(desk.share() == 500'000);
}

TEST_CASE("a stage is left once it has been reviewed, by somebody who may, while it runs") {
  const TempFolder folder;
  Plan plan = small_plan();
  add_gate(plan, GateKind::review, GateAt::leaving, StageId{0}, 1, "canary", {"ops"});
  Gateway gateway(plan);
  Desk desk(gateway, folder);
  CHECK(desk.order("review", "carol", 800).at("ok") == false);  // it does not run yet
  desk.run(80);
  CHECK(desk.share() == 500'000);
  CHECK(desk.order("review", "alice", 700).at("ok") == false);
  CHECK(desk.order("review", "carol", 800).at("ok") == true);
  desk.run(15);
  CHECK(desk.share() == 1'000'000);
  const auto log = desk.journal->decisions(desk.host->release().id, 0, 100);
  REQUIRE(log);
  const auto reviewed = std::find_if(log->begin(), log->end(), [](const LoggedDecision& one) {
    return one.entry.decision.kind == DecisionKind::reviewed;
  });
  REQUIRE(reviewed != log->end());
  // The numbers that the reviewer had in front of them.
  CHECK_THAT(reviewed->entry.frame, Catch::Contains("rate(candidate.failed) over 5s"));
}

TEST_CASE("a model card has its sections and names this candidate, each time it is read") {
  const TempFolder folder;
  Plan plan = small_plan();
  add_gate(plan, GateKind::card, GateAt::every_raise, {}, 0, "card",
           {"CARD.md", "Metrics", "Limitations"});
  Gateway gateway(plan);
  Desk desk(gateway, folder);
  desk.card = {.candidate = "sha256:02", .headings = {"Metrics"}};
  desk.run(30);
  CHECK(desk.share() == 0);
  CHECK_THAT(desk.checklist()[0].at("missing").get<std::string>(),
             Catch::Contains("section Limitations"));
  desk.card.headings.push_back("Limitations");
  desk.run(15);
  CHECK(desk.share() == 100'000);
  desk.card.candidate = "sha256:01";  // somebody else's card
  desk.run(60);
  CHECK(desk.share() == 100'000);
  CHECK_THAT(desk.checklist()[0].at("missing").get<std::string>(),
             Catch::Contains("which says `sha256:01`"));
}

TEST_CASE("approvals survive the host") {
  const TempFolder folder;
  Plan plan = small_plan();
  add_gate(plan, GateKind::approval, GateAt::every_raise, {}, 2, "approved", {"leads"});
  Gateway gateway(plan);
  {
    Desk desk(gateway, folder);
    desk.run(3);
    desk.order("approve", "alice", 700);
  }
  Desk desk(gateway, folder);
  desk.keys = 10;  // other orders than those of the first life
  desk.order("approve", "bob", 700);
  desk.run(15);
  CHECK(desk.share() == 100'000);
}
