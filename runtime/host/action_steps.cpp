#include "runtime/host/action_steps.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/check.h"
#include "runtime/stage/decision_text.h"

namespace rel {

ActionSteps::ActionSteps(WayBackParts parts, std::vector<ActionRecord> outcomes)
    : parts_(std::move(parts)), outcomes_(std::move(outcomes)) {}

// -- one try

Status ActionSteps::begin(WayBackStep step, std::string_view words, const EngineState& state,
                          HostTime now, const WriteSteps& write) {
  const ActionRecord* before = find(step);
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
  const std::string_view text = parts_.plan.text(parts_.plan.actions[step.action.value].text);
  const std::string because = fmt::format("`{}` was started{}{}", text, words, again);
  return put(started, {entry(DecisionKind::action_started, step.action, state, now, because)},
             write);
}

ActionRequest ActionSteps::request_of(WayBackStep step, const EngineState& state,
                                      HostTime now) const {
  const Plan& plan = parts_.plan;
  const Action& action = plan.actions[step.action.value];
  const ActionRecord* record = find(step);
  ActionRequest request;
  request.kind = action.kind;
  request.arguments = arguments_of(plan, action.arguments);
  request.attempt = record == nullptr ? 1 : record->attempts;
  request.now_ns = now.now_ns;
  ActionFacts& facts = request.facts;
  facts = facts_of(plan, &action);
  facts.incident = incident_of(plan, parts_.release, state.epoch);
  request.key = key_of(facts.incident, step);
  facts.epoch = state.epoch;
  facts.report_folder = parts_.report_folder;
  facts.time_ns = now.now_ns;
  return request;
}

void ActionSteps::run(WayBackStep step, const ActionRequest& request, HostTime now) {
  running_step_ = step;
  running_ = start_action(request, parts_.actuators, now.steady_ns);
}

// -- its end

std::optional<ActionSteps::Ended> ActionSteps::poll(HostTime now) const {
  if (running_ == nullptr) return std::nullopt;
  const ActionProgress progress = running_->poll(now.steady_ns);
  if (progress == ActionProgress::running) return std::nullopt;
  Ended ended = stop(running_->detail(), now);
  ended.progress = progress;
  return ended;
}

ActionSteps::Ended ActionSteps::stop(std::string why, HostTime now) const {
  const ActionRecord* before = find(running_step_);
  REL_CHECK(before != nullptr);
  Ended ended{*before};
  ended.record.time_ns = now.now_ns;
  ended.record.detail = without_secrets(parts_.actuators.rules, std::move(why));
  return ended;
}

Status ActionSteps::succeed(ActionRecord record, const EngineState& state, HostTime now,
                            const WriteSteps& write) {
  record.status = ActionStatus::done;
  const Action& action = parts_.plan.actions[record.action.value];
  const std::string because =
      fmt::format("`{}` is done: {}", parts_.plan.text(action.text), record.detail);
  return put(record, {entry(DecisionKind::action_done, record.action, state, now, because)},
             write);
}

Status ActionSteps::try_again(ActionRecord record, int64_t due_ns,
                              const std::vector<JournalEntry>& entries, const WriteSteps& write) {
  record.status = ActionStatus::waiting;
  record.due_ns = due_ns;
  return put(record, entries, write);
}

Status ActionSteps::give_up(ActionRecord record, const std::vector<JournalEntry>& entries,
                            const WriteSteps& write) {
  record.status = ActionStatus::failed;
  return put(record, entries, write);
}

Status ActionSteps::skip(WayBackStep step, std::string why, HostTime now,
                         const WriteSteps& write) {
  const ActionRecord* before = find(step);
  ActionRecord skipped = before != nullptr ? *before : ActionRecord{.first_ns = now.now_ns};
  skipped.action = step.action;
  skipped.round = step.round;
  skipped.status = ActionStatus::skipped;
  skipped.time_ns = now.now_ns;
  skipped.detail = std::move(why);
  return put(skipped, {}, write);
}

// -- records

JournalEntry ActionSteps::entry(DecisionKind kind, ActionId action, const EngineState& state,
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

std::vector<JournalEntry> ActionSteps::failure(const ActionRecord& record,
                                               const EngineState& state, HostTime now,
                                               std::string alert) const {
  const std::string_view text = parts_.plan.text(parts_.plan.actions[record.action.value].text);
  const std::string tries =
      record.attempts > 1 ? fmt::format(" after {} tries", record.attempts) : "";
  const std::string failed = fmt::format("`{}` failed{}: {}", text, tries, record.detail);
  return {entry(DecisionKind::action_failed, record.action, state, now, failed),
          entry(DecisionKind::alerted, record.action, state, now, std::move(alert))};
}

// A record that could not be written changes nothing: the caller comes again.
Status ActionSteps::put(const ActionRecord& record, const std::vector<JournalEntry>& entries,
                        const WriteSteps& write) {
  if (Status written = write(entries, {record}); !written) return written;
  if (record.status != ActionStatus::started) running_.reset();
  const auto known = std::find_if(outcomes_.begin(), outcomes_.end(), [&](const auto& each) {
    return each.action == record.action && each.round == record.round;
  });
  if (known != outcomes_.end()) {
    *known = record;
  } else {
    outcomes_.push_back(record);
  }
  return ok();
}

}  // namespace rel
