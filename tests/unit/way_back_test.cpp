// The way back as a saga: order, retries, deadlines, escalation, and what a restart makes of it.
#include "runtime/host/way_back.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include "tests/fake_http.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

// A way back of webhooks, one letter a step, in a journal that is a list.
struct Saga {
  PlanBuilder builder;
  ReleaseRecord release{.id = 1, .begun_ns = start_ns};
  ActuatorRules rules{.webhooks = {.hosts = {"deploy"}}};
  std::vector<LoggedDecision> log;
  std::map<std::string, std::vector<int>> answers;  // by path; an empty list answers 200
  std::vector<std::string> asked;                   // paths in the order of the tries
  std::vector<ActionRecord> written;
  EngineState state;
  int64_t elapsed_ns = 0;
  int64_t clock_ns = 0;  // what the clock was set forward by
  FakeHttp http{[this](const HttpRequest& request) { return answer(request); }};
  std::unique_ptr<WayBack> way_back;

  Saga() {
    builder.plan = small_plan();
    builder.plan.actions.clear();
    builder.plan.arguments.clear();
    state.phase = Phase::rolled_back;
    state.stage = StageId{0};
    state.epoch = 1;
    LoggedDecision back;
    back.entry.decision.kind = DecisionKind::rolled_back;
    back.entry.decision.time_ns = start_ns;
    back.entry.because = "it was slow";
    log.push_back(back);
  }

  Action& step(const std::string& letter, ActionPurpose purpose) {
    Action& action = builder.action(ActionKind::webhook, {"http://deploy/" + letter}, letter);
    action.purpose = purpose;
    return action;
  }

  HttpAnswer answer(const HttpRequest& request) {
    const std::string path = request.url.substr(request.url.rfind('/') + 1);
    asked.push_back(path);
    std::vector<int>& rest = answers[path];
    if (rest.empty()) return {.status = 200};
    const int status = rest.front();
    rest.erase(rest.begin());
    return status == 0 ? HttpAnswer{.error = "nobody listens"} : HttpAnswer{.status = status};
  }

  void begin(std::vector<ActionRecord> outcomes = {}) {
    way_back = std::make_unique<WayBack>(
        WayBackParts{builder.plan, release, {rules, &http}, "/reports"}, std::move(outcomes));
  }

  void run(int64_t for_ns) {
    const auto read = [this] { return Result<std::vector<LoggedDecision>>(log); };
    const auto series = [] { return Result<std::vector<SeriesPoint>>(std::vector<SeriesPoint>()); };
    const auto write = [this](const std::vector<JournalEntry>& entries,
                              const std::vector<ActionRecord>& records) -> Status {
      for (const JournalEntry& entry : entries) log.push_back({.entry = entry});
      written.insert(written.end(), records.begin(), records.end());
      return ok();
    };
    for (const int64_t end_ns = elapsed_ns + for_ns; elapsed_ns < end_ns;
         elapsed_ns += second_ns / 10) {
      const HostTime now{start_ns + elapsed_ns + clock_ns, elapsed_ns};
      REQUIRE(way_back->advance(state, now, {read, series, write}));
    }
  }

  std::string order() const {
    std::string text;
    for (const std::string& path : asked) text += path;
    return text;
  }
  const ActionRecord& outcome(uint32_t action, ActionRound round = ActionRound::first) const {
    const ActionRecord* found = find_record(way_back->outcomes(), {ActionId{action}, round});
    REQUIRE(found != nullptr);
    return *found;
  }
  auto count(DecisionKind kind) const {
    return std::count_if(log.begin(), log.end(), [kind](const LoggedDecision& one) {
      return one.entry.decision.kind == kind;
    });
  }
};

}  // namespace

TEST_CASE("steps run in their order, each with a key of its own that its tries share") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  saga.step("b", ActionPurpose::revert);
  saga.answers["a"] = {0, 503};
  saga.begin();
  saga.run(10 * second_ns);
  CHECK(saga.order() == "aaab");
  CHECK(saga.way_back->finished());
  CHECK(saga.outcome(0).attempts == 3);
  std::vector<std::string> keys;
  for (const HttpRequest& request : saga.http.requests) {
    keys.push_back(header_of(request, "Idempotency-Key"));
  }
  const std::string run = "checkout_v2/20260301T120000Z/1/";
  CHECK(keys == std::vector<std::string>{run + "1", run + "1", run + "1", run + "2"});
  CHECK(saga.count(DecisionKind::action_started) == 4);
  CHECK(saga.count(DecisionKind::action_done) == 2);
  CHECK(saga.count(DecisionKind::action_failed) == 0);
}

TEST_CASE("pauses between tries double: 1 s, 2 s, 4 s") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  saga.answers["a"] = {0, 0, 0, 0, 0};
  saga.begin();
  std::vector<size_t> tries;
  for (int second = 0; second < 9; second++) {
    saga.run(second_ns);
    tries.push_back(saga.asked.size());
  }
  // At 0 s, 1 s, 3 s, 7 s; a try is counted in the second that follows it.
  CHECK(tries == std::vector<size_t>{1, 2, 2, 3, 3, 3, 3, 4, 4});
}

TEST_CASE("while a step waits for its next try people are told, and other steps wait") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  saga.step("b", ActionPurpose::revert);
  saga.step("n", ActionPurpose::notify);
  saga.answers["a"] = {500};
  saga.begin();
  saga.run(5 * second_ns);
  CHECK(saga.order() == "anab");
}

TEST_CASE("a step that cannot succeed is told and stops nothing after it") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  saga.step("n", ActionPurpose::notify);
  saga.step("b", ActionPurpose::revert);
  saga.answers["a"] = {404};
  saga.begin();
  saga.run(2 * second_ns);
  CHECK(saga.order() == "anbn");
  CHECK(saga.way_back->finished());
  CHECK(saga.outcome(0).status == ActionStatus::failed);
  CHECK(saga.outcome(0).attempts == 1);
  CHECK(saga.outcome(1, ActionRound::again).status == ActionStatus::done);
  CHECK(saga.count(DecisionKind::alerted) == 1);
  // The second message says what is left to do, under a key of its own.
  const HttpRequest& last = saga.http.requests.back();
  CHECK_THAT(last.body, Catch::Contains("it was slow. Somebody has to do by hand: `a`") &&
                            Catch::Contains("answered 404"));
  CHECK(header_of(last, "Idempotency-Key") == "checkout_v2/20260301T120000Z/1/2/again");
}

TEST_CASE("tries end with the deadline, or with the number that was allowed") {
  Saga saga;
  Action& timed = saga.step("a", ActionPurpose::revert);
  timed.within_ns = 5 * second_ns;  // tries at 0 s, 1 s, 3 s; the next would be at 7 s
  Action& counted = saga.step("b", ActionPurpose::revert);
  counted.retries_max = 1;
  saga.answers["a"] = std::vector<int>(20, 503);
  saga.answers["b"] = std::vector<int>(20, 503);
  saga.begin();
  saga.run(30 * second_ns);
  CHECK(saga.order() == "aaabb");
  CHECK(saga.outcome(0).status == ActionStatus::failed);
  CHECK(saga.outcome(1).status == ActionStatus::failed);
  CHECK(saga.way_back->finished());
}

TEST_CASE("after a restart what succeeded stays done, what was being done is tried again") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  saga.step("b", ActionPurpose::revert);
  const ActionRecord done{.action = ActionId{0}, .status = ActionStatus::done, .attempts = 1};
  const ActionRecord begun{
      .action = ActionId{1}, .attempts = 1, .first_ns = start_ns, .time_ns = start_ns};
  saga.begin({done, begun});
  saga.run(second_ns);
  CHECK(saga.order() == "b");
  CHECK(saga.outcome(1).attempts == 2);
  CHECK_THAT(saga.http.requests[0].body, Catch::Contains("\"attempt\":2"));
}

TEST_CASE("a try that waits keeps its time over a restart") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  const ActionRecord waiting{.action = ActionId{0},
                             .status = ActionStatus::waiting,
                             .attempts = 4,
                             .first_ns = start_ns - 7 * second_ns,
                             .due_ns = start_ns + 3 * second_ns};
  saga.begin({waiting});
  saga.run(3 * second_ns);
  CHECK(saga.order().empty());
  saga.run(second_ns);
  CHECK(saga.order() == "a");
}

TEST_CASE("a withdrawal reverts and reports, and pages nobody") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  saga.step("n", ActionPurpose::notify);
  Action& leads = saga.step("e", ActionPurpose::escalate);
  leads.after_ns = second_ns;
  saga.state.phase = Phase::withdrawn;
  saga.log[0].entry.decision.kind = DecisionKind::withdrawn;
  saga.begin();
  saga.run(10 * second_ns);
  CHECK(saga.order() == "a");
  CHECK(saga.way_back->finished());
  CHECK(saga.count(DecisionKind::quarantined) == 0);
}

TEST_CASE("an escalation comes when nobody has acknowledged, and only then") {
  Saga saga;
  saga.step("n", ActionPurpose::notify);
  Action& leads = saga.step("e", ActionPurpose::escalate);
  leads.after_ns = 5 * second_ns;
  saga.begin();
  saga.run(4 * second_ns);
  CHECK(saga.order() == "n");
  CHECK(saga.way_back->finished());  // nothing waits for it
  SECTION("nobody") {
    saga.run(4 * second_ns);
    CHECK(saga.order() == "ne");
    CHECK_THAT(saga.http.requests[1].body, Catch::Contains("Nobody has acknowledged"));
  }
  SECTION("somebody in time") {
    saga.way_back->acknowledged({.epoch = 1, .time_ns = start_ns, .who = "ada"});
    saga.run(4 * second_ns);
    CHECK(saga.order() == "n");
    CHECK(saga.outcome(1).status == ActionStatus::skipped);
    CHECK_THAT(saga.outcome(1).detail, Catch::Contains("ada"));
  }
}

TEST_CASE("an acknowledgement resolves what pages and alerts, once") {
  Saga saga;
  saga.rules.pagerduty = {.url = "http://pager/e", .services = {{"fraud", {.value = "r0uting"}}}};
  saga.rules.alertmanager = "http://alerts/e";
  saga.builder.action(ActionKind::pagerduty, {"fraud"}, "page");
  saga.builder.action(ActionKind::alertmanager, {"risk"}, "alert");
  saga.step("n", ActionPurpose::notify);
  saga.begin();
  saga.run(second_ns);
  CHECK(saga.http.requests.size() == 3);
  saga.way_back->acknowledged({.epoch = 1, .time_ns = start_ns + second_ns, .who = "ada"});
  saga.run(second_ns);
  saga.run(second_ns);
  REQUIRE(saga.http.requests.size() == 5);
  CHECK_THAT(saga.http.requests[0].body, Catch::Contains("\"event_action\":\"trigger\""));
  CHECK_THAT(saga.http.requests[3].body,
             Catch::Contains("\"event_action\":\"resolve\"") &&
                 Catch::Contains("\"dedup_key\":\"checkout_v2/20260301T120000Z/1\""));
  CHECK_THAT(saga.http.requests[4].body, 
             Catch::Contains("\"endsAt\":\"2026-03-01T12:00:01.000Z\""));
}

TEST_CASE("no secret reaches the journal, even when the world repeats it") {
  Saga saga;
  saga.rules.webhooks.key.value = "hunter2hunter2";
  saga.rules.slack["#ops"].value = "http://slack/T0/s3cret";
  saga.step("a", ActionPurpose::revert);
  FakeHttp talkative([](const HttpRequest&) {
    return HttpAnswer{.status = 400,
                      .body = "bad key hunter2hunter2 for http://slack/T0/s3cret"};
  });
  saga.way_back = std::make_unique<WayBack>(
      WayBackParts{saga.builder.plan, saga.release, {saga.rules, &talkative}, "/reports"},
      std::vector<ActionRecord>{});
  saga.run(second_ns);
  CHECK_THAT(saga.outcome(0).detail, Catch::Contains("bad key [secret] for [secret]"));
  for (const LoggedDecision& one : saga.log) {
    CHECK_THAT(one.entry.because, !Catch::Contains("hunter2") && !Catch::Contains("s3cret"));
  }
}

TEST_CASE("a clock that is set back makes no step wait for as long as it went back") {
  Saga saga;
  saga.step("a", ActionPurpose::revert).within_ns = 20 * second_ns;
  saga.answers["a"] = {0, 0, 0};
  saga.begin();
  saga.run(2 * second_ns);
  CHECK(saga.order() == "aa");
  saga.clock_ns = -7200 * second_ns;
  saga.run(10 * second_ns);
  CHECK(saga.order() == "aaaa");
  CHECK(saga.outcome(0).status == ActionStatus::done);
}

TEST_CASE("a clock that is set back gives no step more time than it has") {
  Saga saga;
  saga.step("a", ActionPurpose::revert).within_ns = 20 * second_ns;
  saga.answers["a"] = std::vector<int>(100, 0);
  saga.begin();
  saga.run(2 * second_ns);
  saga.clock_ns = -7200 * second_ns;
  saga.run(60 * second_ns);
  CHECK(saga.outcome(0).status == ActionStatus::failed);
}

TEST_CASE("a clock that is set back delays an escalation by no more than its own time") {
  Saga saga;
  Action& people = saga.step("e", ActionPurpose::escalate);
  people.after_ns = 30 * second_ns;
  saga.begin();
  saga.run(20 * second_ns);
  saga.clock_ns = -7200 * second_ns;
  saga.run(20 * second_ns);
  CHECK(saga.order().empty());
  saga.run(15 * second_ns);
  CHECK(saga.order() == "e");
}

TEST_CASE("a release that was called off reverts and says why") {
  Saga saga;
  saga.step("a", ActionPurpose::revert);
  saga.state.phase = Phase::withdrawn;
  saga.log.back().entry.decision.kind = DecisionKind::aborted;
  saga.log.back().entry.because = "wrong model";
  saga.begin();
  saga.run(second_ns);
  REQUIRE(saga.http.requests.size() == 1);
  CHECK(saga.http.requests[0].body.find("wrong model") != std::string::npos);
}
