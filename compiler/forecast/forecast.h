// What the stages of a release can find out, and how soon: the numbers behind `relc plan`. Input: a
// verified plan and what its model expects of its traffic. Output: per stage and comparison the
// exposed requests, the smallest regression found, times to find one, and the odds that a healthy
// candidate goes back. What was not declared is named, never guessed. Rates in a stage of one share
// are computed (stats/power, the exact variant); the rest is simulated from a fixed seed with the
// very update the runtime makes, and says so.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/expectations.h"
#include "runtime/plan/plan.h"

namespace rel::forecast {

enum class Basis : uint8_t { computed, simulated };

// What a comparison finds is measured as it compares.
enum class Effect : uint8_t {
  ratio,   // of the candidate's rate to the baseline's, or of a rate to the constant
  points,  // difference of rates
  pairs,   // share of pairs in which the candidate's value is the worse one; 50 % is alike
};

struct TestForecast {
  TriggerId trigger;
  uint32_t test = 0;
  std::string missing;  // why there are no numbers; empty: there are
  Basis basis = Basis::computed;
  Effect effect = Effect::ratio;
  double base_rate = 0;
  double smallest = 0;     // found in the stage with 80 %; infinite: none
  double guarded = 0;      // what the comparison is there for
  double found = 0;        // odds that the guarded effect is found in the stage
  double median_s = 0;     // until it is; infinite: not within the stage
  double most_s = 0;       // with 80 %
  double needed_s = 0;     // length of the stage that would do with 80 %; 0: it does, or not known
  double needed_share = 0;
};

// A raw comparison that rolls back.
struct RawForecast {
  TriggerId trigger;
  std::string missing;
  double odds = 0;  // that it fires on a healthy candidate within the stage
};

struct StageForecast {
  StageId stage;
  double length_s = 0;   // planned; 0: open
  double requests = 0;   // that the candidate answers, or is copied
  double share = 0;      // average over the stage
  std::vector<TestForecast> tests;
  std::vector<RawForecast> raw;
};

struct Forecast {
  Expectations expected;
  std::vector<StageForecast> stages;
  double false_rollback = 0;  // of all rollback tests together, at most
  double budget = 0;          // 0: none was declared
};

Forecast make_forecast(const Plan& plan, const Expectations& expected);

// Whether the comparison is to show that the candidate is as good: `not worse than ... by`.
bool asks_for_alike(const EvidenceTest& test);

// ---- parts of it (simulate.cpp, raw.cpp)

// The shares of a stage one after the other.
struct Exposed {
  double seconds = 0;
  double share = 0;
};
std::vector<Exposed> exposed_in(const Plan& plan, const Stage& stage);

void simulate_test(const EvidenceTest& test, const std::vector<Exposed>& exposed, double per_second,
                   TestForecast& forecast);
RawForecast simulate_raw(const Plan& plan, const Trigger& trigger, const Expectations& expected,
                         const std::vector<Exposed>& exposed);

// As `relc plan` prints it.
std::string forecast_text(const Plan& plan, const Forecast& forecast);
std::string forecast_json(const Plan& plan, const Forecast& forecast);

}  // namespace rel::forecast
