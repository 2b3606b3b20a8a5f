// The view of a release: plain without escapes, on a terminal with bars; what is awaited in one
// line.
#include "compiler/cli/status_view.h"

#include <catch2/catch.hpp>

#include "runtime/host/host.h"
#include "runtime/host/status_json.h"
#include "runtime/host/trigger_numbers.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

FrameNumbers view(const std::vector<double>& values, const std::vector<uint8_t>& causes,
                  const std::vector<uint64_t>& samples) {
  return {values, causes, samples};
}

}  // namespace

TEST_CASE("a trigger's number stands beside its limit, with how much of the way is gone") {
  const Plan plan = small_plan();
  const std::vector<double> values = {0.02, 0.01};
  const std::vector<uint8_t> causes = {0, 0};
  const std::vector<uint64_t> samples = {500, 900};
  const auto numbers = trigger_numbers(plan, plan.triggers[0], view(values, causes, samples));
  REQUIRE(numbers.size() == 1);
  CHECK(numbers[0].text == "rate(candidate.failed) over 5s");
  CHECK(numbers[0].value == 0.02);
  CHECK(numbers[0].limit == 0.05);
  CHECK(numbers[0].near == Approx(0.4));
  CHECK(numbers[0].samples == 500);

  const std::vector<uint8_t> unknown = {cause_no_data, 0};
  CHECK_FALSE(trigger_numbers(plan, plan.triggers[0], view(values, unknown, samples))[0].known);
  const std::vector<double> over = {0.5, 0.01};
  CHECK(trigger_numbers(plan, plan.triggers[0], view(over, causes, samples))[0].near == 1);
}

TEST_CASE("the view says where the release is and what it awaits") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  auto runtime = gateway.open();
  auto journal = Journal::open({.path = folder.file("journal.sqlite")});
  REQUIRE(journal);
  auto host = Host::open(*runtime, **journal, {.state_dir = folder.path()}, gateway.now());
  REQUIRE(host);
  for (int i = 0; i < 5; i++) {
    gateway.observe(50, 1);
    gateway.tick();
    (*host)->step(gateway.now());
  }
  const auto status = nlohmann::ordered_json::parse(status_json(**host));
  const std::string plain = cli::status_text(status, cli::ViewStyle::plain);
  CAPTURE(plain);
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK_THAT(plain, Catch::StartsWith("checkout_v2 of scorer: running, 10% to the candidate\n"));
  CHECK_THAT(plain, Catch::Contains("> canary") && Catch::Contains("step 1 of 2"));
  CHECK_THAT(plain, Catch::Contains("2% of 5% (40% of the way"));
  CHECK_THAT(plain, Catch::Contains("awaits: ") && Catch::Contains("of its step"));
  const std::string terminal = cli::status_text(status, cli::ViewStyle::terminal);
  CHECK(terminal.find("\x1b[1m") != std::string::npos);
  CHECK(terminal.find("█") != std::string::npos);
}

TEST_CASE("the view says what a release waits for beside its times") {
  const TempFolder folder;
  const Plan plan = small_plan();
  Gateway gateway(plan);
  auto runtime = gateway.open();
  auto journal = Journal::open({.path = folder.file("journal.sqlite")});
  REQUIRE(journal);
  auto host = Host::open(*runtime, **journal, {.state_dir = folder.path()}, gateway.now());
  REQUIRE(host);
  auto status = nlohmann::ordered_json::parse(status_json(**host));
  const auto shows = [&](const char* words) {
    const std::string text = cli::status_text(status, cli::ViewStyle::plain);
    return text.find(words) != std::string::npos;
  };
  CHECK_FALSE(shows("watched"));
  CHECK_FALSE(shows("calendar"));
  CHECK_FALSE(shows("observes only"));
  status["watching"] = true;
  status["step_clock_s"] = 60.0;
  status["watch_s"] = 3600.0;
  CHECK(shows("watched: for 1m of 1h"));
  status["step_samples_min"] = 1000u;
  status["step_samples"] = 70u;
  CHECK(shows("this step: has seen 70 of 1000 requests"));
  status["increase_allowed"] = false;
  status["calendar_changes"] = "2026-03-02T08:00:00Z";
  CHECK(shows("the calendar lets nothing grow now: asked again at 2026-03-02T08:00:00Z"));
  status["observe_only"] = true;
  CHECK(shows("observes only: it routes nothing"));
  status["baseline_warm_until"] = "2026-03-09T08:00:00Z";
  CHECK(shows("the baseline is kept warm: until 2026-03-09T08:00:00Z"));
}
