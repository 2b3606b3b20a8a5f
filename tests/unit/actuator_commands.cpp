// Commands of the way back: what runs, with what, for how long, and what is said about it.
#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/wait.h>

#include "runtime/actuators/registry.h"
#include "runtime/actuators/report_text.h"
#include "runtime/host/way_back_plan.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

struct Outcome {
  ActionProgress progress = ActionProgress::running;
  std::string detail;
};

ActionRequest request_of(const std::vector<std::string>& arguments,
                         ActionKind kind = ActionKind::command) {
  const Plan plan = small_plan();
  ActionRequest request{.kind = kind, .arguments = arguments, .key = "checkout_v2/run/1/1"};
  request.facts = facts_of(plan, nullptr);
  request.now_ns = start_ns;
  return request;
}

// Polls when the program has ended; `steady_ns` stands still unless the test moves it.
Outcome run(const ActionRequest& request, const CommandRules& commands) {
  const ActuatorRules rules{.commands = commands};
  const auto action = start_action(request, {rules}, 0);
  Outcome outcome;
  while (outcome.progress == ActionProgress::running) {
    siginfo_t ended{};
    waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
    outcome.progress = action->poll(0);
  }
  outcome.detail = action->detail();
  return outcome;
}

Outcome run(const std::vector<std::string>& arguments, const CommandRules& commands) {
  return run(request_of(arguments), commands);
}

// A report of a release that has not gone back, in `folder`.
Outcome report(const std::string& path, const std::string& folder) {
  const Plan plan = small_plan();
  const ReleaseRecord release;
  const ReportFacts facts{.plan = plan, .release = release, .timeline = {}, .outcomes = {},
                          .series = {}};
  ActionRequest request = request_of({path}, ActionKind::report);
  request.facts.report_folder = folder;
  request.report = &facts;
  return run(request, {});
}

const CommandRules shell{.allowed = {"/bin/sh"}};

}  // namespace

TEST_CASE("a command is an argument vector, never a shell's line") {
  const Outcome outcome =
      run({"/bin/echo", "a b", "$HOME", "; rm -rf x"}, {.allowed = {"/bin/echo"}});
  CHECK(outcome.progress == ActionProgress::done);
  CHECK_THAT(outcome.detail, Catch::Contains("a b $HOME ; rm -rf x"));
}

TEST_CASE("a command sees an environment of our own and no descriptor of ours") {
  setenv("RELC_TEST_SECRET", "hidden", 1);
  const Outcome outcome = run({"/bin/sh", "-c", "env; ls /proc/self/fd; cat"},
                              {.allowed = {"/bin/sh"}, .environment = {"PASSED_ON=yes"}});
  unsetenv("RELC_TEST_SECRET");
  CHECK(outcome.progress == ActionProgress::done);
  CHECK_THAT(outcome.detail, !Catch::Contains("RELC_TEST_SECRET"));
  CHECK_THAT(outcome.detail, Catch::Contains("RELC_RELEASE=checkout_v2") &&
                                 Catch::Contains("RELC_CANDIDATE=sha256:02") &&
                                 Catch::Contains("RELC_KEY=checkout_v2/run/1/1") &&
                                 Catch::Contains("PASSED_ON=yes"));
  // 0, 1, 2, and the one `ls` reads the directory with.
  CHECK_THAT(outcome.detail, Catch::Contains("0\n1\n2\n3") && !Catch::Contains("\n4"));
}

TEST_CASE("how a command fails is said") {
  CHECK_THAT(run({"/bin/sh", "-c", "echo no; exit 3"}, shell).detail,
             Catch::Contains("exited with 3") && Catch::Contains("no"));
  CHECK_THAT(run({"/bin/sh", "-c", "kill -9 $$"}, shell).detail,
             Catch::Contains("signal 9"));
  const Outcome missing = run({"/no/such"}, CommandRules{.allowed = {"/no/such"}});
  CHECK(missing.progress == ActionProgress::failed);
  CHECK_THAT(missing.detail, Catch::Contains("cannot be run"));
  const Outcome refused = run({"/bin/sh", "-c", "true"}, CommandRules{});
  CHECK(refused.progress == ActionProgress::refused);
  CHECK_THAT(refused.detail, Catch::Contains("not allowed") && Catch::Contains("commands:"));
}

TEST_CASE("output is kept up to its limit, and what is dropped is counted") {
  const Outcome outcome =
      run({"/bin/sh", "-c", "head -c 5000 /dev/zero | tr '\\0' 'x'; printf '\\001'"},
          shell);
  CHECK(outcome.progress == ActionProgress::done);
  CHECK_THAT(outcome.detail, Catch::Contains("905 more bytes"));
  CHECK(outcome.detail.size() < 4300);
}

TEST_CASE("a command that does not end is stopped after its time, politely first") {
  const ActuatorRules rules{
      .commands = {.allowed = {"/bin/sh"}, .timeout_ns = 5 * second_ns}};
  const auto action = start_action(
      request_of({"/bin/sh", "-c", "trap '' TERM; while :; do :; done"}), {rules}, 0);
  CHECK(action->poll(4 * second_ns) == ActionProgress::running);
  CHECK(action->poll(5 * second_ns) == ActionProgress::running);  // asked to end, ignores it
  CHECK(action->poll(6 * second_ns) == ActionProgress::running);  // has two seconds for it
  CHECK(action->poll(7 * second_ns) == ActionProgress::running);  // killed
  siginfo_t ended{};
  waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
  CHECK(action->poll(7 * second_ns) == ActionProgress::failed);
  CHECK_THAT(action->detail(), Catch::Contains("within 5 s") && Catch::Contains("command_timeout"));
}

TEST_CASE("a report stays in its folder") {
  const TempFolder folder;
  for (const char* path : {"/etc/x", "../x", "a/../../x", "", "a/"}) {
    CAPTURE(path);
    CHECK(report(path, folder.path()).progress == ActionProgress::refused);
  }
  CHECK(report("sub/r.md", folder.path()).progress == ActionProgress::done);
  CHECK(std::filesystem::exists(folder.file("sub/r.md")));
  CHECK_FALSE(std::filesystem::exists(folder.file("sub/r.md.draft")));

  const Outcome blocked = report("r.md", "/proc/nowhere");
  CHECK(blocked.progress == ActionProgress::failed);
  CHECK_THAT(blocked.detail, Catch::Contains("cannot make"));
}

TEST_CASE("a probe of a command looks whether it could be run, and does not run it") {
  const TempFolder folder;
  ActionRequest request = request_of({"/usr/bin/touch", folder.file("made")});
  request.mode = ActionMode::probe;
  CHECK(run(request, {.allowed = {"/usr/bin/touch"}}).progress == ActionProgress::done);
  CHECK_FALSE(std::filesystem::exists(folder.file("made")));
  CHECK(run(request, {}).progress == ActionProgress::refused);
  request.arguments = {"/no/such"};
  CHECK(run(request, {.allowed = {"/no/such"}}).progress == ActionProgress::failed);
}

TEST_CASE("a report says what the journal knows, and what it does not") {
  const Plan plan = small_plan();
  const ReleaseRecord release{.plan_hash = plan_hash(plan), .begun_ns = start_ns};
  LoggedDecision back;
  Decision& decision = back.entry.decision;
  decision.kind = DecisionKind::rolled_back;
  decision.reason = Reason::trigger_true;
  decision.time_ns = start_ns + 90 * second_ns;
  decision.since_ns = start_ns + 88 * second_ns;
  decision.stage = StageId{0};
  decision.trigger = TriggerId{0};
  decision.evidence_count = 1;
  decision.evidence[0] = {.aggregate = AggregateId{0}, .value = 0.5, .samples = 1000};
  const ActionRecord failed{.action = ActionId{0},
                            .status = ActionStatus::failed,
                            .attempts = 1,
                            .detail = "it exited with 3"};
  const auto write = [&] {
    return report_markdown({.plan = plan,
                        .release = release,
                        .timeline = {&back, 1},
                            .outcomes = {&failed, 1},
                            .series = {},
                        .now_ns = start_ns});
  };
  std::string text = write();
  CHECK_THAT(text, Catch::Contains("True since 2026-03-01T12:01:28.000Z, for 2s"));
  CHECK_THAT(text, Catch::Contains("| `rate(candidate.failed) over 5s` | 50% (1000 samples) |"));
  CHECK_THAT(text, Catch::Contains("Not recorded"));
  CHECK_THAT(text, Catch::Contains("| **failed** |") && Catch::Contains("it exited with 3"));
  CHECK_THAT(text, Catch::Contains("who does it by hand?"));
  CHECK_THAT(text, Catch::Contains("no release of `scorer` before 2026-03-01T13:01:30.000Z"));

  back.entry.frame = R"([{"value":0.5,"samples":1000,"unknown":null},)"
                     R"({"value":null,"samples":4,"unknown":"insufficient"}])";
  text = write();
  CHECK_THAT(text, Catch::Contains(
                       "| `rate(candidate.failed) over 5s` | 50% | 1000 | insufficient | 4 |"));
}
