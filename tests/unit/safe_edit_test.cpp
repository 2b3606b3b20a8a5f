// Edits of a running release: what is safe is named and taken up, everything else is refused; state
// and traffic stay what they are, and a replay comes out the same across the edit.
#include <catch2/catch.hpp>

#include <functional>

#include "runtime/host/edit.h"
#include "runtime/host/host.h"
#include "runtime/host/replay.h"
#include "runtime/host/tick_log.h"
#include "runtime/plan/safe_edit.h"
#include "runtime/route/mapping.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

Plan changed(const std::function<void(PlanBuilder&)>& change) {
  PlanBuilder builder{small_plan()};
  change(builder);
  REQUIRE(verify_plan(builder.plan));
  return std::move(builder.plan);
}

// The limit of the rollback, of the candidate and of its twin that reads the baseline.
Plan with_limit(double limit, const std::string& words) {
  return changed([&](PlanBuilder& b) {
    b.plan.nodes[1].constant = b.plan.nodes[4].constant = limit;
    b.plan.triggers[0].text = b.text("rollback when rate(failed) > " + words + " over 5s");
    b.plan.predicates[0].text = b.text("rate(failed) > " + words);
  });
}

void check_safe(const Plan& edited, const std::string& name) {
  const EditJudgement judgement = judge_edit(small_plan(), edited);
  CHECK(judgement.refused.empty());
  REQUIRE(judgement.safe.size() == 1);
  CHECK_THAT(judgement.safe[0], Catch::StartsWith(name));
}

void check_refused(const Plan& edited, const std::string& name) {
  const EditJudgement judgement = judge_edit(small_plan(), edited);
  REQUIRE(!judgement.refused.empty());
  CHECK_THAT(judgement.refused[0].what, Catch::Contains(name));
}

}  // namespace

TEST_CASE("a plan that says the same at other places is no change") {
  const EditJudgement judgement = judge_edit(small_plan(), changed([](PlanBuilder& b) {
                                               b.plan.triggers[0].span.line = 70;
                                               b.text("a comment is not part of a plan");
                                             }));
  CHECK(judgement.refused.empty());
  CHECK(judgement.safe.empty());
}

TEST_CASE("a limit may be tightened and not loosened") {
  check_safe(with_limit(0.03, "3%"), "tightened: rollback when rate(failed) > 3% over 5s (it was: "
                                     "rollback when rate(failed) > 5% over 5s)");
  check_refused(with_limit(0.07, "7%"), "trigger");
  // A promotion's the other way round: it is true less often with the higher limit.
  Plan running = small_plan();
  running.triggers[0].action = TriggerAction::promote;
  running.triggers[0].baseline_when = PredicateId{};
  Plan edited = running;
  edited.nodes[1].constant = 0.07;
  CHECK(judge_edit(running, edited).refused.empty());
  CHECK(judge_edit(edited, running).refused.size() == 1);
  // An alert moves nothing: either way is safe, and neither is called tighter.
  running.triggers[0].action = edited.triggers[0].action = TriggerAction::alert;
  for (const auto& [before, after] : {std::pair{&running, &edited}, {&edited, &running}}) {
    const EditJudgement judgement = judge_edit(*before, *after);
    CHECK(judgement.refused.empty());
    REQUIRE(judgement.safe.size() == 1);
    CHECK_THAT(judgement.safe[0], Catch::StartsWith("changed: "));
  }
}

TEST_CASE("what is waited for may be raised and not lowered") {
  check_safe(changed([](PlanBuilder& b) { b.plan.stages[1].soak_ns = second_ns; }),
             "raised: soak of live 1s");
  check_safe(changed([](PlanBuilder& b) { b.plan.steps[0].duration_ns = 3 * second_ns; }),
             "raised: step 1 of canary 3s (it was 2s)");
  check_safe(changed([](PlanBuilder& b) { b.plan.cooldown_ns = 7200 * second_ns; }),
             "raised: cooldown 2h (it was 1h)");
  check_refused(changed([](PlanBuilder& b) { b.plan.steps[0].duration_ns = second_ns; }),
                "stage canary");
  check_refused(changed([](PlanBuilder& b) { b.plan.steps[1].share_millionths = 600'000; }),
                "stage canary");
  check_refused(changed([](PlanBuilder& b) {
                  b.plan.stages[0].at_most_ns = 60 * second_ns;
                  b.plan.stages[0].otherwise = Otherwise::hold;
                }),
                "stage canary");
}

TEST_CASE("somebody more may be told, and nothing else of the way back changes") {
  check_safe(changed([](PlanBuilder& b) {
               b.action(ActionKind::slack, {"#ops"}, "notify slack \"#ops\"");
             }),
             "added to the way back: notify slack \"#ops\"");
  check_safe(changed([](PlanBuilder& b) { b.plan.owner = "ops"; }), "owner: `ops` (it was `risk`)");
  Plan other = small_plan("/bin/echo");
  check_refused(other, "way back");
  check_refused(changed([](PlanBuilder& b) {
                  b.plan.actions.pop_back();
                  b.plan.arguments.pop_back();
                }),
                "way back gone: report");
  Plan bolder = small_plan();
  bolder.quarantine_candidate = 0;
  CHECK(judge_edit(small_plan(), bolder).refused.size() == 1);
}

TEST_CASE("what was gathered belongs to its rows: new ones are refused") {
  check_refused(changed([](PlanBuilder& b) {
                  b.plan.triggers.push_back(b.plan.triggers[0]);
                  b.plan.triggers.back().name = b.text("alert_1");
                  b.plan.triggers.back().text = b.text("alert when rate(failed) > 1% over 5s");
                }),
                "trigger new");
  check_refused(changed([](PlanBuilder& b) {
                  b.plan.metrics[0].direction = Direction::lower_is_better;
                }),
                "a part of what it decides by");
}

namespace {

// A release in the memory of a file, as a gateway and its sidecar have it.
struct Side {
  Mapping mapping;
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Host> host;
};

struct Site {
  const TempFolder folder;
  int64_t elapsed_ns = 0;

  MappingRequest request(const Plan& plan) const {
    return {.path = folder.file("gateway.map"),
            .size = Runtime::shared_size(plan),
            .plan_hash = plan_hash(plan)};
  }
  HostTime now() const { return {start_ns + elapsed_ns, elapsed_ns}; }
  std::unique_ptr<Runtime> open(const Plan& plan, Mapping& mapping) const {
    auto opened = open_mapping(request(plan));
    if (!opened) FAIL(opened.error().message);
    mapping = std::move(*opened);
    auto runtime =
        Runtime::open(plan, Evaluator{.plan = &plan, .compiled = {}}, mapping.memory());
    if (!runtime) FAIL(runtime.error().message);
    return std::move(*runtime);
  }
  std::unique_ptr<Journal> open_journal() const {
    auto journal = Journal::open({.path = folder.file("journal.sqlite")});
    if (!journal) FAIL(journal.error().message);
    return std::move(*journal);
  }
  std::unique_ptr<Host> open_host(Runtime& runtime, Journal& journal) const {
    auto host = Host::open(runtime, journal, {.state_dir = folder.path()}, now());
    if (!host) FAIL(host.error().message);
    return std::move(*host);
  }
  void run(Runtime& gateway, Host& host, int ticks) {
    for (int i = 0; i < ticks; i++) {
      elapsed_ns += second_ns / 10;
      gateway.tick(1, now().now_ns);
      host.step(now());
    }
  }
};

const Peer alice{.name = "alice", .user = 4000};

}  // namespace

TEST_CASE("a safe edit is taken up: pinned, in the audit, without a jump, and replayed") {
  Site site;
  const Plan before = small_plan();
  const Plan after = changed([](PlanBuilder& b) {
    b.plan.steps[0].duration_ns = 5 * second_ns;
    b.plan.nodes[1].constant = b.plan.nodes[4].constant = 0.03;
    b.plan.triggers[0].text = b.text("rollback when rate(failed) > 3% over 5s");
  });
  Mapping old_memory;
  const auto old_gateway = site.open(before, old_memory);
  {
    Mapping memory;
    const auto runtime = site.open(before, memory);
    const auto journal = site.open_journal();
    const auto host = site.open_host(*runtime, *journal);
    site.run(*old_gateway, *host, 15);
    REQUIRE(old_gateway->published_route().share_millionths == 100'000);
  }
  const auto journal = site.open_journal();
  const auto changes =
      take_up_edit(*journal, after, {}, {alice, "the step was too short", site.now().now_ns});
  REQUIRE(changes);
  CHECK(changes->size() == 2);
  CHECK(take_up_edit(*journal, after, {}, {alice, "again", site.now().now_ns})->empty());
  REQUIRE(adopt_plan(site.request(after), plan_hash(before)));
  REQUIRE(adopt_plan(site.request(after), plan_hash(before)));  // once more changes nothing

  Mapping memory;
  const auto runtime = site.open(after, memory);
  CHECK(memory.age() == MappingAge::inherited);
  const auto host = site.open_host(*runtime, *journal);
  CHECK(host->recovery_note().empty());
  CHECK(runtime->published_route().share_millionths == 100'000);
  // A worker that has not been told goes on with the plan it has, until its gateway is reloaded.
  site.run(*old_gateway, *host, 3);
  CHECK(old_gateway->published_route().share_millionths == 100'000);
  Mapping new_memory;
  const auto new_gateway = site.open(after, new_memory);
  site.run(*new_gateway, *host, 15);
  CHECK(new_gateway->published_route().share_millionths == 100'000);  // it was 2 s
  site.run(*new_gateway, *host, 40);
  CHECK(new_gateway->published_route().share_millionths == 500'000);

  const auto log = journal->decisions(host->release().id, 0, INT64_MAX).value();
  const auto edited = std::find_if(log.begin(), log.end(), [](const LoggedDecision& one) {
    return one.entry.decision.kind == DecisionKind::overridden;
  });
  REQUIRE(edited != log.end());
  CHECK(edited->entry.actor == "alice");
  CHECK_THAT(edited->entry.because, Catch::Contains("raised: step 1 of canary 5s") &&
                                        Catch::Contains("the step was too short"));
  const auto orders = journal->hands().after(0, 10).value();
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].verb == "edit");
  CHECK(host->plans().at(edited->sequence - 1).steps[0].duration_ns == 2 * second_ns);
  CHECK(host->plans().at(edited->sequence).steps[0].duration_ns == 5 * second_ns);

  site.run(*new_gateway, *host, 15);  // so that what was recorded is on disk
  const ReplayReport report = replay_ticks(
      host->plans(), read_tick_log(site.folder.path(), host->release().id).value(),
      journal->decisions(host->release().id, 0, INT64_MAX).value());
  CHECK(report.difference.empty());
  CHECK(report.plans == 2);
  CHECK(report.same >= 2);
}

TEST_CASE("an edit that is not safe is refused with the reason, also in the audit") {
  Site site;
  const Plan before = small_plan();
  Mapping memory;
  const auto runtime = site.open(before, memory);
  const auto journal = site.open_journal();
  {
    const auto host = site.open_host(*runtime, *journal);
    site.run(*runtime, *host, 15);
  }
  const Plan bolder = changed([](PlanBuilder& b) { b.plan.steps[0].share_millionths = 400'000; });
  const auto refused = take_up_edit(*journal, bolder, {}, {alice, "faster", site.now().now_ns});
  REQUIRE(!refused);
  CHECK_THAT(refused.error().message, Catch::Contains("decides:   stage canary"));
  const Plan safe = changed([](PlanBuilder& b) { b.plan.owner = "ops"; });
  CHECK_FALSE(take_up_edit(*journal, safe, {}, {alice, "", site.now().now_ns + 1}));
  ControlRules rules;
  rules.teams = {{.name = "leads", .users = {1}}};
  rules.allow["edit"] = {"leads"};
  CHECK_FALSE(take_up_edit(*journal, safe, rules, {alice, "mine", site.now().now_ns + 2}));
  const auto orders = journal->hands().after(0, 10).value();
  REQUIRE(orders.size() == 3);
  for (const HandRecord& order : orders) CHECK(order.outcome == HandOutcome::refused);
  CHECK(journal->edits(1)->empty());
  CHECK(journal->find_release("checkout_v2", plan_hash(before))->has_value());
}
