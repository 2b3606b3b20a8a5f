#include "runtime/host/way_back_plan.h"

#include <algorithm>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/base/time_text.h"
#include "runtime/plan/text.h"

namespace rel {
namespace {

bool tells_people(const Action& action) { return action.purpose == ActionPurpose::notify; }

bool is_final(const WayBackView& view, WayBackStep step) {
  const ActionRecord* record = find_record(view.records, step);
  return record != nullptr && record->is_final();
}

bool is_due(const WayBackView& view, WayBackStep step) {
  const ActionRecord* record = find_record(view.records, step);
  if (record == nullptr || record->status == ActionStatus::started) return true;
  if (record->status != ActionStatus::waiting) return false;
  // A clock that was set back since must not make the step wait for as long as it went back.
  return view.now_ns >= record->due_ns || view.now_ns < record->time_ns;
}

// The steps of one round, in order. `open`: a step of it has no outcome yet.
std::optional<WayBackStep> due_in(const WayBackView& view, ActionRound round,
                                  const std::vector<uint32_t>& actions, bool* open) {
  bool ordered_open = false;  // something before has no outcome that others have to wait for
  for (const uint32_t at : actions) {
    const WayBackStep step{ActionId{at}, round};
    if (is_final(view, step)) continue;
    const Action& action = view.plan.actions[at];
    const bool waits = action.purpose == ActionPurpose::report ? *open
                       : tells_people(action)                  ? false
                                                               : ordered_open;
    if (!waits && is_due(view, step)) return step;
    *open = true;
    if (!tells_people(action)) ordered_open = true;
  }
  return std::nullopt;
}

template <typename Wanted>
std::vector<uint32_t> actions_that(const WayBackView& view, Wanted wanted) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < view.plan.actions.size(); i++) {
    const Action& action = view.plan.actions[i];
    if (belongs_to(action, view.phase) && wanted(action, ActionId{i})) found.push_back(i);
  }
  return found;
}

std::vector<uint32_t> first_round(const WayBackView& view) {
  return actions_that(view, [](const Action& action, ActionId) {
    return action.purpose != ActionPurpose::escalate;
  });
}

// Steps that failed are told to the same people, and a report that was not the last step is
// written anew.
std::vector<uint32_t> second_round(const WayBackView& view) {
  const bool failed =
      std::any_of(view.records.begin(), view.records.end(), [&](const ActionRecord& record) {
        const Action& action = view.plan.actions[record.action.value];
        return record.round == ActionRound::first && record.status == ActionStatus::failed &&
               !tells_people(action) && action.purpose != ActionPurpose::escalate;
      });
  const std::vector<uint32_t> first = first_round(view);
  return actions_that(view, [&](const Action& action, ActionId id) {
    const bool last = !first.empty() && first.back() == id.value;
    if (action.purpose == ActionPurpose::report) return !last || failed;
    return failed && tells_people(action);
  });
}

// An escalation that is due, or the end of an alert that somebody has acknowledged.
std::optional<WayBackStep> due_afterwards(const WayBackView& view) {
  for (uint32_t i = 0; i < view.plan.actions.size(); i++) {
    const Action& action = view.plan.actions[i];
    if (!belongs_to(action, view.phase)) continue;
    const WayBackStep first{ActionId{i}, ActionRound::first};
    const bool escalates = action.purpose == ActionPurpose::escalate;
    const bool late = view.now_ns >= view.began_ns + action.after_ns;
    const ActionRecord* record = find_record(view.records, first);
    const bool begun = record != nullptr;
    if (escalates && !is_final(view, first) && (begun || (late && !view.acknowledged)) &&
        is_due(view, first)) {
      return first;
    }
    const WayBackStep over{ActionId{i}, ActionRound::over};
    const bool stands = begun && record->status == ActionStatus::done &&
                        (action.kind == ActionKind::pagerduty ||
                         action.kind == ActionKind::alertmanager);
    if (view.acknowledged && stands && !is_final(view, over) && is_due(view, over)) return over;
  }
  return std::nullopt;
}

}  // namespace

const ActionRecord* find_record(std::span<const ActionRecord> records, WayBackStep step) {
  const auto found = std::find_if(records.begin(), records.end(), [step](const auto& record) {
    return record.action == step.action && record.round == step.round;
  });
  return found == records.end() ? nullptr : &*found;
}

bool belongs_to(const Action& action, Phase phase) {
  if (is_of_hook(action.purpose)) return false;
  const bool tells =
      tells_people(action) || action.purpose == ActionPurpose::escalate;
  return phase == Phase::rolled_back || !tells;
}

std::optional<WayBackStep> step_due(const WayBackView& view) {
  bool open = false;
  if (auto step = due_in(view, ActionRound::first, first_round(view), &open)) return step;
  if (!open) {
    if (auto step = due_in(view, ActionRound::again, second_round(view), &open)) return step;
  }
  return due_afterwards(view);
}

bool all_settled(const WayBackView& view) {
  const auto settled = [&](ActionRound round, const std::vector<uint32_t>& actions) {
    return std::all_of(actions.begin(), actions.end(), [&](uint32_t at) {
      return is_final(view, {ActionId{at}, round});
    });
  };
  return settled(ActionRound::first, first_round(view)) &&
         settled(ActionRound::again, second_round(view));
}

std::optional<WayBackStep> step_to_skip(const WayBackView& view) {
  if (!view.acknowledged) return std::nullopt;
  for (uint32_t i = 0; i < view.plan.actions.size(); i++) {
    const WayBackStep step{ActionId{i}, ActionRound::first};
    const Action& action = view.plan.actions[i];
    const bool unneeded = action.purpose == ActionPurpose::escalate &&
                          belongs_to(action, view.phase) &&
                          find_record(view.records, step) == nullptr;
    if (unneeded) return step;
  }
  return std::nullopt;
}

std::optional<int64_t> next_try_ns(const Action& action, const ActionRecord& record,
                                   int64_t now_ns) {
  const bool used_up =
      action.retries_max != Action::no_limit && record.attempts > action.retries_max;
  if (used_up) return std::nullopt;
  int64_t wait_ns = limits::retry_first_ns;
  for (uint32_t i = 1; i < record.attempts && wait_ns < limits::retry_longest_ns; i++) wait_ns *= 2;
  const int64_t due_ns = now_ns + std::min(wait_ns, limits::retry_longest_ns);
  if (due_ns > record.first_ns + action.within_ns) return std::nullopt;
  return due_ns;
}

std::string compact_time_text(int64_t time_ns) {
  std::string text;
  for (const char c : rfc3339_text(time_ns).substr(0, 19)) {
    if (c != '-' && c != ':') text += c;
  }
  return text + "Z";
}

std::string incident_of(const Plan& plan, const ReleaseRecord& release, uint64_t epoch) {
  return fmt::format("{}/{}/{}", plan.release, compact_time_text(release.begun_ns), epoch);
}

std::string key_of(const std::string& incident, WayBackStep step) {
  constexpr std::string_view rounds[] = {"", "/again", "/over"};
  return fmt::format("{}/{}{}", incident, step.action.value + 1,
                     rounds[static_cast<size_t>(step.round)]);
}

std::vector<std::string> arguments_of(const Plan& plan, Rows<StringId> rows) {
  std::vector<std::string> list;
  for (uint32_t i = 0; i < rows.count; i++) {
    list.emplace_back(plan.text(plan.arguments[rows.at(i).value]));
  }
  return list;
}

ActionFacts facts_of(const Plan& plan, const Action* action) {
  ActionFacts facts;
  facts.release = plan.release;
  facts.model = plan.model;
  facts.owner = plan.owner;
  facts.candidate = candidate_identity(plan);
  facts.baseline = plan.text(plan.baseline.text);
  if (action != nullptr && !action->subject.is_none()) {
    facts.subject_kind = subject_kind_name(action->subject_kind);
    facts.subject = plan.text(action->subject);
    facts.version = plan.text(action->version);
  }
  return facts;
}

}  // namespace rel
