#include "runtime/joins/pair_join.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace rel {

PairJoin::PairJoin(std::span<const PairRule> rules, const PairSettings& settings)
    : rules_(rules.begin(), rules.end()), settings_(settings) {}

bool PairJoin::failed(const Observation& answer) const {
  for (uint32_t metric = 0; metric < limits::metrics_max; ++metric) {
    const bool said = ((settings_.failed_metrics & answer.present) >> metric & 1) != 0;
    if (said && answer.value[metric] != 0) return true;
  }
  return false;
}

bool PairJoin::answered(std::string_view id, const Observation& answer,
                        std::vector<Derived>& derived) {
  const uint64_t key = answer.id;
  const auto known = halves_.find(key);
  const bool shadow = answer.arm == LaneArm::candidate_shadow;
  if (known != halves_.end()) {
    const bool known_shadow = known->second.answer.arm == LaneArm::candidate_shadow;
    if (known_shadow == shadow) return true;  // the same half again
    const Half half = std::move(known->second);
    halves_.erase(known);
    if (shadow) pair(half, answer, derived);
    else pair({answer, std::string(id)}, half.answer, derived);
    return true;
  }
  if (halves_.size() >= settings_.pending_max) {
    ++counters_.pushed_out;
    return false;
  }
  halves_.emplace(key, Half{answer, std::string(id)});
  arrivals_.push_back({key, answer.time_ns});
  return true;
}

void PairJoin::pair(const Half& live, const Observation& shadow, std::vector<Derived>& derived) {
  const int64_t time_ns = std::max(live.answer.time_ns, shadow.time_ns);
  const bool live_failed = failed(live.answer);
  const bool shadow_failed = failed(shadow);
  counters_.live_failed += live_failed ? 1 : 0;
  counters_.shadow_failed += shadow_failed ? 1 : 0;
  counters_.pairs += live_failed || shadow_failed ? 0 : 1;
  if (!live_failed) mark_unanswered(live, 0, time_ns, derived);
  for (const PairRule& rule : rules_) {
    // Which of the two failed is what a loss of `failed` asks.
    const bool asked = rule.measure == PairMeasure::loss || (!live_failed && !shadow_failed);
    const bool both = ((live.answer.present & shadow.present) >> rule.of & 1) != 0;
    if (asked && both) compare(rule, live, shadow, time_ns, derived);
  }
}

void PairJoin::compare(const PairRule& rule, const Half& live, const Observation& shadow,
                       int64_t time_ns, std::vector<Derived>& derived) {
  const double ours = live.answer.value[rule.of];
  const double theirs = shadow.value[rule.of];
  switch (rule.measure) {
    case PairMeasure::unanswered: return;
    case PairMeasure::difference:
      return give(live.answer, time_ns, rule.derived, std::fabs(theirs - ours), derived);
    case PairMeasure::loss:
      if (ours != theirs) {
        give(live.answer, time_ns, rule.derived, theirs != 0 ? 1 : 0, derived);
      }
      return;
    case PairMeasure::agreement:
      give(live.answer, time_ns, rule.derived, ours == theirs ? 1 : 0, derived);
      if (ours != theirs) {
        keep({live.id, time_ns, served_of(live.answer), rule.of, ours, theirs});
      }
      return;
  }
}

void PairJoin::give(const Observation& live, int64_t time_ns, uint32_t metric, double value,
                    std::vector<Derived>& derived) {
  Served served = served_of(live);
  served.arm = LaneArm::candidate_shadow;
  derived.push_back({time_ns, served, metric, value});
}

void PairJoin::mark_unanswered(const Half& live, double value, int64_t time_ns,
                               std::vector<Derived>& derived) {
  for (const PairRule& rule : rules_) {
    if (rule.measure == PairMeasure::unanswered) {
      give(live.answer, time_ns, rule.derived, value, derived);
    }
  }
}

void PairJoin::keep(Disagreement disagreement) {
  ++disagreements_seen_;
  if (sample_.size() < settings_.sample_max) {
    sample_.push_back(std::move(disagreement));
    return;
  }
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const uint64_t place = random_ % disagreements_seen_;
  if (place < sample_.size()) sample_[place] = std::move(disagreement);
}

void PairJoin::settle(const Half& half, int64_t time_ns, std::vector<Derived>& derived) {
  if (half.answer.arm == LaneArm::candidate_shadow) {
    ++counters_.without_live;
  } else if (!failed(half.answer) && half.answer.copied == Copied::yes) {
    ++counters_.unanswered;
    mark_unanswered(half, 1, time_ns, derived);
  }
}

void PairJoin::expire(int64_t now_ns, std::vector<Derived>& derived) {
  while (!arrivals_.empty() && arrivals_.front().time_ns + settings_.timeout_ns <= now_ns) {
    const auto half = halves_.find(arrivals_.front().key);
    const int64_t due_ns = arrivals_.front().time_ns + settings_.timeout_ns;
    arrivals_.pop_front();
    // The half it announced was paired, and its id has come again since.
    if (half == halves_.end() || half->second.answer.time_ns + settings_.timeout_ns != due_ns) {
      continue;
    }
    settle(half->second, due_ns, derived);
    halves_.erase(half);
  }
}

int64_t PairJoin::next_due_ns() const {
  if (arrivals_.empty()) return std::numeric_limits<int64_t>::max();
  return arrivals_.front().time_ns + settings_.timeout_ns;
}

}  // namespace rel
