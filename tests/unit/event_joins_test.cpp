// Joins of a whole plan: what an event is taken for, which metric cannot be told, and that a
// restart goes on where it stood.
#include <catch2/catch.hpp>

#include <bit>
#include <filesystem>
#include <limits>
#include <map>
#include <vector>

#include "runtime/host/join_log.h"
#include "runtime/joins/event_joins.h"

namespace rel {
namespace {

namespace fs = std::filesystem;

constexpr int64_t second = 1'000'000'000;
constexpr int64_t hour = 3600 * second;
constexpr int64_t begin = 1'000'000 * second;

constexpr uint32_t failed = 0;
constexpr uint32_t correct = 1;
constexpr uint32_t revenue = 2;
constexpr uint32_t failed_once = 3;
constexpr uint32_t agrees = 4;
constexpr uint32_t unanswered = 5;

// Every metric is counted by a tracker, unless it is left out.
Plan plan_without(uint32_t left_out = std::numeric_limits<uint32_t>::max()) {
  Plan plan;
  plan.release = "joined";
  plan.metrics.resize(6);
  plan.metrics[correct] = {.per = SampleUnit::label, .within_ns = hour};
  plan.metrics[revenue] = {.kind = MetricKind::value,
                           .per = SampleUnit::user,
                           .absent = AbsentSample::zero,
                           .within_ns = 2 * hour};
  plan.metrics[failed_once] = {.direction = Direction::lower_is_better,
                               .once = OncePer::release,
                               .of = MetricId{failed}};
  plan.metrics[agrees] = {.source = MetricSource::pair_agreement,
                          .per = SampleUnit::pair,
                          .of = MetricId{failed}};
  plan.metrics[unanswered] = {.source = MetricSource::pair_unanswered, .per = SampleUnit::pair};
  for (uint32_t row = 0; row < plan.metrics.size(); ++row) {
    if (row != left_out) plan.trackers.push_back({.metric = MetricId{row}});
  }
  plan.stages.resize(1);
  plan.stages[0].mirror_millionths = 1'000'000;
  return plan;
}

Observation request(uint64_t id, uint64_t user, int64_t time_ns, bool failure = false) {
  Observation o;
  o.time_ns = time_ns;
  o.id = id;
  o.user = user;
  o.present = uint32_t{1} << failed;
  o.value[failed] = failure ? 1 : 0;
  return o;
}

Route copying() {
  Route route;
  route.stage = StageId{0};
  route.mirror_millionths = 1'000'000;
  return route;
}

// Values given out, by metric, in order.
std::map<uint32_t, std::vector<double>> matured(EventJoins& joins, int64_t now_ns) {
  std::vector<Observation> due;
  joins.mature(now_ns, due);
  std::map<uint32_t, std::vector<double>> values;
  for (const Observation& each : due) {
    CHECK(each.derived == 1);
    const auto metric = static_cast<uint32_t>(std::countr_zero(each.present));
    CHECK(each.present == uint32_t{1} << metric);
    values[metric].push_back(each.value[metric]);
  }
  return values;
}

constexpr uint32_t bit(uint32_t metric) { return uint32_t{1} << metric; }

TEST_CASE("what comes with a request and counts later is taken out of it, and counts once") {
  const Plan plan = plan_without();
  EventJoins joins(plan);
  Observation asked = request(1, 7, begin);
  asked.present |= bit(correct) | bit(revenue);
  asked.value[correct] = 1;
  asked.value[revenue] = 5;
  joins.take(asked, "r-1");
  CHECK(asked.present == bit(failed));
  joins.take({.time_ns = begin + second, .user = 7, .metric = revenue, .value = 2});
  CHECK(joins.next_due_ns() == begin + second);  // the pane of failed_once
  auto values = matured(joins, begin + second);
  CHECK((values == decltype(values){{failed_once, {0}}}));
  values = matured(joins, begin + hour);
  CHECK((values == decltype(values){{correct, {1}}}));
  values = matured(joins, begin + 2 * hour);
  CHECK((values == decltype(values){{revenue, {7}}}));
  CHECK(joins.next_due_ns() == std::numeric_limits<int64_t>::max());
  CHECK(joins.metrics_failing(begin) == 0);
}

TEST_CASE("an event without the id that a metric needs makes that metric a source error") {
  const Plan plan = plan_without();
  EventJoins joins(plan);
  Observation asked = request(0, 7, begin);
  joins.take(asked, {});
  CHECK(joins.metrics_failing(begin) == bit(correct));
  CHECK(joins.metrics_failing(begin + EventJoins::source_error_ns) == 0);
  asked = request(1, 0, begin);
  joins.take(asked, {});
  CHECK(joins.metrics_failing(begin) == (bit(correct) | bit(revenue) | bit(failed_once)));
  joins.take({.time_ns = begin + 60 * second, .metric = revenue});
  CHECK(joins.metrics_failing(begin + 60 * second) == bit(revenue));
  CHECK(joins.counters().without_id == 3);
}

TEST_CASE("nothing is joined that no condition reads") {
  const Plan plan = plan_without(correct);
  EventJoins joins(plan);
  Observation asked = request(0, 7, begin);
  joins.take(asked, {});
  CHECK(joins.metrics_failing(begin) == 0);
  joins.take({.time_ns = begin, .id = 1, .metric = correct});
  CHECK(joins.counters().labels_of_no_use == 1);
}

TEST_CASE("pairs are looked for while requests are copied, and a part of them must say which") {
  Plan plan = plan_without();
  EventJoins joins(plan);
  const auto answers = [](EventJoins& to, uint64_t id, Copied copied, bool shadow_comes) {
    Observation live = request(id, 7, begin);
    live.copied = copied;
    to.take(live, "r");
    Observation shadow = request(id, 7, begin);
    shadow.arm = LaneArm::candidate_shadow;
    if (shadow_comes) to.take(shadow, "r");
  };
  answers(joins, 1, Copied::unsaid, true);
  CHECK(matured(joins, begin + 6 * second).count(agrees) == 0);
  joins.routed(copying());
  answers(joins, 2, Copied::unsaid, true);
  answers(joins, 3, Copied::unsaid, false);
  answers(joins, 4, Copied::no, false);
  auto values = matured(joins, begin + 6 * second);
  CHECK((values[agrees] == std::vector<double>{1}));
  CHECK((values[unanswered] == std::vector<double>{0, 1}));
  CHECK(joins.metrics_failing(begin) == 0);

  plan.stages[0].mirror_millionths = 500'000;
  EventJoins partial(plan);
  partial.routed(copying());
  answers(partial, 5, Copied::unsaid, true);
  CHECK(partial.metrics_failing(begin) == bit(unanswered));
  CHECK((matured(partial, begin)[agrees] == std::vector<double>{1}));
}

TEST_CASE("a restart has what waited, and gives nothing out twice") {
  const Plan plan = plan_without();
  std::string log;
  EventJoins before(plan);
  before.take_recorded(log);
  before.routed(copying());
  for (uint64_t id = 1; id <= 4; ++id) {
    Observation asked = request(id, id, begin + static_cast<int64_t>(id) * 600 * second, id == 2);
    before.take(asked, {});
    before.take({.time_ns = asked.time_ns + second, .id = id, .metric = correct, .value = 1});
    before.take({.time_ns = asked.time_ns, .user = id, .metric = revenue, .value = double(id)});
    before.take_recorded(log);
  }
  // Two of four have matured when the process ends; the last batch is torn.
  CHECK(matured(before, begin + hour + 1200 * second)[correct].size() == 2);
  before.take_recorded(log);
  const size_t whole = log.size();
  Observation torn = request(9, 9, begin + hour + 1200 * second);
  before.take(torn, {});
  before.take_recorded(log);
  log.resize(log.size() - 1);
  CHECK(whole_join_batches(log) == whole);

  EventJoins after(plan);
  after.replay(log);
  auto values = matured(after, begin + 4 * hour);
  CHECK((values[correct] == std::vector<double>{1, 1}));
  CHECK((values[revenue] == std::vector<double>{1, 2, 3, 4}));
  CHECK(values.count(failed_once) == 0);
  // Who failed before the restart is in no sample after it.
  Observation again = request(11, 2, begin + 5 * hour, true);
  after.take(again, {});
  CHECK(matured(after, begin + 6 * hour).count(failed_once) == 0);
}

TEST_CASE("the log of joins keeps whole batches through restarts, and forgets what is settled") {
  const fs::path folder = fs::temp_directory_path() / "rel_join_log_test";
  fs::remove_all(folder);
  fs::create_directory(folder);
  const Plan plan = plan_without();
  JoinRecorder recorder(plan, bit(failed));
  const auto batch = [&](int64_t time_ns) {
    std::string bytes;
    recorder.request(request(1, 1, time_ns));
    recorder.take(bytes);
    return bytes;
  };
  const auto files = [&] {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator{});
  };
  std::string held;
  {
    auto log = JoinLog::open(folder, 3, held);
    REQUIRE(log);
    CHECK(held.empty());
    REQUIRE(log->append(batch(begin), begin, 0));
    REQUIRE(log->append("torn", begin, 0));
  }
  {
    auto log = JoinLog::open(folder, 3, held);
    REQUIRE(log);
    CHECK(held == batch(begin));
    CHECK(files() == 2);
    REQUIRE(log->append(batch(begin + hour), begin + hour, begin));
    CHECK(files() == 2);
    REQUIRE(log->append(batch(begin + 2 * hour), begin + 2 * hour, begin + 2 * hour));
    CHECK(files() == 1);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace rel
