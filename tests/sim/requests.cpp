#include "tests/sim/requests.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/time_text.h"
#include "tests/sim/policies.h"

namespace rel::sim {
namespace {

constexpr int users = 500;
constexpr double healthy_failures = 0.002;
constexpr double bad_failures = 0.30;
constexpr double outage_failures = 0.40;
constexpr int copies_max = 8;
// An event this late still counts.
constexpr int late_ticks_max = 14;
constexpr int copy_ticks_max = 30;

const char* lane_of(LaneArm arm) { return arm == LaneArm::candidate_shadow ? "shadow" : "live"; }
const char* variant_of(LaneArm arm) {
  return arm == LaneArm::baseline_live ? "baseline" : "candidate";
}

std::string line_of(const Observation& o, uint64_t id) {
  constexpr std::array regions = {"eu", "us", "elsewhere"};
  return fmt::format(
      R"({{"type":"observation","time":"{}","id":"r{}","variant":"{}","lane":"{}",)"
      R"("segment":{{"region":"{}"}},"latency":{},"failed":{}}})",
      rfc3339_text(o.time_ns), id, variant_of(o.arm), lane_of(o.arm), regions[o.segment[0]],
      o.value[latency_metric], o.value[failed_metric] != 0);
}

}  // namespace

void Requests::count(LaneArm arm, bool failed, TickFacts& facts) {
  Traffic& seen = facts.arms[static_cast<size_t>(arm)];
  ++seen.requests;
  seen.failures += failed ? 1 : 0;
  ++sent_;
}

void Requests::observe(Worker& worker, LaneArm arm, const Weather& weather, TickFacts& facts) {
  const bool candidate = arm != LaneArm::baseline_live;
  const bool bad = candidate && scenario_.candidate != Candidate::healthy &&
                   tick_ >= scenario_.bad_from;
  const bool slow = bad && scenario_.candidate == Candidate::slow;
  const double failures = weather.shared_outage ? outage_failures
                          : bad && !slow        ? bad_failures
                                                : healthy_failures;
  Observation o;
  o.time_ns = now_ns_ - static_cast<int64_t>(random_.below(50'000'000));
  o.arm = arm;
  o.segment[0] = static_cast<uint8_t>(random_.below(3));
  o.present = 3;
  o.value[latency_metric] = (slow ? 0.6 : 0.05) + 0.01 * static_cast<double>(random_.below(5));
  o.value[failed_metric] = random_.chance(failures) ? 1 : 0;
  if (candidate && weather.candidate_silent) return;
  // One of the workers reads lines.
  const bool by_lines = (weather.duplicates || weather.reordered) && &worker == &workers_.back();
  if (by_lines) return send_line(worker, o, weather);
  worker.observe(o);
  count(arm, o.value[failed_metric] > 0, facts);
}

void Requests::send_line(Worker& worker, const Observation& o, const Weather& weather) {
  Line line{.due = tick_, .pid = worker.pid(), .arm = o.arm, .failed = o.value[failed_metric] > 0,
            .again = false, .text = line_of(o, ++ids_)};
  if (weather.reordered) line.due += random_.between(0, late_ticks_max);
  reordered_ += line.due != tick_;
  // What failed is told most often: a retry tells it again.
  const int copies = !weather.duplicates ? 0 : line.failed ? copies_max : random_.between(0, 2);
  for (int i = 0; i < copies; ++i) {
    Line copy = line;
    copy.again = true;
    copy.due += random_.between(0, copy_ticks_max);
    lines_.push_back(std::move(copy));
  }
  duplicates_ += static_cast<uint64_t>(copies);
  lines_.push_front(std::move(line));
}

void Requests::deliver(TickFacts& facts) {
  Worker& reader = workers_.back();
  std::erase_if(lines_, [&](const Line& line) {
    if (line.pid != reader.pid() || !reader.serves()) return true;
    if (line.due > tick_) return false;
    const EventKind kind = reader.take_line(line.text);
    if (kind == EventKind::rejected) throw std::runtime_error("a good line was rejected");
    if (!line.again) count(line.arm, line.failed, facts);
    return true;
  });
}

// Failures that are none: no number, or of another time. None of them may count.
void Requests::observe_nonsense(Worker& worker, const Weather& weather, TickFacts& facts) {
  constexpr std::array<double, 4> nonsense = {__builtin_nan(""), __builtin_inf(), -1.0, 1e300};
  Observation o;
  o.arm = LaneArm::candidate_live;
  o.time_ns = now_ns_;
  if (weather.bad_values) {
    o.present = 3;
    o.value[latency_metric] = nonsense[random_.below(nonsense.size())];
    o.value[failed_metric] = nonsense[random_.below(nonsense.size())];
    worker.observe(o);
    ++facts.arms[static_cast<size_t>(o.arm)].without_values;
    ++sent_;
    ++nonsense_;
  }
  if (weather.late_flood) {
    o.present = 1u << failed_metric;
    o.value[failed_metric] = 1;
    o.time_ns = now_ns_ + (random_.chance(0.5) ? 60 : -60) * second_ns;
    worker.observe(o);
    ++sent_;
    ++nonsense_;
  }
}

void Requests::answer(Worker& worker, const RouteDecision& decision, const Weather& weather,
                      TickFacts& facts) {
  observe(worker, decision.candidate ? LaneArm::candidate_live : LaneArm::baseline_live, weather,
          facts);
  if (decision.mirror) observe(worker, LaneArm::candidate_shadow, weather, facts);
}

void Requests::serve(const Weather& weather, int tick, int64_t now_ns, TickFacts& facts) {
  tick_ = tick;
  now_ns_ = now_ns;
  for (int i = 0; i < scenario_.requests_per_tick; ++i) {
    Worker& worker = workers_[random_.below(workers_.size())];
    const std::string key = fmt::format("user-{}", random_.below(users));
    if (!worker.serves()) continue;
    answer(worker, worker.runtime().route(key, now_ns_), weather, facts);
    observe_nonsense(worker, weather, facts);
  }
  if (!lines_.empty()) deliver(facts);
}

}  // namespace rel::sim
