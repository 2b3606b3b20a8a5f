#include "runtime/host/way_back.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "runtime/actuators/report_text.h"
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
    : parts_(parts), steps_(std::move(parts), std::move(outcomes)) {}

WayBackView WayBack::view(const EngineState& state, HostTime now) const {
  return {.plan = parts_.plan,
          .records = steps_.outcomes(),
          .phase = state.phase,
          .began_ns = beginning_ ? began_ns_ : now.now_ns,
          .now_ns = now.now_ns,
          .acknowledged = acknowledged_.has_value()};
}

Status WayBack::advance(const EngineState& state, HostTime now, const Record& record) {
  if (steps_.is_running()) return settle_running(state, now, record);
  if (Status s = learn_beginning(record); !s) return s;
  // Counted anew from a clock that was set back: late, but not by as much as it went back.
  began_ns_ = std::min(began_ns_, now.now_ns);
  const WayBackView seen = view(state, now);
  if (const auto step = step_due(seen)) return start(*step, state, now, record);
  if (const auto step = step_to_skip(seen)) {
    return steps_.skip(*step, fmt::format("{} acknowledged in time", acknowledged_->who), now,
                       record.write);
  }
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
  const Plan& plan = parts_.plan;
  Status written = steps_.begin(step, words_of(step.round), state, now, record.write);
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
                          .outcomes = steps_.outcomes(),
                          .series = *series,
                          .acknowledgement = acknowledged_,
                          .requests_other = other,
                          .now_ns = now.now_ns,
                          .layout = {}};
  ActionRequest request = request_of(step, state, now);
  request.report = &facts;
  steps_.run(step, request, now);
  return settle_running(state, now, record);
}

ActionRequest WayBack::request_of(WayBackStep step, const EngineState& state,
                                  HostTime now) const {
  const Plan& plan = parts_.plan;
  const Action& action = plan.actions[step.action.value];
  ActionRequest request = steps_.request_of(step, state, now);
  ActionFacts& facts = request.facts;
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
  for (const ActionRecord& record : steps_.outcomes()) {
    if (record.status != ActionStatus::failed || record.round != ActionRound::first) continue;
    const Action& action = parts_.plan.actions[record.action.value];
    text += fmt::format(". Somebody has to do by hand: `{}` ({})", parts_.plan.text(action.text),
                        record.detail);
  }
  return text;
}

// An outcome that cannot be written is kept by the action and written at a later call.
Status WayBack::settle_running(const EngineState& state, HostTime now, const Record& record) {
  const std::optional<ActionSteps::Ended> ended = steps_.poll(now);
  if (!ended) return ok();
  const ActionRecord& outcome = ended->record;
  if (ended->progress == ActionProgress::done) {
    return steps_.succeed(outcome, state, now, record.write);
  }
  const Action& action = parts_.plan.actions[outcome.action.value];
  if (ended->progress == ActionProgress::failed) {
    const auto due_ns = next_try_ns(action, outcome, now.now_ns);
    if (due_ns) return steps_.try_again(outcome, *due_ns, {}, record.write);
  }
  const std::string alert =
      fmt::format("somebody has to do `{}` by hand", parts_.plan.text(action.text));
  return steps_.give_up(outcome, steps_.failure(outcome, state, now, alert), record.write);
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
          {steps_.entry(DecisionKind::quarantined, ActionId{}, state, now, because)}, {});
      if (!written) return written;
    }
  }
  finished_ = true;
  return ok();
}

}  // namespace rel
