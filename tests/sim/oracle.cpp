#include "tests/sim/oracle.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "runtime/stage/decision_text.h"

namespace rel::sim {
namespace {

constexpr int window_ticks = static_cast<int>(window_ns / tick_ns);
constexpr int sustained_ticks = static_cast<int>(sustained_ns / tick_ns);
// What a window's grid, the order of turns and the tick itself may cost.
constexpr int slack_ticks = 15;

bool raises(DecisionKind kind) {
  return kind == DecisionKind::stage_entered || kind == DecisionKind::step_advanced ||
         kind == DecisionKind::promoted || kind == DecisionKind::completed;
}

bool goes_back(DecisionKind kind) {
  return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn ||
         kind == DecisionKind::aborted;
}

bool is_exposed(Phase phase) { return phase == Phase::running || phase == Phase::completed; }

}  // namespace

Oracle::Oracle(const Plan& plan, const PolicyFacts& facts, const Scenario& scenario)
    : plan_(plan),
      facts_(facts),
      scenario_(scenario),
      hands_(plan, facts, violation_),
      way_back_(plan, violation_) {
  totals_.push_back({});
  failing_.push_back(0);
}

void Oracle::disturbed(Disturbance what) {
  undisturbed_ = 0;
  overdue_ = 0;
  hands_.disturbed();
  way_back_.interrupted();
  if (what != Disturbance::volatile_lost) return;
  back_seen_ = back_durable_;
  in_at_share_.fill(0);
  hands_.power_lost();
}

std::optional<int64_t> Oracle::quarantined_since_ns() const {
  return hands_.quarantine_cleared() ? std::nullopt : failed_ns_;
}

// -- what is durable

void Oracle::durable(const JournalEntry& entry, int64_t now_ns) {
  const Decision& decision = entry.decision;
  now_ns_ = now_ns;
  acknowledged_.push_back({decision.id, decision.kind, decision.time_ns});
  if (raises(decision.kind)) check_raise(entry);
  if (decision.kind == DecisionKind::rolled_back) check_rollback(decision);
  if (goes_back(decision.kind) && back_durable_) complain("the release went back twice");
  if (decision.reason == Reason::set_went_back) followed_set_ = tick_;
  hands_.durable(entry, now_ns);
  note(decision);
}

// What a durable decision changes, however the oracle heard of it.
void Oracle::note(const Decision& decision) {
  if (raises(decision.kind)) {
    permitted_share_ = std::max(permitted_share_, decision.share_millionths);
  }
  if (goes_back(decision.kind)) {
    back_durable_ = true;
    permitted_share_ = 0;
  }
  if (decision.kind == DecisionKind::rolled_back) failed_ns_ = decision.time_ns;
  way_back_.durable(decision);
  way_back_.permit(permitted_share_);
}

void Oracle::check_raise(const JournalEntry& entry) {
  const std::string_view kind = decision_kind_name(entry.decision.kind);
  if (back_durable_) return complain(fmt::format("{} after the release went back", kind));
  const bool enters = entry.decision.kind == DecisionKind::stage_entered;
  if (enters && scenario_.probed) way_back_.stage_begins(now_ns_);
  const auto asked = asked_.find(entry.raise);
  // Asked for by an evaluator whose state was replaced before anybody looked.
  if (asked == asked_.end()) return;
  const auto [tick, from] = asked->second;
  if (from.first == StageId::none_value) return;
  // A condition `for 1s` that was false a moment ago is false, whatever fails now; and what a
  // person has overruled does not hold the release.
  const bool overruled = hands_.may_overrule(now_ns_ - slack_ticks * tick_ns);
  bool failed = !overruled;
  for (int ago = 0; failed && ago <= sustained_ticks + 2; ++ago) {
    failed = tick > ago && failing_[tick - ago];
  }
  if (failed) {
    complain(fmt::format("{} was asked for at tick {} while the source failed", kind, tick));
  }
  // A person does not wait for clocks and samples.
  if (entry.decision.reason == Reason::by_hand) return;
  const Stage& stage = plan_.stages[from.first];
  const int64_t step_ns = plan_.steps[stage.steps.first + from.second].duration_ns;
  const int in_step = tick - reached_.at(from);
  // Two workers' clocks differ by a little, in each direction once.
  if ((in_step + 2) * tick_ns < step_ns) {
    complain(fmt::format("{} after {} ticks in a step of {} ns", kind, in_step, step_ns));
  }
  const int in_stage = tick - entered_.at(from.first);
  const bool leaves = entry.decision.kind != DecisionKind::step_advanced;
  if (leaves && (in_stage + 2) * tick_ns < std::max(stage.soak_ns, stage.at_least_ns)) {
    complain(fmt::format("{} after {} ticks, before the stage's time was full", kind, in_stage));
  }
  if (entry.decision.kind != DecisionKind::step_advanced) return;
  const Traffic seen = over(1, tick, in_stage + 2);
  if (seen.requests + seen.without_values < facts_.step_samples) {
    complain(fmt::format("{} after {} samples, the policy asks for {}", kind,
                         seen.requests + seen.without_values, facts_.step_samples));
  }
}

// A healthy candidate goes back for an outage of its own arm only, and there is none: what both
// arms share, silence, bad values and failures out of time are no reasons.
void Oracle::check_rollback(const Decision& decision) {
  if (decision.reason == Reason::by_hand) return;
  if (decision.reason == Reason::trigger_unknown_long) {
    const int needed = static_cast<int>(facts_.source_error_ns / tick_ns);
    if (needed == 0 || decision.cause != cause_source_error || source_failing_ + 2 < needed) {
      complain(fmt::format("rolled back for an unknown after {} ticks of a failing source",
                           source_failing_));
    }
    return;
  }
  const bool turned_bad = scenario_.candidate != Candidate::healthy && tick_ >= scenario_.bad_from;
  const bool shared = since_both_failed_ < 2 * window_ticks + sustained_ticks + 2 * slack_ticks;
  if (!turned_bad && !shared) complain("a candidate that did nothing wrong was rolled back");
}

void Oracle::journal_holds(const std::vector<LoggedDecision>& logged) {
  std::vector<uint8_t> known(logged.size());
  size_t at = 0;
  for (const Acknowledged& seen : acknowledged_) {
    const auto same = [&](const LoggedDecision& one) {
      const Decision& d = one.entry.decision;
      return d.id == seen.id && d.kind == seen.kind && d.time_ns == seen.time_ns;
    };
    const size_t from = at;
    while (at < logged.size() && !same(logged[at])) ++at;
    if (at < logged.size()) {
      known[at++] = 1;
      continue;
    }
    // Those of a raise that was taken back are durable and not shown.
    const bool there = std::any_of(logged.begin(), logged.end(), same);
    if (!raises(seen.kind) || there) {
      return complain(fmt::format("acknowledged decision {} ({}) is lost or out of order", seen.id,
                                  decision_kind_name(seen.kind)));
    }
    at = from;
  }
  const auto back = std::count_if(logged.begin(), logged.end(), [](const LoggedDecision& one) {
    return goes_back(one.entry.decision.kind);
  });
  if (back > 1) complain("the journal has the way back twice");
  // What was written when its host died, or heard of an error.
  acknowledged_.clear();
  for (size_t i = 0; i < logged.size(); ++i) {
    const Decision& decision = logged[i].entry.decision;
    acknowledged_.push_back({decision.id, decision.kind, decision.time_ns});
    if (!known[i]) note(decision);
  }
}

// -- what is in force

void Oracle::after_tick(const TickFacts& facts, const EngineState& state, const Route& route) {
  violation_.tick = ++tick_;
  const bool looked = followed_set_ >= 0 && tick_ > followed_set_ + 1;
  if (looked && !peer_back_) complain("went back with a set that did not");
  std::array<Traffic, 3> totals = totals_.back();
  for (size_t arm = 0; arm < totals.size(); ++arm) {
    totals[arm].requests += facts.arms[arm].requests;
    totals[arm].without_values += facts.arms[arm].without_values;
    totals[arm].failures += facts.arms[arm].failures;
  }
  totals_.push_back(totals);
  failing_.push_back(facts.source_failing);
  evaluated_ticks_ += facts.evaluated ? 1 : 0;
  since_both_failed_ = facts.both_arms_fail ? 0 : since_both_failed_ + 1;
  source_run_ = facts.source_failing ? source_run_ + 1 : 0;
  source_failing_ = std::max(source_failing_, source_run_);
  undisturbed_ = facts.evaluated && !facts.source_failing ? undisturbed_ + 1 : 0;
  note_position(state);
  check_exposure(state, route);
  check_return(state, route);
  if (hands_.may_overrule(facts.now_ns)) undisturbed_ = 0;
  check_promptness(state);
  hands_.after_tick(facts.evaluated && facts.hosted, state, route.share_millionths);
  way_back_.after_tick(facts.calm, facts.steady_ns);
}

void Oracle::dark_tick() {
  violation_.tick = ++tick_;
  totals_.push_back(totals_.back());
  failing_.push_back(0);
  source_run_ = 0;
  undisturbed_ = 0;
}

void Oracle::note_position(const EngineState& state) {
  if (state.stage != stage_) undisturbed_ = 0;  // windows start anew with a stage
  stage_ = state.stage;
  if (!state.stage.is_none()) {
    reached_.try_emplace({state.stage.value, state.step}, tick_);
    entered_.try_emplace(state.stage.value, tick_);
    const Stage& stage = plan_.stages[state.stage.value];
    if (is_exposed(state.phase)) {
      furthest_ = std::max(furthest_, static_cast<int>(stage.steps.first + state.step));
    }
  }
  if (state.pending.kind != RaiseKind::none && state.pending.id != pending_) {
    pending_ = state.pending.id;
    asked_[pending_] = {tick_, {state.stage.value, state.step}};
  }
}

void Oracle::check_exposure(const EngineState& state, const Route& route) {
  uint32_t allowed = 0;
  uint32_t mirrored = 0;
  if (is_exposed(state.phase)) {
    const Stage& stage = plan_.stages[state.stage.value];
    allowed = std::min(plan_.steps[stage.steps.first + state.step].share_millionths,
                       1'000'000 - stage.holdback_millionths);
    mirrored = stage.mirror_millionths;
  }
  if (route.share_millionths > allowed || route.mirror_millionths > mirrored) {
    complain(fmt::format("{} millionths are routed in a stage of {}", route.share_millionths,
                         allowed));
  }
  if (route.share_millionths > permitted_share_) {
    complain(fmt::format("{} millionths are routed, what is durable permits {}",
                         route.share_millionths, permitted_share_));
  }
}

void Oracle::check_return(const EngineState& state, const Route& route) {
  const bool back = state.phase == Phase::rolled_back || state.phase == Phase::withdrawn;
  if (back) back_seen_ = true;
  if (back_seen_ && (route.share_millionths > 0 || route.mirror_millionths > 0)) {
    complain("the candidate is routed after the release went back");
  }
}

Traffic Oracle::over(size_t arm, int last_tick, int ticks) const {
  const auto& to = totals_[static_cast<size_t>(last_tick)][arm];
  const auto& from = totals_[static_cast<size_t>(std::max(0, last_tick - ticks))][arm];
  return {to.requests - from.requests, to.without_values - from.without_values,
          to.failures - from.failures};
}

// Whatever slots a window of ten seconds has at this tick, the candidate is far above the limit in
// them and the baseline far below it.
bool Oracle::bad_at(size_t arm, int tick) const {
  for (int ticks = window_ticks - 1; ticks <= window_ticks + ticks_per_second; ++ticks) {
    const Traffic candidate = over(arm, tick, ticks);
    const Traffic baseline = over(0, tick, ticks);
    const bool enough = candidate.requests >= 80;
    const bool bad = candidate.failures > 1.5 * failure_limit * candidate.requests;
    const bool alone = baseline.failures < 0.5 * failure_limit * baseline.requests ||
                       baseline.requests == 0;
    if (!enough || !bad || !alone) return false;
  }
  return true;
}

void Oracle::check_promptness(const EngineState& state) {
  const bool watched = state.phase == Phase::running && !state.stage.is_none() &&
                       undisturbed_ > window_ticks + sustained_ticks + slack_ticks;
  if (!watched) {
    overdue_ = 0;
    return;
  }
  const bool mirror = plan_.stages[state.stage.value].kind == StageKind::mirror;
  overdue_ = bad_at(mirror ? 2 : 1, tick_) ? overdue_ + 1 : 0;
  if (overdue_ > sustained_ticks + 3) {
    complain("the candidate fails, alone, for longer than the policy bears, and was not sent back");
  }
}

// A user once given the candidate keeps it while the share does not shrink.
void Oracle::user(uint32_t number, bool candidate, uint32_t share) {
  uint32_t& in = in_at_share_[number % panel];
  if (in > 0 && !candidate && share >= in) {
    complain(fmt::format("user {} had the candidate at {} millionths and lost it at {}", number, in,
                         share));
  }
  in = candidate ? share : 0;
}

}  // namespace rel::sim
