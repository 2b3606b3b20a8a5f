// Joins over time: labels to requests, shadows to live answers, values to users. Everything is
// counted by maturity, in a cell of its request, once, and what is left out is counted by reason.
#include <catch2/catch.hpp>

#include <map>
#include <random>

#include "runtime/joins/label_join.h"
#include "runtime/joins/pair_join.h"
#include "runtime/joins/user_firsts.h"
#include "runtime/joins/user_totals.h"

namespace rel {
namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t hour = 3600 * second;
constexpr int64_t begin = 1'000'000 * second;

Served candidate_in(uint8_t segment) {
  Served served{.arm = LaneArm::candidate_live};
  served.segment[0] = segment;
  return served;
}

std::vector<Derived> all_mature(LabelJoin& join, int64_t now_ns) {
  std::vector<Derived> given;
  Derived derived;
  while (join.next_mature(now_ns, derived)) given.push_back(derived);
  return given;
}

// -- labels

TEST_CASE("a label counts when its request is mature, in the cell of the request") {
  const LabelRule rule{.metric = 3, .label = 3, .within_ns = hour};
  LabelJoin join({&rule, 1}, 100);
  join.served(7, candidate_in(2), begin);
  CHECK(join.label(7, 3, 1, begin + 10 * second) == LabelOutcome::joined);
  CHECK(join.next_due_ns() == begin + hour);
  CHECK(all_mature(join, begin + hour - second).empty());
  const std::vector<Derived> given = all_mature(join, begin + hour);
  REQUIRE(given.size() == 1);
  CHECK(given[0].time_ns == begin + hour);
  CHECK(given[0].metric == 3);
  CHECK(given[0].value == 1);
  CHECK((given[0].served == candidate_in(2)));
  CHECK(all_mature(join, begin + 2 * hour).empty());
  CHECK(join.waiting() == 0);
}

TEST_CASE("the last label wins by its own time, and one after maturity is late") {
  const LabelRule rule{.within_ns = hour};
  LabelJoin join({&rule, 1}, 100);
  join.served(7, candidate_in(0), begin);
  CHECK(join.label(7, 0, 0, begin + 20 * second) == LabelOutcome::joined);
  CHECK(join.label(7, 0, 1, begin + 10 * second) == LabelOutcome::superseded);
  CHECK(join.label(7, 0, 1, begin + 30 * second) == LabelOutcome::replaced);
  CHECK(join.label(7, 0, 0, begin + hour + second) == LabelOutcome::late);
  CHECK(join.label(8, 0, 0, begin) == LabelOutcome::unknown_id);
  const std::vector<Derived> given = all_mature(join, begin + hour);
  REQUIRE(given.size() == 1);
  CHECK(given[0].value == 1);
  CHECK(join.label(7, 0, 0, begin + 40 * second) == LabelOutcome::unknown_id);
}

TEST_CASE("a request without a label is missing, or zero, as the policy says") {
  const LabelRule rules[] = {{.metric = 0, .within_ns = hour},
                             {.metric = 1, .within_ns = 2 * hour, .absent = AbsentSample::zero}};
  LabelJoin join(rules, 100);
  join.served(7, candidate_in(0), begin);
  CHECK(all_mature(join, begin + hour).empty());
  CHECK(join.counters().missing == 1);
  CHECK(join.waiting() == 1);
  const std::vector<Derived> given = all_mature(join, begin + 2 * hour);
  REQUIRE(given.size() == 1);
  CHECK(given[0].metric == 1);
  CHECK(given[0].value == 0);
}

TEST_CASE("a request served by two lanes is judged in both by one label") {
  const LabelRule rule{.within_ns = hour};
  LabelJoin join({&rule, 1}, 100);
  join.served(7, Served{}, begin);
  join.served(7, Served{.arm = LaneArm::candidate_shadow}, begin);
  CHECK(join.label(7, 0, 1, begin + second) == LabelOutcome::joined);
  const std::vector<Derived> given = all_mature(join, begin + hour);
  REQUIRE(given.size() == 2);
  CHECK(given[0].served.arm == LaneArm::baseline_live);
  CHECK(given[1].served.arm == LaneArm::candidate_shadow);
}

TEST_CASE("a full table remembers no more, and says so") {
  const LabelRule rule{.within_ns = hour};
  LabelJoin join({&rule, 1}, 2);
  for (uint64_t id = 1; id <= 3; ++id) join.served(id, candidate_in(0), begin);
  CHECK(join.counters().overflow == 1);
  CHECK(join.label(3, 0, 1, begin) == LabelOutcome::unknown_id);
  all_mature(join, begin + hour);
  join.served(4, candidate_in(0), begin + hour);
  CHECK(join.label(4, 0, 1, begin + hour) == LabelOutcome::joined);
}

TEST_CASE("the table agrees with a map over a long life of reuse") {
  std::mt19937_64 random(11);
  const LabelRule rule{.within_ns = 50 * second};
  LabelJoin join({&rule, 1}, 256);
  struct Expected {
    int64_t time_ns;
    double value;
  };
  std::map<uint64_t, Expected> waiting;  // by id; value < 0: no label
  uint64_t next_id = 1;
  size_t given = 0;
  for (int64_t now = begin; now < begin + 3000 * second; now += second) {
    for (int n = static_cast<int>(random() % 5); n > 0; --n) {
      waiting[next_id] = {now, -1};
      join.served(next_id * 0x9e3779b97f4a7c15, candidate_in(0), now);
      ++next_id;
    }
    const uint64_t id = next_id - 1 - random() % 300 % next_id;
    const auto known = waiting.find(id);
    const double value = static_cast<double>(random() % 2);
    const LabelOutcome outcome = join.label(id * 0x9e3779b97f4a7c15, 0, value, now);
    if (known == waiting.end()) {
      CHECK(outcome == LabelOutcome::unknown_id);
    } else {
      CHECK(outcome == (known->second.value < 0 ? LabelOutcome::joined : LabelOutcome::replaced));
      known->second.value = value;
    }
    for (const Derived& derived : all_mature(join, now)) {
      // In request order; those without a label give nothing.
      while (waiting.begin()->second.value < 0) waiting.erase(waiting.begin());
      const auto [first, expected] = *waiting.begin();
      REQUIRE(derived.time_ns == expected.time_ns + rule.within_ns);
      REQUIRE(derived.value == expected.value);
      waiting.erase(waiting.begin());
      ++given;
    }
    while (!waiting.empty() && waiting.begin()->second.time_ns + rule.within_ns <= now) {
      REQUIRE(waiting.begin()->second.value < 0);
      waiting.erase(waiting.begin());
    }
  }
  CHECK(given > 500);
  CHECK(join.counters().overflow == 0);
}

// -- pairs

Observation answer(LaneArm arm, int64_t time_ns, double decision, double score,
                   uint64_t id = 1) {
  Observation o;
  o.id = id;
  o.copied = Copied::yes;
  o.time_ns = time_ns;
  o.arm = arm;
  o.present = 3;
  o.value[0] = decision;
  o.value[1] = score;
  return o;
}

constexpr PairRule pair_rules[] = {{PairMeasure::agreement, 4, 0},
                                   {PairMeasure::difference, 5, 1},
                                   {PairMeasure::unanswered, 6, 0}};

std::map<uint32_t, double> by_metric(const std::vector<Derived>& derived) {
  std::map<uint32_t, double> values;
  for (const Derived& one : derived) {
    CHECK(one.served.arm == LaneArm::candidate_shadow);
    values[one.metric] = one.value;
  }
  return values;
}

TEST_CASE("two answers to one request are compared, whichever comes first") {
  for (const bool shadow_first : {false, true}) {
    PairJoin join(pair_rules, {});
    std::vector<Derived> derived;
    const Observation live = answer(LaneArm::baseline_live, begin, 1, 0.75);
    const Observation shadow = answer(LaneArm::candidate_shadow, begin + second, 2, 0.5);
    join.answered("req-1", shadow_first ? shadow : live, derived);
    CHECK(derived.empty());
    join.answered("req-1", shadow_first ? live : shadow, derived);
    CHECK((by_metric(derived) == std::map<uint32_t, double>{{4, 0}, {5, 0.25}, {6, 0}}));
    REQUIRE(join.disagreements().size() == 1);
    CHECK(join.disagreements()[0].id == "req-1");
    CHECK(join.disagreements()[0].live == 1);
    CHECK(join.disagreements()[0].shadow == 2);
  }
}

TEST_CASE("a shadow that never answers is unanswered once, after its timeout") {
  PairJoin join(pair_rules, {.timeout_ns = 2 * second});
  std::vector<Derived> derived;
  join.answered("req-1", answer(LaneArm::baseline_live, begin, 1, 0.5), derived);
  join.expire(begin + second, derived);
  CHECK(derived.empty());
  join.expire(begin + 2 * second, derived);
  CHECK((by_metric(derived) == std::map<uint32_t, double>{{6, 1}}));
  join.expire(begin + 9 * second, derived);
  CHECK(derived.size() == 1);
  CHECK(join.counters().unanswered == 1);
}

TEST_CASE("a live answer that failed is no pair, a shadow that failed is an answer") {
  PairJoin join(pair_rules, {.failed_metrics = 4});
  std::vector<Derived> derived;
  Observation live = answer(LaneArm::baseline_live, begin, 1, 0.5);
  Observation shadow = answer(LaneArm::candidate_shadow, begin, 1, 0.5);
  live.present |= 4;
  live.value[2] = 1;
  join.answered("a", live, derived);
  join.answered("a", shadow, derived);
  CHECK(derived.empty());
  CHECK(join.counters().live_failed == 1);
  live.id = shadow.id = 2;
  live.value[2] = 0;
  shadow.present |= 4;
  shadow.value[2] = 1;
  join.answered("b", live, derived);
  join.answered("b", shadow, derived);
  CHECK((by_metric(derived) == std::map<uint32_t, double>{{6, 0}}));
  CHECK(join.counters().shadow_failed == 1);
}

TEST_CASE("an id that comes again after its pair does not expire with the old one") {
  PairJoin join(pair_rules, {.timeout_ns = 2 * second});
  std::vector<Derived> derived;
  join.answered("a", answer(LaneArm::baseline_live, begin, 1, 0.5), derived);
  join.answered("a", answer(LaneArm::candidate_shadow, begin, 1, 0.5), derived);
  join.answered("a", answer(LaneArm::baseline_live, begin + second, 1, 0.5), derived);
  derived.clear();
  join.expire(begin + 2 * second, derived);
  CHECK(derived.empty());
  join.expire(begin + 3 * second, derived);
  CHECK(derived.size() == 1);
}

// -- users

Observation spent(int64_t time_ns, double value) {
  Observation o;
  o.time_ns = time_ns;
  o.arm = LaneArm::candidate_live;
  o.present = value < 0 ? 0 : 1;
  o.value[0] = value;
  return o;
}

TEST_CASE("a user is one number, the total since the first served, entered at maturity") {
  const UserRule rule{.metric = 0, .within_ns = hour};
  UserTotals totals({&rule, 1}, 100);
  totals.exposed(5, spent(begin, -1));
  totals.exposed(6, spent(begin + second, 2));
  totals.exposed(5, spent(begin + 10 * second, 3));
  totals.exposed(5, spent(begin + 20 * second, 4));
  totals.exposed(5, spent(begin + hour + second, 100));
  std::vector<Derived> derived;
  totals.mature(begin + hour - 1, derived);
  CHECK(derived.empty());
  totals.mature(begin + 2 * hour, derived);
  REQUIRE(derived.size() == 2);
  CHECK(derived[0].value == 7);
  CHECK(derived[0].time_ns == begin + hour);
  CHECK(derived[1].value == 2);
  CHECK(totals.counters().late == 1);
  CHECK(totals.waiting() == 0);
}

TEST_CASE("users beyond the cap and requests without one are counted, not guessed") {
  const UserRule rule{.metric = 0, .within_ns = hour, .absent = AbsentSample::missing};
  UserTotals totals({&rule, 1}, 1);
  totals.exposed(5, spent(begin, -1));
  totals.exposed(6, spent(begin, 1));
    CHECK(totals.counters().overflow == 1);
  std::vector<Derived> derived;
  totals.mature(begin + hour, derived);
  CHECK(derived.empty());
  CHECK(totals.counters().missing == 1);
}

TEST_CASE("a user is entered once, however long it stays, and a flag is whether there was one") {
  const UserRule rule{.metric = 0, .within_ns = hour, .flag = true};
  UserTotals totals({&rule, 1}, 100);
  totals.exposed(5, spent(begin, 1));
  totals.exposed(5, spent(begin + second, 1));
  totals.value(5, 0, 1, begin + 2 * second);
  totals.value(6, 0, 1, begin + 2 * second);
  std::vector<Derived> derived;
  totals.mature(begin + hour, derived);
  REQUIRE(derived.size() == 1);
  CHECK(derived[0].value == 1);
  CHECK(totals.counters().unknown == 1);
  totals.exposed(5, spent(begin + 2 * hour, 1));
  totals.mature(begin + 9 * hour, derived);
  CHECK(derived.size() == 1);
}

// -- what of a user counts once

Observation asked(LaneArm arm, int64_t time_ns, bool failed, double value) {
  Observation o;
  o.time_ns = time_ns;
  o.arm = arm;
  o.present = 3;
  o.value[0] = failed ? 1 : 0;
  o.value[1] = value;
  return o;
}

TEST_CASE("a user is one sample a pane until it fails, and one value for good") {
  const FirstRule rules[] = {{.metric = 4, .of = 0, .flag = true}, {.metric = 5, .of = 1}};
  UserFirsts firsts(rules, second, 100);
  std::vector<Derived> derived;
  const auto ask = [&](uint64_t user, int64_t time_ns, bool failed) {
    firsts.seen(user, asked(LaneArm::candidate_live, time_ns, failed, 7), derived);
  };
  // Five requests of one user in one pane, the third fails; another user has one that does not.
  for (int i = 0; i < 5; ++i) ask(1, begin + i, i == 2);
  ask(2, begin + 9, false);
  CHECK(derived.size() == 2);  // the first values
  CHECK(firsts.next_due_ns() == begin + second);
  firsts.mature(begin + second - 1, derived);
  CHECK(derived.size() == 2);
  firsts.mature(begin + second, derived);
  REQUIRE(derived.size() == 4);
  CHECK(derived[2].metric == 4);
  CHECK(derived[2].value == 1);
  CHECK(derived[3].value == 0);
  // The one who failed is in no sample any more, the other is again.
  derived.clear();
  ask(1, begin + second, true);
  ask(2, begin + second, true);
  firsts.mature(begin + 2 * second, derived);
  REQUIRE(derived.size() == 1);
  CHECK(derived[0].value == 1);
}

TEST_CASE("where higher is better the failure is false, and a stage of its own begins anew") {
  const FirstRule rules[] = {{.metric = 4, .of = 0, .flag = true, .failure = 0},
                             {.metric = 5, .of = 1, .once = OncePer::stage}};
  UserFirsts firsts(rules, second, 100);
  std::vector<Derived> derived;
  firsts.enter_stage(StageId{0});
  const auto first = firsts.seen(1, asked(LaneArm::baseline_live, begin, true, 7), derived);
  REQUIRE(first);
  CHECK((first->release && first->stage));
  firsts.seen(1, asked(LaneArm::baseline_live, begin + 1, false, 8), derived);
  firsts.mature(begin + second, derived);
  REQUIRE(derived.size() == 2);
  CHECK(derived[0].value == 7);
  CHECK(derived[1].value == 0);
  derived.clear();
  firsts.enter_stage(StageId{1});
  const Observation later = asked(LaneArm::baseline_live, begin + second, true, 9);
  const auto again = firsts.seen(1, later, derived);
  REQUIRE(again);
  CHECK((!again->release && again->stage));
  firsts.mature(begin + 2 * second, derived);
  REQUIRE(derived.size() == 1);
  CHECK(derived[0].value == 9);
}

TEST_CASE("users beyond the cap are in no sample, and that is said") {
  const FirstRule rule{.metric = 4, .of = 0, .flag = true};
  UserFirsts firsts({&rule, 1}, second, 1);
  std::vector<Derived> derived;
  CHECK(firsts.seen(1, asked(LaneArm::baseline_live, begin, false, 0), derived));
  CHECK_FALSE(firsts.seen(2, asked(LaneArm::baseline_live, begin, false, 0), derived));
  CHECK(firsts.counters().overflow == 1);
}

// -- labels at their worst, and once a user

TEST_CASE("an absent label counts against what is to be shown") {
  const LabelRule rules[] = {
      {.metric = 0, .within_ns = hour, .absent = AbsentSample::against_above},
      {.metric = 1, .within_ns = hour, .absent = AbsentSample::against_below}};
  LabelJoin join(rules, 100);
  join.served(1, Served{}, begin);
  join.served(2, candidate_in(0), begin);
  std::map<std::pair<uint32_t, LaneArm>, double> values;
  for (const Derived& derived : all_mature(join, begin + hour)) {
    values[{derived.metric, derived.served.arm}] = derived.value;
  }
  const auto at = [&](uint32_t metric, LaneArm arm) { return values.at({metric, arm}); };
  CHECK(at(0, LaneArm::baseline_live) == 1);
  CHECK(at(0, LaneArm::candidate_live) == 0);
  CHECK(at(1, LaneArm::baseline_live) == 0);
  CHECK(at(1, LaneArm::candidate_live) == 1);
}

TEST_CASE("of a user's labels the first request's counts") {
  const LabelRule rules[] = {{.metric = 0, .within_ns = hour},
                             {.metric = 1, .within_ns = hour, .once = OncePer::release}};
  LabelJoin join(rules, 100);
  join.served(1, candidate_in(0), begin, {.release = true, .stage = true});
  join.served(2, candidate_in(0), begin, {.release = false, .stage = false});
  join.label(1, 0, 1, begin);
  join.label(2, 0, 1, begin);
  size_t given[2] = {};
  for (const Derived& derived : all_mature(join, begin + hour)) ++given[derived.metric];
  CHECK(given[0] == 2);
  CHECK(given[1] == 1);
}

TEST_CASE("the table grows to its limit and keeps what waits") {
  const LabelRule rule{.within_ns = hour};
  LabelJoin join({&rule, 1}, 10'000);
  for (uint64_t id = 1; id <= 10'001; ++id) {
    const bool remembered = join.served(id, candidate_in(0), begin + static_cast<int64_t>(id));
    REQUIRE(remembered == (id <= 10'000));
  }
  for (uint64_t id = 1; id <= 10'000; ++id) {
    REQUIRE(join.label(id, 0, 1, begin + second) == LabelOutcome::joined);
  }
  CHECK(all_mature(join, begin + 2 * hour).size() == 10'000);
}

TEST_CASE("where one of two answers failed, which of them did is a loss") {
  const PairRule rule{PairMeasure::loss, 4, 2};
  PairJoin join({&rule, 1}, {.failed_metrics = 4});
  std::vector<Derived> derived;
  uint64_t id = 0;
  const auto pair = [&](bool live_failed, bool shadow_failed) {
    Observation live = answer(LaneArm::baseline_live, begin, 1, 0, ++id);
    Observation shadow = answer(LaneArm::candidate_shadow, begin, 1, 0, id);
    live.present |= 4;
    shadow.present |= 4;
    live.value[2] = live_failed ? 1 : 0;
    shadow.value[2] = shadow_failed ? 1 : 0;
    join.answered("", live, derived);
    join.answered("", shadow, derived);
  };
  pair(false, false);
  pair(true, true);
  CHECK(derived.empty());
  pair(false, true);
  pair(true, false);
  REQUIRE(derived.size() == 2);
  CHECK(derived[0].value == 1);
  CHECK(derived[1].value == 0);
}

}  // namespace
}  // namespace rel
