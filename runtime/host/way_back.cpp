#include "runtime/host/way_back.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "runtime/actuators/report_text.h"
#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/stage/decision_text.h"

namespace rel {
namespace {

bool goes_back(const LoggedDecision& logged) {
  const DecisionKind kind = logged.entry.decision.kind;
  return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn ||
         kind == DecisionKind::aborted;
}

std::string_view words_of(ActionRound round) {
  switch (round) {
    case ActionRound::first: return "";
    case ActionRound::again: return ", with what came of the steps";
    case ActionRound::over: return ", to say that it is over";
  }
  return "";
}

}  // namespace

WayBack::WayBack(WayBackParts parts, std::vector<ActionRecord> outcomes)
    : parts_(std::move(parts)), outcomes_(std::move(outcomes)) {}

WayBackView WayBack::view(const EngineState& state, HostTime now) const {
  return {.plan = parts_.plan,
          .records = outcomes_,
          .phase = state.phase,
          .began_ns = beginning_ ? began_ns_ : now.now_ns,
          .now_ns = now.now_ns,
          .acknowledged = acknowledged_.has_value()};
}

Status WayBack::advance(const EngineState& state, HostTime now, const Record& record) {
  if (running_ != nullptr) return settle_running(state, now, record);
  if (Status s = learn_beginning(record); !s) return s;
  // Counted anew from a clock that was set back: late, but not by as much as it went back.
  began_ns_ = std::min(began_ns_, now.now_ns);
  const WayBackView seen = view(state, now);
  if (const auto step = step_due(seen)) return start(*step, state, now, record);
  if (const auto step = step_to_skip(seen)) return skip(*step, state, now, record);
  if (!finished_ && all_settled(seen)) return finish(state, now, record);
  return ok();
}

Status WayBack::learn_beginning(const Record& record) {
  if (beginning_) return ok();
  Result<std::vector<LoggedDecision>> timeline = record.read();
  if (!timeline) return timeline.error();
  const auto found = std::find_if(timeline->rbegin(), timeline->rend(), goes_back);
  if (found == timeline->rend()) return ok();
  beginning_ = std::move(found->entry);
  began_ns_ = beginning_->decision.time_ns;
  return ok();
}

// -- one step

Status WayBack::start(WayBackStep step, const EngineState& state, HostTime now,
                      const Record& record) {
  const ActionRecord* before = find_record(outcomes_, step);
  ActionRecord started = before != nullptr ? *before : ActionRecord{.first_ns = now.now_ns};
  started.first_ns = std::min(started.first_ns, now.now_ns);  // the clock may have been set back
  started.action = step.action;
  started.round = step.round;
  started.status = ActionStatus::started;
  started.attempts++;
  started.time_ns = now.now_ns;
  std::string again;
  if (before != nullptr && before->status == ActionStatus::waiting) {
    again = fmt::format(", try {}: {}", started.attempts, before->detail);
  } else if (before != nullptr) {
    again = ", again: the host stopped before its outcome was known";
  }
  started.detail.clear();
  const Plan& plan = parts_.plan;
  const std::string_view text = plan.text(plan.actions[step.action.value].text);
  const std::string because =
      fmt::format("`{}` was started{}{}", text, words_of(step.round), again);
  Status written =
      put(started, {entry(DecisionKind::action_started, step.action, state, now, because)}, record);
  if (!written) return written;
  Result<std::vector<LoggedDecision>> timeline = record.read();
  if (!timeline) return timeline.error();
  const bool reports = plan.actions[step.action.value].kind == ActionKind::report;
  Result<std::vector<SeriesPoint>> series =
      reports ? record.series() : std::vector<SeriesPoint>();
  if (!series) return series.error();
  const std::vector<uint64_t> other =
      reports && record.requests_other ? record.requests_other() : std::vector<uint64_t>();
  const ReportFacts facts{.plan = plan,
                          .release = parts_.release,
                          .timeline = *timeline,
                          .outcomes = outcomes_,
                          .series = *series,
                          .acknowledgement = acknowledged_,
                          .requests_other = other,
                          .now_ns = now.now_ns,
                          .layout = {}};
  ActionRequest request = request_of(step, started, state, now);
  request.report = &facts;
  running_step_ = step;
  running_ = start_action(request, parts_.actuators, now.steady_ns);
  return settle_running(state, now, record);
}

ActionRequest WayBack::request_of(WayBackStep step, const ActionRecord& record,
                                  const EngineState& state, HostTime now) const {
  const Plan& plan = parts_.plan;
  const Action& action = plan.actions[step.action.value];
  ActionRequest request;
  request.kind = action.kind;
  request.arguments = arguments_of(plan, action.arguments);
  request.attempt = record.attempts;
  request.now_ns = now.now_ns;
  ActionFacts& facts = request.facts;
  facts = facts_of(plan, &action);
  facts.incident = incident_of(plan, parts_.release, state.epoch);
  request.key = key_of(facts.incident, step);
  facts.epoch = state.epoch;
  facts.report_folder = parts_.report_folder;
  facts.time_ns = now.now_ns;
  if (state.stage.value < plan.stages.size()) {
    facts.stage = plan.text(plan.stages[state.stage.value].name);
  }
  if (beginning_) {
    const Decision& decision = beginning_->decision;
    facts.event = decision_kind_name(decision.kind);
    facts.time_ns = decision.time_ns;
    facts.summary = beginning_->because.empty() ? because_text(plan, decision)
                                                : beginning_->because;
  }
  if (step.round == ActionRound::again) facts.summary += what_failed();
  if (action.purpose == ActionPurpose::escalate) {
    facts.summary += fmt::format(". Nobody has acknowledged it since {}",
                                 rfc3339_text(facts.time_ns));
  }
  if (step.round == ActionRound::over) {
    facts.end_ns = acknowledged_ ? acknowledged_->time_ns : now.now_ns;
  }
  return request;
}

std::string WayBack::what_failed() const {
  std::string text;
  for (const ActionRecord& record : outcomes_) {
    if (record.status != ActionStatus::failed || record.round != ActionRound::first) continue;
    const Action& action = parts_.plan.actions[record.action.value];
    text += fmt::format(". Somebody has to do by hand: `{}` ({})", parts_.plan.text(action.text),
                        record.detail);
  }
  return text;
}

// An outcome that cannot be written is kept by the action and written at a later call.
Status WayBack::settle_running(const EngineState& state, HostTime now, const Record& record) {
  const ActionProgress progress = running_->poll(now.steady_ns);
  if (progress == ActionProgress::running) return ok();
  const ActionRecord* before = find_record(outcomes_, running_step_);
  REL_CHECK(before != nullptr);
  const Action& action = parts_.plan.actions[running_step_.action.value];
  ActionRecord outcome = *before;
  outcome.time_ns = now.now_ns;
  outcome.detail = without_secrets(parts_.actuators.rules, running_->detail());
  const auto due_ns = progress == ActionProgress::failed
                          ? next_try_ns(action, outcome, now.now_ns)
                          : std::nullopt;
  Status written = ok();
  if (progress == ActionProgress::done) {
    outcome.status = ActionStatus::done;
    const std::string because =
        fmt::format("`{}` is done: {}", parts_.plan.text(action.text), outcome.detail);
    written = put(outcome,
                  {entry(DecisionKind::action_done, outcome.action, state, now, because)}, record);
  } else if (due_ns) {
    outcome.status = ActionStatus::waiting;
    outcome.due_ns = *due_ns;
    written = put(outcome, {}, record);
  } else {
    written = give_up(outcome, state, now, record);
  }
  if (written) running_.reset();
  return written;
}

Status WayBack::give_up(ActionRecord outcome, const EngineState& state, HostTime now,
                        const Record& record) {
  outcome.status = ActionStatus::failed;
  const std::string_view text = parts_.plan.text(parts_.plan.actions[outcome.action.value].text);
  const std::string tries =
      outcome.attempts > 1 ? fmt::format(" after {} tries", outcome.attempts) : "";
  const std::string failed = fmt::format("`{}` failed{}: {}", text, tries, outcome.detail);
  const std::string alert = fmt::format("somebody has to do `{}` by hand", text);
  return put(outcome,
             {entry(DecisionKind::action_failed, outcome.action, state, now, failed),
              entry(DecisionKind::alerted, outcome.action, state, now, alert)},
             record);
}

Status WayBack::skip(WayBackStep step, const EngineState&, HostTime now, const Record& record) {
  ActionRecord skipped{.action = step.action, .round = step.round, .first_ns = now.now_ns};
  skipped.status = ActionStatus::skipped;
  skipped.time_ns = now.now_ns;
  skipped.detail = fmt::format("{} acknowledged in time", acknowledged_->who);
  return put(skipped, {}, record);
}

// The quarantine is in force since the rollback is on disk; here it is logged, once.
Status WayBack::finish(const EngineState& state, HostTime now, const Record& record) {
  if (parts_.plan.quarantine_candidate != 0 && state.phase == Phase::rolled_back) {
    Result<std::vector<LoggedDecision>> timeline = record.read();
    if (!timeline) return timeline.error();
    const bool logged = std::any_of(timeline->begin(), timeline->end(), [](const auto& one) {
      return one.entry.decision.kind == DecisionKind::quarantined;
    });
    const std::string because =
        fmt::format("candidate `{}` does not go out again until it is cleared",
                    candidate_identity(parts_.plan));
    if (!logged) {
      Status written = record.write(
          {entry(DecisionKind::quarantined, ActionId{}, state, now, because)}, {});
      if (!written) return written;
    }
  }
  finished_ = true;
  return ok();
}

// -- records

JournalEntry WayBack::entry(DecisionKind kind, ActionId action, const EngineState& state,
                            HostTime now, std::string because) const {
  JournalEntry made;
  made.decision.time_ns = now.now_ns;
  made.decision.epoch = state.epoch;
  made.decision.kind = kind;
  made.decision.reason = Reason::action_outcome;
  made.decision.share_millionths = route_of(parts_.plan, state).share_millionths;
  made.decision.stage = state.stage;
  made.decision.action = action;
  made.because = std::move(because);
  return made;
}

Status WayBack::put(const ActionRecord& record, const std::vector<JournalEntry>& entries,
                    const Record& to) {
  Status written = to.write(entries, {record});
  if (written) keep(record);
  return written;
}

void WayBack::keep(const ActionRecord& record) {
  const auto known = std::find_if(outcomes_.begin(), outcomes_.end(), [&](const auto& each) {
    return each.action == record.action && each.round == record.round;
  });
  if (known != outcomes_.end()) {
    *known = record;
  } else {
    outcomes_.push_back(record);
  }
}

}  // namespace rel
