#include "runtime/host/way_back.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/check.h"

namespace rel {

WayBack::WayBack(const Plan& plan, const ReleaseRecord& release, const CommandRules& commands,
                 std::string report_folder, std::vector<ActionRecord> outcomes)
    : plan_(plan),
      release_(release),
      commands_(commands),
      report_folder_(std::move(report_folder)),
      outcomes_(std::move(outcomes)) {}

Status WayBack::advance(const EngineState& state, HostTime now, const Record& record) {
  if (finished_) return ok();
  if (running_ != nullptr) return settle_running(state, now, record);
  return start_next(state, now, record);
}

// A withdrawal is nobody's failure: it reports, without page or quarantine.
Status WayBack::start_next(const EngineState& state, HostTime now, const Record& record) {
  for (uint32_t i = 0; i < plan_.actions.size(); i++) {
    const bool report = plan_.actions[i].kind == ActionKind::report;
    if (state.phase == Phase::withdrawn && !report) continue;
    const ActionRecord* before = outcome_of(ActionId{i});
    if (before != nullptr && before->status != ActionStatus::started) continue;
    return start(ActionId{i}, state, now, record);
  }
  return log_quarantine(state, now, record);
}

Status WayBack::start(ActionId id, const EngineState& state, HostTime now, const Record& record) {
  const ActionRecord* before = outcome_of(id);
  ActionRecord started{.action = id, .status = ActionStatus::started, .time_ns = now.now_ns};
  started.attempts = before == nullptr ? 1 : before->attempts + 1;
  const std::string again =
      started.attempts > 1 ? ", again: the host stopped before its outcome was known" : "";
  const std::string because =
      fmt::format("`{}` was started{}", plan_.text(plan_.actions[id.value].text), again);
  Status written =
      record.write({entry(DecisionKind::action_started, id, state, now, because)}, {started});
  if (!written) return written;
  keep(started);
  Result<std::vector<LoggedDecision>> timeline = record.read();
  if (!timeline) return timeline.error();
  running_id_ = id;
  running_ = start_action({.plan = plan_,
                           .id = id,
                           .release = release_,
                           .timeline = *timeline,
                           .outcomes = outcomes_,
                           .commands = commands_,
                           .report_folder = report_folder_,
                           .now_ns = now.now_ns},
                          now.steady_ns);
  return settle_running(state, now, record);
}

// An outcome that cannot be written is kept by the action and written at a later call.
Status WayBack::settle_running(const EngineState& state, HostTime now, const Record& record) {
  const ActionProgress progress = running_->poll(now.steady_ns);
  if (progress == ActionProgress::running) return ok();
  const bool done = progress == ActionProgress::done;
  const ActionRecord* before = outcome_of(running_id_);
  REL_CHECK(before != nullptr);
  const ActionRecord outcome{.action = running_id_,
                             .status = done ? ActionStatus::done : ActionStatus::failed,
                             .attempts = before->attempts,
                             .time_ns = now.now_ns,
                             .detail = running_->detail()};
  const DecisionKind kind = done ? DecisionKind::action_done : DecisionKind::action_failed;
  const std::string_view text = plan_.text(plan_.actions[running_id_.value].text);
  const std::string because =
      fmt::format("`{}` {}: {}", text, done ? "is done" : "failed", outcome.detail);
  Status written = record.write({entry(kind, running_id_, state, now, because)}, {outcome});
  if (!written) return written;
  keep(outcome);
  running_.reset();
  return ok();
}

Status WayBack::log_quarantine(const EngineState& state, HostTime now, const Record& record) {
  if (plan_.quarantine_candidate != 0 && state.phase == Phase::rolled_back) {
    Result<std::vector<LoggedDecision>> timeline = record.read();
    if (!timeline) return timeline.error();
    const bool logged = std::any_of(timeline->begin(), timeline->end(), [](const auto& one) {
      return one.entry.decision.kind == DecisionKind::quarantined;
    });
    const std::string because = fmt::format(
        "candidate `{}` does not go out again until it is cleared", candidate_identity(plan_));
    if (!logged) {
      Status written = record.write(
          {entry(DecisionKind::quarantined, ActionId{}, state, now, because)}, {});
      if (!written) return written;
    }
  }
  finished_ = true;
  return ok();
}

JournalEntry WayBack::entry(DecisionKind kind, ActionId action, const EngineState& state,
                            HostTime now, std::string because) const {
  JournalEntry made;
  made.decision.time_ns = now.now_ns;
  made.decision.epoch = state.epoch;
  made.decision.kind = kind;
  made.decision.reason = Reason::action_outcome;
  made.decision.share_millionths = route_of(plan_, state).share_millionths;
  made.decision.stage = state.stage;
  made.decision.action = action;
  made.because = std::move(because);
  return made;
}

ActionRecord* WayBack::outcome_of(ActionId action) {
  const auto found = std::find_if(outcomes_.begin(), outcomes_.end(),
                                  [action](const auto& r) { return r.action == action; });
  return found == outcomes_.end() ? nullptr : &*found;
}

void WayBack::keep(const ActionRecord& record) {
  if (ActionRecord* known = outcome_of(record.action)) {
    *known = record;
  } else {
    outcomes_.push_back(record);
  }
}

}  // namespace rel
