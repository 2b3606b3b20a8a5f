// The odds that a raw comparison rolls a healthy candidate back: its own predicate on drawn counts.
#include <algorithm>
#include <cmath>
#include <deque>

#include "compiler/forecast/draw.h"
#include "compiler/forecast/forecast.h"
#include "runtime/eval/evaluator.h"
#include "runtime/plan/text.h"

namespace rel::forecast {

namespace {

constexpr uint64_t seed = 20'260'302;
constexpr int runs = 100;
constexpr int looks_max = 3000;  // of a run; a longer stage is the same odds again and again
constexpr int looks_a_window = 10;

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

void loads_of(const Plan& plan, PredicateId predicate, std::vector<uint32_t>& aggregates) {
  const Rows<NodeId> nodes = plan.predicates[predicate.value].nodes;
  for (uint32_t at = nodes.first; at < nodes.end(); ++at) {
    if (plan.nodes[at].op == Op::load) aggregates.push_back(plan.nodes[at].a);
  }
}

struct Counted {
  uint64_t n = 0;
  uint64_t k = 0;
};

// One window of one arm: what it holds look by look.
struct Series {
  uint32_t aggregate = 0;
  double rate = 0;
  size_t looks = 0;  // 0: since the start
  std::deque<Counted> held;
  Counted sum;

  void take(const Counted& gained) {
    sum.n += gained.n;
    sum.k += gained.k;
    if (looks == 0) return;
    held.push_back(gained);
    if (held.size() <= looks) return;
    sum.n -= held.front().n;
    sum.k -= held.front().k;
    held.pop_front();
  }
};

// What the predicate reads, or why it cannot be drawn.
std::string find_series(const Plan& plan, PredicateId condition, const Expectations& expected,
                        double look_s, std::vector<Series>& series) {
  std::vector<uint32_t> aggregates;
  loads_of(plan, condition, aggregates);
  for (const uint32_t id : aggregates) {
    const Aggregate& aggregate = plan.aggregates[id];
    const Tracker& tracker = plan.trackers[aggregate.tracker.value];
    const Window& window = plan.windows[tracker.window.value];
    Series made{.aggregate = id};
    if (aggregate.cell_count != 1 || aggregate.cell_first != 0) return "segments";
    if (window.kind == WindowKind::requests) return "windows of requests";
    if (!tracker.metric.is_none()) {
      const Metric& metric = plan.metrics[tracker.metric.value];
      const std::optional<double> rate = expected.rates[tracker.metric.value];
      const std::string name(plan.text(metric.name));
      if (metric.kind != MetricKind::flag) return "the law of " + name;
      if (!rate) return "the rate of " + name;
      made.rate = *rate;
    }
    made.looks = static_cast<size_t>(std::llround(seconds(window.length_ns) / look_s));
    series.push_back(std::move(made));
  }
  return series.empty() ? "anything that is counted" : "";
}

double value_of(const Aggregate& aggregate, const Counted& held, uint8_t& cause) {
  const double n = static_cast<double>(held.n);
  const double k = static_cast<double>(held.k);
  if (aggregate.fn == AggregateFn::samples) return n;
  if (aggregate.fn == AggregateFn::count) return k;
  cause = held.n == 0 ? cause_no_data
          : held.n < aggregate.samples_min ? cause_insufficient
                                           : cause_none;
  return held.n == 0 ? 0 : k / n;
}

bool fires(const Plan& plan, const Trigger& trigger, std::vector<Series> series, double share,
           double per_look, int looks, int sustained, uint64_t from) {
  Draw draw(from);
  std::vector<double> values(plan.frame_size);
  std::vector<uint8_t> causes(plan.frame_size);
  const FrameView frame{values.data(), causes.data(), nullptr};
  int run = 0;
  for (int look = 0; look < looks; ++look) {
    const auto n = static_cast<uint64_t>(std::llround(per_look));
    const uint64_t n_c = draw.binomial(n, share);
    for (Series& each : series) {
      const Aggregate& aggregate = plan.aggregates[each.aggregate];
      const uint64_t own = aggregate.arm == Arm::candidate ? n_c : n - n_c;
      each.take({own, draw.binomial(own, each.rate)});
      causes[aggregate.frame_first] = cause_none;
      values[aggregate.frame_first] =
          value_of(aggregate, each.sum, causes[aggregate.frame_first]);
    }
    const Verdict verdict = interpret(plan, trigger.condition, frame);
    run = verdict == Verdict::is_true ? run + 1 : 0;
    if (run > sustained) return true;
  }
  return false;
}

bool reads_sustain(const Plan& plan, PredicateId predicate) {
  const Rows<NodeId> nodes = plan.predicates[predicate.value].nodes;
  for (uint32_t at = nodes.first; at < nodes.end(); ++at) {
    if (plan.nodes[at].op == Op::sustained) return true;
  }
  return false;
}

}  // namespace

RawForecast simulate_raw(const Plan& plan, const Trigger& trigger, const Expectations& expected,
                         const std::vector<Exposed>& exposed) {
  RawForecast forecast;
  if (expected.traffic_per_s <= 0) forecast.missing = "traffic";
  else if (reads_sustain(plan, trigger.condition)) forecast.missing = "a way to foresee two `for`s";
  if (!forecast.missing.empty()) return forecast;
  // A tenth of the shortest window, a pane at least, is a look.
  double window_s = 600;
  std::vector<uint32_t> aggregates;
  loads_of(plan, trigger.condition, aggregates);
  for (const uint32_t id : aggregates) {
    const Tracker& tracker = plan.trackers[plan.aggregates[id].tracker.value];
    const int64_t length_ns = plan.windows[tracker.window.value].length_ns;
    if (length_ns > 0) window_s = std::min(window_s, seconds(length_ns));
  }
  const double look_s = std::max(window_s / looks_a_window, seconds(plan.pane_ns));
  std::vector<Series> series;
  forecast.missing = find_series(plan, trigger.condition, expected, look_s, series);
  if (!forecast.missing.empty()) return forecast;
  const double for_s =
      trigger.sustain.is_none() ? 0 : seconds(plan.sustains[trigger.sustain.value].duration_ns);
  double spared = 1;
  for (const Exposed& part : exposed) {
    if (part.seconds <= 0 || part.share <= 0) continue;
    const double looks = part.seconds / look_s;
    const int shown = static_cast<int>(std::min<double>(looks, looks_max));
    int fired = 0;
    for (int run = 0; run < runs; ++run) {
      fired += fires(plan, trigger, series, part.share, expected.traffic_per_s * look_s, shown,
                     static_cast<int>(for_s / look_s), seed + static_cast<uint64_t>(run));
    }
    spared *= std::pow(1 - static_cast<double>(fired) / runs, looks / std::max(shown, 1));
  }
  forecast.odds = 1 - spared;
  return forecast;
}

}  // namespace rel::forecast
