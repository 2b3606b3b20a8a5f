#include "compiler/testing/traffic.h"

#include <algorithm>
#include <cmath>

namespace rel::testing {
namespace {

using sema::PartKind;
using sema::SeriesOf;
using sema::TypedPart;
using sema::TypedSeries;

constexpr double second_ns = 1e9;

Arm arm_of(LaneArm arm) {
  return arm == LaneArm::baseline_live ? Arm::baseline : Arm::candidate;
}

bool is_for(const TypedSeries& series, LaneArm arm) {
  return !series.arm || *series.arm == arm_of(arm);
}

bool holds(const TypedSeries& series, const Observation& made) {
  return std::all_of(series.only.begin(), series.only.end(), [&](const auto& only) {
    return made.segment[only.first] == only.second;
  });
}

const TypedPart& part_at(const TypedSeries& series, int64_t at_ns) {
  size_t part = series.parts.size();
  while (part > 1 && series.parts[part - 1].from_ns > at_ns) --part;
  return series.parts[part - 1];
}

// How far a ramp has come; its end value stays.
double ramp_at(const TypedPart& part, int64_t at_ns) {
  if (part.kind != PartKind::ramp || part.to_ns <= part.from_ns) return 0;
  const double place = static_cast<double>(at_ns - part.from_ns) /
                       static_cast<double>(part.to_ns - part.from_ns);
  return std::clamp(place, 0.0, 1.0);
}

double one_value(const TypedPart& part, int64_t at_ns) {
  if (part.kind == PartKind::none) return 0;
  return part.low + (part.high - part.low) * ramp_at(part, at_ns);
}

// A value at place `u` of [0, 1) of what is declared: the quantiles joined by lines, from half the
// lowest to the highest; without quantiles the mean.
double declared_value(const sema::ExpectedMetric& declared, double u) {
  if (declared.quantiles.empty()) return declared.mean.value_or(0);
  double low_u = 0;
  double low = declared.quantiles.front().value / 2;
  for (const sema::ExpectedQuantile& each : declared.quantiles) {
    if (u < each.quantile)
      return low + (each.value - low) * (u - low_u) / (each.quantile - low_u);
    low_u = each.quantile;
    low = each.value;
  }
  return low;
}

// The root of x^(d+1) = x + 1: its powers step through d dimensions as evenly as is known
// (Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
double recurrence_root(size_t dimensions) {
  double root = 2;
  for (int i = 0; i < 64; ++i) root = std::pow(1 + root, 1.0 / static_cast<double>(dimensions + 1));
  return root;
}

// The value of a share is in force where the declared ones leave off: what is left is divided.
std::vector<double> cumulated_shares(const sema::TypedSegment& segment, uint32_t row,
                                     const sema::TypedExpected* expected) {
  std::vector<double> shares(segment.values.size(), -1);
  double left = 1;
  if (expected != nullptr) {
    for (const sema::ExpectedShare& each : expected->shares) {
      if (each.segment != row) continue;
      shares[each.value] = each.share;
      left -= each.share;
    }
  }
  const auto open = static_cast<double>(std::count(shares.begin(), shares.end(), -1.0));
  double sum = 0;
  for (double& share : shares) {
    sum += share < 0 ? std::max(left, 0.0) / open : share;
    share = sum;
  }
  return shares;
}

}  // namespace

Traffic::Traffic(const sema::TypedPolicy& policy, const sema::TypedTest& test, const Plan& plan,
                 int64_t start_ns)
    : policy_(policy), test_(test), plan_(plan), start_ns_(start_ns) {
  const sema::TypedModel& model = policy.models[policy.releases[test.release].model];
  expected_ = model.expected ? &*model.expected : nullptr;
  traffic_per_s_ = expected_ != nullptr ? expected_->traffic_per_s : 0;
  for (uint32_t lane = 0; lane < lane_arms; ++lane) {
    const auto arm = static_cast<LaneArm>(lane);
    streams_.push_back({nullptr, arm, 0});
    sources_[lane].resize(policy.metrics.size());
    for (const TypedSeries& series : test.feeds) {
      if (!is_for(series, arm)) continue;
      if (series.of == SeriesOf::traffic && !series.only.empty())
        streams_.push_back({&series, arm, 0});
      if (series.of == SeriesOf::metric) sources_[lane][series.metric].series.push_back(&series);
    }
    for (uint32_t metric = 0; metric < policy.metrics.size(); ++metric) {
      Source& source = sources_[lane][metric];
      if (expected_ != nullptr) source.declared = expected_->metric(metric);
      std::reverse(source.series.begin(), source.series.end());  // the last written first
      std::stable_sort(source.series.begin(), source.series.end(),
                       [](const TypedSeries* a, const TypedSeries* b) {
                         return std::pair(a->only.size(), a->arm.has_value()) >
                                std::pair(b->only.size(), b->arm.has_value());
                       });
    }
  }
  for (uint32_t row = 0; row < policy.segments.size(); ++row)
    upto_.push_back(cumulated_shares(policy.segments[row], row, expected_));
  carried_flags_.resize((test.feeds.size() + policy.metrics.size()) * lane_arms, 0);
  const size_t dimensions = policy.segments.size() + policy.metrics.size();
  const double root = recurrence_root(std::max<size_t>(dimensions, 1));
  for (size_t i = 0; i < dimensions; ++i)
    steps_.push_back(std::pow(root, -static_cast<double>(i + 1)));
}

double Traffic::point(uint32_t dimension, uint64_t number) const {
  const double at = 0.5 + static_cast<double>(number) * steps_[dimension];
  return at - std::floor(at);
}

// In a stage of waves the share is that of the values it has reached, not of everybody.
void Traffic::find_reach(const Route& route) {
  reach_.reset();
  for (const WaveStage& waves : plan_.wave_stages) {
    if (waves.stage != route.stage || route.step >= waves.reaches.count) continue;
    reach_ = Reach{waves.segment, plan_.wave_reaches[waves.reaches.at(route.step).value],
                   route.share_millionths / 1e6};
  }
}

// Requests of both arms are made for everybody; which of them the route gives to the other arm?
bool Traffic::is_routed_elsewhere(const Observation& made) {
  if (!reach_ || made.arm == LaneArm::candidate_shadow) return false;
  const bool in_reach = (reach_->values >> made.segment[reach_->segment.value]) & 1;
  if (made.arm == LaneArm::candidate_live) return !in_reach;
  if (!in_reach) return false;
  carried_reach_ += reach_->share;
  if (carried_reach_ < 1) return false;
  carried_reach_ -= 1;
  return true;
}

// Requests a second of a stream. A series of `traffic` with an arm is that arm's rate whatever its
// share; without one it is divided by the share, as the declared traffic is.
double Traffic::rate(const Stream& stream, const Route& route, int64_t at_ns) const {
  double total = traffic_per_s_;
  bool of_arm = false;
  if (stream.series != nullptr) {
    total = one_value(part_at(*stream.series, at_ns), at_ns);
    of_arm = stream.series->arm.has_value();
  } else {
    for (const TypedSeries& series : test_.feeds) {
      if (series.of != SeriesOf::traffic || !series.only.empty() || !is_for(series, stream.arm))
        continue;
      if (of_arm && !series.arm) continue;
      total = one_value(part_at(series, at_ns), at_ns);
      of_arm = series.arm.has_value();
    }
  }
  constexpr double millionths = 1e6;
  const double share = route.share_millionths / millionths;
  const double copied = route.mirror_millionths / millionths;
  switch (stream.arm) {
    case LaneArm::baseline_live:
      return (of_arm && share < 1) || reach_ ? total : total * (1 - share);
    case LaneArm::candidate_live:
      // A release that only observes has the share that others give it.
      return of_arm && (share > 0 || plan_.observe_only) ? total : total * share;
    case LaneArm::candidate_shadow: return of_arm && copied > 0 ? total : total * copied;
  }
  return 0;
}

void Traffic::make(const Route& route, int64_t from_ns, int64_t to_ns,
                   const std::function<void(const Observation&)>& take) {
  pending_.clear();
  find_reach(route);
  const double seconds = static_cast<double>(to_ns - from_ns) / second_ns;
  for (size_t index = 0; index < streams_.size(); ++index) {
    Stream& stream = streams_[index];
    const double come = rate(stream, route, from_ns) * seconds;
    if (come <= 0) continue;
    const double span_ns = static_cast<double>(to_ns - from_ns) / come;
    // The next request is due when the carried part is full.
    double due = 1 - stream.carried;
    for (; due <= come; due += 1) {
      const auto after_ns = static_cast<int64_t>(due * span_ns);
      pending_.push_back({std::min(from_ns + after_ns, to_ns - 1), index});
    }
    stream.carried = come - due + 1;
  }
  std::stable_sort(pending_.begin(), pending_.end(),
                   [](const Pending& a, const Pending& b) { return a.time_ns < b.time_ns; });
  for (const Pending& each : pending_) {
    Observation made;
    if (fill(streams_[each.stream], each.time_ns, made)) take(made);
  }
}

void Traffic::choose_segments(LaneArm arm, Observation& made) {
  const uint64_t number = made_[static_cast<size_t>(arm)]++;
  // Every request is another user's, in a session of its own; the shadow's k-th is that of the k-th
  // live answer.
  made.user = made.session = 1 + number * lane_arms + static_cast<uint64_t>(arm);
  made.id = 1 + 2 * number + (arm == LaneArm::candidate_live ? 1 : 0);
  for (uint32_t row = 0; row < upto_.size(); ++row) {
    const auto at = std::upper_bound(upto_[row].begin(), upto_[row].end(), point(row, number));
    // Beyond the declared shares: a value outside the set.
    made.segment[row] = static_cast<uint8_t>(at - upto_[row].begin());
  }
}

// Part of the population has a traffic of its own: its requests come from there alone.
bool Traffic::belongs_to_other_stream(const Stream& stream, const Observation& made) const {
  return std::any_of(streams_.begin(), streams_.end(), [&](const Stream& other) {
    return other.series != nullptr && other.series != stream.series && other.arm == stream.arm &&
           holds(*other.series, made) &&
           (stream.series == nullptr || other.series->only.size() > stream.series->only.size());
  });
}

bool Traffic::fill(const Stream& stream, int64_t at_ns, Observation& made) {
  made.time_ns = start_ns_ + at_ns;
  made.arm = stream.arm;
  choose_segments(stream.arm, made);
  if (stream.series != nullptr)
    for (const auto& [segment, value] : stream.series->only)
      made.segment[segment] = static_cast<uint8_t>(value);
  if (belongs_to_other_stream(stream, made) || is_routed_elsewhere(made)) return false;
  for (uint32_t metric = 0; metric < policy_.metrics.size(); ++metric)
    add_metric(metric, at_ns, made);
  complete_categories(made);
  return true;
}

bool Traffic::has_value(uint32_t category, const Observation& made) const {
  for (uint32_t metric = 0; metric < policy_.metrics.size(); ++metric) {
    const bool carried = (made.present >> metric) & 1;
    if (policy_.metrics[metric].of == category && carried && made.value[metric] != 0) return true;
  }
  return false;
}

// Who carries one value of a category carries the category, and none of its other values.
void Traffic::complete_categories(Observation& made) const {
  uint32_t carried = 0;
  for (uint32_t metric = 0; metric < policy_.metrics.size(); ++metric) {
    const std::optional<uint32_t> of = policy_.metrics[metric].of;
    if (of && ((made.present >> metric) & 1)) carried |= uint32_t{1} << *of;
  }
  for (uint32_t metric = 0; metric < policy_.metrics.size(); ++metric) {
    const uint32_t category = policy_.metrics[metric].of.value_or(metric);
    const uint32_t bit = uint32_t{1} << metric;
    if (!((carried >> category) & 1) || (made.present & bit)) continue;
    made.present |= bit;
    made.value[metric] = 0;
  }
}

void Traffic::add_metric(uint32_t metric, int64_t at_ns, Observation& made) {
  const auto lane = static_cast<size_t>(made.arm);
  const Source& source = sources_[lane][metric];
  const auto found = std::find_if(source.series.begin(), source.series.end(),
                                  [&](const TypedSeries* each) { return holds(*each, made); });
  const bool fed = found != source.series.end();
  if (!fed && source.declared == nullptr) return;
  const TypedPart* part = fed ? &part_at(**found, at_ns) : nullptr;
  if (part != nullptr && part->kind == PartKind::none) return;
  const uint64_t number = made_[lane] - 1;
  const double u = point(static_cast<uint32_t>(policy_.segments.size()) + metric, number);
  made.present |= uint32_t{1} << metric;
  if (policy_.metrics[metric].kind != MetricKind::flag) {
    made.value[metric] = part == nullptr              ? declared_value(*source.declared, u)
                         : part->kind == PartKind::ramp ? one_value(*part, at_ns)
                                                        : part->low + (part->high - part->low) * u;
    if (policy_.metrics[metric].kind == MetricKind::count) {
      made.value[metric] = std::floor(made.value[metric]);
    }
    return;
  }
  const size_t row = fed ? static_cast<size_t>(*found - test_.feeds.data())
                         : test_.feeds.size() + metric;
  double& carried = carried_flags_[row * lane_arms + lane];
  carried += part != nullptr ? one_value(*part, at_ns) : source.declared->rate.value_or(0);
  constexpr double rounding = 1e-9;  // so that 1,000 times 0.4 % is four, however it was added
  // A request has one value of a category: where two are due, the other is that of the next one.
  const std::optional<uint32_t> category = policy_.metrics[metric].of;
  const bool flag = carried >= 1 - rounding && !(category && has_value(*category, made));
  if (flag) carried -= 1;
  made.value[metric] = flag ? 1 : 0;
}

bool Traffic::source_answers(int64_t at_ns) const {
  bool answers = true;
  for (const TypedSeries& series : test_.feeds)
    if (series.of == SeriesOf::source)
      answers = part_at(series, at_ns).kind != PartKind::failed;
  return answers;
}

std::vector<uint32_t> Traffic::unfed() const {
  std::vector<uint32_t> rows;
  std::vector<bool> fed(policy_.metrics.size());
  for (uint32_t metric = 0; metric < policy_.metrics.size(); ++metric) {
    bool own = false;
    for (const auto& sources : sources_)
      own = own || !sources[metric].series.empty() || sources[metric].declared != nullptr;
    if (own) fed[policy_.metrics[metric].of.value_or(metric)] = true;
  }
  for (uint32_t metric = 0; metric < policy_.metrics.size(); ++metric) {
    const sema::TypedMetric& row = policy_.metrics[metric];
    const bool derived = row.of.has_value() || row.per == SampleUnit::pair;
    if (!fed[metric] && !derived) rows.push_back(metric);
  }
  return rows;
}

}  // namespace rel::testing
