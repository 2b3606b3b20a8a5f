// relc why: the paragraph names rule, numbers, person and consequence, and a decision is found by
// its number, its kind, or because it is where the release stands.
#include <catch2/catch.hpp>

#include "runtime/host/why_text.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

LoggedDecision logged(int64_t sequence, DecisionKind kind, int64_t after_ns, uint32_t share) {
  LoggedDecision one;
  one.sequence = sequence;
  Decision& decision = one.entry.decision;
  decision.id = static_cast<uint64_t>(sequence);
  decision.kind = kind;
  decision.time_ns = start_ns + after_ns;
  decision.stage = StageId{0};
  decision.share_millionths = share;
  return one;
}

// Entered, rolled back by the fixture's rule after 4 s, a command that ran, quarantine.
std::vector<LoggedDecision> rolled_back_log() {
  std::vector<LoggedDecision> log = {
      logged(1, DecisionKind::stage_entered, 0, 100'000),
      logged(2, DecisionKind::rolled_back, 4 * second_ns, 0),
      logged(3, DecisionKind::action_started, 4 * second_ns, 0),
      logged(4, DecisionKind::action_done, 5 * second_ns, 0),
  };
  Decision& back = log[1].entry.decision;
  back.reason = Reason::trigger_true;
  back.trigger = TriggerId{0};
  back.since_ns = start_ns + 3 * second_ns;
  back.epoch = 1;
  back.evidence_count = 1;
  back.evidence[0] = {.aggregate = AggregateId{0}, .value = 0.5, .samples = 100};
  log[1].entry.frame = R"([{"expr":"rate(baseline.failed) over 5s","arm":"baseline","cell":null,)"
                       R"("value":0.01,"unit":"ratio","samples":900,"unknown":null}])";
  log[2].entry.decision.epoch = log[3].entry.decision.epoch = 1;
  log[3].entry.because = "`notify` is done: exit 0";
  return log;
}

}  // namespace

TEST_CASE("the paragraph of a rollback says what decided it") {
  const Plan plan = small_plan();
  const auto log = rolled_back_log();
  const std::string text = why_text(plan, log, 1);
  for (const char* part : {
           "Decision 2: at 2026-03-01T12:00:04.000Z release `checkout_v2` was rolled back",
           "in stage canary", "`rollback when rate(failed) > 5% over 5s` (checkout.release:9:3)",
           "rate(candidate.failed) over 5s was 50% (100 samples)",
           "rate(baseline.failed) over 5s was 1%", "since 2026-03-01T12:00:03.000Z, for 1s",
           "from 10% to 0%", "after 1s: `notify` is done: exit 0"}) {
    CAPTURE(text);
    CHECK_THAT(text, Catch::Contains(part));
  }
}

TEST_CASE("what a person ordered is said in their words") {
  const Plan plan = small_plan();
  auto log = rolled_back_log();
  log[1].entry.actor = "alice";
  log[1].entry.because = "customers complain";
  CHECK_THAT(why_text(plan, log, 1), Catch::Contains("alice ordered it: customers complain."));
}

TEST_CASE("a decision is found by number, by kind, or as the last that moved the release") {
  const auto log = rolled_back_log();
  CHECK(find_decision(log, "").value() == 1);
  CHECK(find_decision(log, "4").value() == 3);
  CHECK(find_decision(log, "stage_entered").value() == 0);
  CHECK_THAT(find_decision(log, "9").error().message, Catch::Contains("from 1 to 4"));
  CHECK_FALSE(find_decision({}, ""));
}
