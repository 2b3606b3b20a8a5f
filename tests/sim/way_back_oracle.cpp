#include "tests/sim/way_back_oracle.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/policies.h"
#include "tests/sim/scenario.h"

namespace rel::sim {
namespace {

// A probe counts for a minute; the host looks every other tick.
constexpr int64_t probe_fresh_ns = 62 * second_ns;
// A try may answer this long after its deadline; records and passes cost a little.
constexpr int64_t step_slack_ns = 12 * second_ns;
constexpr int64_t way_back_slack_ns = 20 * second_ns;
constexpr int64_t try_slack_ns = 2 * second_ns;
constexpr int64_t report_ns = 20 * second_ns;  // reports have no deadline of their own here

}  // namespace

WayBackOracle::WayBackOracle(const Plan& plan, Violation& violation)
    : plan_(plan), violation_(violation), steps_(plan.actions.size()) {
  int64_t longest_ns = way_back_slack_ns;
  for (const Action& action : plan.actions) {
    const bool reports = action.kind == ActionKind::report;
    longest_ns += step_slack_ns + (reports ? report_ns : action.within_ns);
  }
  calm_needed_ = static_cast<int>(longest_ns / tick_ns);
}

std::string WayBackOracle::name_of(uint32_t action) const {
  return fmt::format("`{}`", plan_.text(action_of(action).text));
}

bool WayBackOracle::tells(uint32_t action) const {
  const ActionPurpose purpose = action_of(action).purpose;
  return purpose == ActionPurpose::notify || purpose == ActionPurpose::escalate;
}

// A withdrawal reverts and reports; it tells nobody.
bool WayBackOracle::takes_part(uint32_t action) const { return !withdrawn_ || !tells(action); }

// -- the outside

void WayBackOracle::probed(uint32_t action, bool passed, int64_t now_ns) {
  steps_[action].probe_passed = passed;
  steps_[action].probed_ns = now_ns;
}

void WayBackOracle::stage_begins(int64_t now_ns) {
  for (uint32_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].probe_passed && now_ns - steps_[i].probed_ns <= probe_fresh_ns) continue;
    violation_.complain(fmt::format("a stage begins while {} may be impossible", name_of(i)));
  }
}

void WayBackOracle::followed(uint32_t share) {
  if (share <= permitted_share_) return;
  violation_.complain(fmt::format("a proxy is asked for {} millionths, {} are permitted", share,
                                  permitted_share_));
}

void WayBackOracle::begun(uint32_t action, const ActionRequest& request, int64_t steady_ns) {
  Step& step = steps_[action];
  const std::string name = name_of(action);
  if (!back_) violation_.complain(name + " was begun before the way back was on record");
  if (!takes_part(action)) violation_.complain(name + " was begun after a withdrawal");
  if (!step.recorded) violation_.complain(name + " was begun without a record of it");
  step.recorded = false;
  step.answer = ActionProgress::running;
  const bool known = !step.keys.empty() && step.keys.back() == request.key;
  if (known) {
    if (step.closed) violation_.complain(name + " was begun again after its outcome was recorded");
    ++step.tries;
    return check_try(action, steady_ns);
  }
  if (std::find(step.keys.begin(), step.keys.end(), request.key) != step.keys.end()) {
    violation_.complain(name + " was begun with the key of an earlier round");
  }
  if (!step.keys.empty() && !step.closed) {
    violation_.complain(name + " has another key at a later try");
  }
  for (const Step& other : steps_) {
    if (std::find(other.keys.begin(), other.keys.end(), request.key) != other.keys.end()) {
      violation_.complain(name + " has the key of another step");
    }
  }
  if (step.keys.empty()) check_first_round(action, steady_ns);
  else check_later_round(action, request);
  step.keys.push_back(request.key);
  step.closed = false;
  step.tries = 1;
  step.first_steady_ns = steady_ns;
  step.interrupted = false;
  step.restarts_before = restarts_;
}

void WayBackOracle::check_first_round(uint32_t action, int64_t steady_ns) {
  const ActionPurpose purpose = action_of(action).purpose;
  const std::string name = name_of(action);
  if (purpose == ActionPurpose::escalate) {
    if (acknowledged_) violation_.complain(name + " was begun after somebody had acknowledged");
    if (steady_ns - back_steady_ns_ + try_slack_ns < action_of(action).after_ns && calm_ > 0 &&
        calm_ * tick_ns >= steady_ns - back_steady_ns_) {
      violation_.complain(name + " was begun too early");
    }
    return;
  }
  bool being_tried = false;
  for (uint32_t before = 0; before < action; ++before) {
    const Step& earlier = steps_[before];
    const ActionPurpose what = action_of(before).purpose;
    if (!takes_part(before) || what == ActionPurpose::escalate) continue;
    const bool waits = purpose == ActionPurpose::report ||
                       (purpose != ActionPurpose::notify && what != ActionPurpose::notify);
    if (waits && !earlier.is_final()) {
      violation_.complain(fmt::format("{} was begun while {} had no outcome", name,
                                      name_of(before)));
    }
    // Only a step that is being tried is overtaken, and what waits for it with it.
    if (!being_tried && earlier.keys.empty() && !earlier.is_final()) {
      violation_.complain(fmt::format("{} was begun before {}", name, name_of(before)));
    }
    being_tried = being_tried || (what != ActionPurpose::notify && !earlier.is_final());
  }
}

void WayBackOracle::check_later_round(uint32_t action, const ActionRequest& request) {
  const std::string name = name_of(action);
  const Action& row = action_of(action);
  if (request.facts.end_ns != 0) {
    const bool stands = row.kind == ActionKind::pagerduty || row.kind == ActionKind::alertmanager;
    if (!acknowledged_ || !stands || !steps_[action].done) {
      violation_.complain(name + " was resolved, and nothing was to resolve");
    }
    return;
  }
  bool failed = false;
  for (uint32_t i = 0; i < steps_.size(); ++i) {
    if (!takes_part(i) || action_of(i).purpose == ActionPurpose::escalate) continue;
    failed = failed || (steps_[i].failed && !tells(i));
    if (!steps_[i].is_final()) violation_.complain(name + " is told again before all was tried");
  }
  if (row.purpose == ActionPurpose::report) return;
  if (row.purpose != ActionPurpose::notify || !failed) {
    violation_.complain(name + " is told again, and nothing failed");
  }
}

void WayBackOracle::check_try(uint32_t action, int64_t steady_ns) {
  const Step& step = steps_[action];
  const Action& row = action_of(action);
  const auto crashes = static_cast<uint32_t>(restarts_ - step.restarts_before);
  if (row.retries_max != Action::no_limit && step.tries > row.retries_max + 1 + crashes) {
    violation_.complain(fmt::format("{} was tried {} times, {} of them again at most",
                                    name_of(action), step.tries, row.retries_max));
  }
  // One step is done at a time: what another one took does not count against this.
  const bool had_to_wait = steady_ns - answered_steady_ns_ <= try_slack_ns;
  if (!step.interrupted && !had_to_wait &&
      steady_ns - step.first_steady_ns > row.within_ns + try_slack_ns) {
    violation_.complain(name_of(action) + " was tried again after its deadline");
  }
}

void WayBackOracle::answered(uint32_t action, ActionProgress progress) {
  steps_[action].answer = progress;
  answered_steady_ns_ = steady_ns_;
}

// -- the record

void WayBackOracle::durable(const Decision& decision) {
  if (decision.kind == DecisionKind::rolled_back || decision.kind == DecisionKind::withdrawn ||
      decision.kind == DecisionKind::aborted) {
    back_ = true;
    withdrawn_ = decision.kind != DecisionKind::rolled_back;
    back_steady_ns_ = steady_ns_;
    calm_ = 0;
    return;
  }
  if (decision.kind == DecisionKind::reviewed && decision.reason == Reason::action_outcome) {
    acknowledged_ = true;
  }
  if (decision.action.is_none()) return;
  const uint32_t action = decision.action.value;
  Step& step = steps_[action];
  const bool first = step.keys.size() <= 1;
  if (decision.kind == DecisionKind::action_started) step.recorded = true;
  if (decision.kind == DecisionKind::alerted) step.alert_due = false;
  const bool done = decision.kind == DecisionKind::action_done;
  const bool failed = decision.kind == DecisionKind::action_failed;
  if (!done && !failed) return;
  if (step.closed) violation_.complain(name_of(action) + " has two outcomes");
  const bool fits = done ? step.answer == ActionProgress::done
                         : step.answer == ActionProgress::failed ||
                               step.answer == ActionProgress::refused;
  if (!fits) violation_.complain(name_of(action) + " has an outcome that nobody answered");
  step.closed = true;
  if (first) (done ? step.done : step.failed) = true;
  if (failed) step.alert_due = true;
}

// -- time

void WayBackOracle::interrupted() {
  calm_ = 0;
  for (Step& step : steps_) step.interrupted = true;
}

void WayBackOracle::after_tick(bool calm, int64_t steady_ns) {
  steady_ns_ = steady_ns;
  calm_ = calm && back_ ? calm_ + 1 : 0;
  for (uint32_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].alert_due) violation_.complain(name_of(i) + " failed and nobody was told");
  }
  if (calm_ > calm_needed_) check_liveness();
}

void WayBackOracle::check_liveness() {
  for (uint32_t i = 0; i < steps_.size(); ++i) {
    if (!takes_part(i)) continue;
    const Action& row = action_of(i);
    if (row.purpose != ActionPurpose::escalate) {
      if (!steps_[i].is_final()) {
        violation_.complain(fmt::format("{} has no outcome after {} quiet ticks", name_of(i),
                                        calm_));
      }
    } else if (!acknowledged_ && steps_[i].keys.empty() &&
               calm_ * tick_ns > calm_needed_ * tick_ns + row.after_ns) {
      violation_.complain(fmt::format("{} was not begun, and nobody has acknowledged", name_of(i)));
    }
  }
  if (proxy_share_ > 0) violation_.complain("a proxy still gives the candidate requests");
}

void WayBackOracle::settled() {
  if (!back_) return;
  for (uint32_t i = 0; i < steps_.size(); ++i) {
    if (!takes_part(i) || action_of(i).purpose == ActionPurpose::escalate) continue;
    if (!steps_[i].is_final()) {
      violation_.complain(fmt::format("all is said to be done, {} is not", name_of(i)));
    }
  }
}

}  // namespace rel::sim
