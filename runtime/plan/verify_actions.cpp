#include "runtime/plan/verify_actions.h"

#include <fmt/format.h>

namespace rel {
namespace {

Error broken_row(std::string_view table, size_t row, std::string_view what) {
  return {fmt::format("the plan is not valid: {} {} {}", table, row, what)};
}

bool names_text(const Plan& plan, StringId id) {
  return id.value < plan.strings.size() && !plan.strings[id.value].empty();
}

bool fits(Rows<StringId> rows, const std::vector<StringId>& table) {
  return rows.first <= table.size() && rows.count <= table.size() - rows.first;
}

bool is_time(int64_t ns) { return ns >= 0 && ns <= limits::duration_ns_max; }

struct Range {
  uint32_t least;
  uint32_t most;
};

Range arguments_of(ActionKind kind) {
  constexpr uint32_t many = limits::action_arguments_max;
  switch (kind) {
    case ActionKind::command: return {1, many};
    case ActionKind::webhook:
    case ActionKind::haproxy:
    case ActionKind::slack:
    case ActionKind::pagerduty:
    case ActionKind::alertmanager: return {1, 1};
    case ActionKind::mlflow_alias: return {0, 0};
    case ActionKind::report: return {1, 2};
  }
  return {1, 0};
}

// Empty: nothing is wrong with it.
std::string_view wrong_arguments(const Plan& plan, const Action& action, uint32_t next) {
  if (action.arguments.first != next || !fits(action.arguments, plan.arguments) ||
      action.probe.first != action.arguments.end() || !fits(action.probe, plan.arguments)) {
    return "does not own its arguments";
  }
  const Range range = arguments_of(action.kind);
  if (action.arguments.count < range.least || action.arguments.count > range.most ||
      action.probe.count > limits::action_arguments_max) {
    return "has not the arguments of its kind";
  }
  for (uint32_t at = action.arguments.first; at < action.probe.end(); ++at) {
    if (plan.arguments[at].value >= plan.strings.size()) return "has an unknown argument";
  }
  const auto begins_empty = [&](Rows<StringId> rows) {
    return rows.count > 0 && !names_text(plan, plan.arguments[rows.first]);
  };
  if (begins_empty(action.arguments) || begins_empty(action.probe)) {
    return "has an empty argument";
  }
  return {};
}

std::string_view wrong_action(const Plan& plan, const Action& action) {
  if (action.kind > ActionKind::report) return "has no known kind";
  if (action.purpose > ActionPurpose::tell) return "has no known purpose";
  if (action.subject_kind > SubjectKind::alias) return "has no known subject";
  const bool reverts = action.purpose == ActionPurpose::revert;
  const bool subject = names_text(plan, action.subject) && names_text(plan, action.version) &&
                       action.subject_kind != SubjectKind::none;
  const bool bare = action.subject.is_none() && action.version.is_none() &&
                    action.subject_kind == SubjectKind::none;
  if (!(reverts ? subject : bare)) return "reverts nothing, or has a subject and does not revert";
  if (action.kind == ActionKind::mlflow_alias && action.subject_kind != SubjectKind::alias) {
    return "has no alias";
  }
  if ((action.kind == ActionKind::report) != (action.purpose == ActionPurpose::report)) {
    return "is a report to no purpose";
  }
  if (!is_time(action.within_ns) || action.within_ns == 0 || !is_time(action.after_ns)) {
    return "is out of range";
  }
  if (!names_text(plan, action.text) ||
      (!action.span.file.is_none() && action.span.file.value >= plan.strings.size())) {
    return "has no text or place";
  }
  return {};
}

Status verify_needs(const Plan& plan) {
  for (size_t row = 0; row < plan.needs.size(); ++row) {
    const Need& need = plan.needs[row];
    const bool kind = need.kind == SubjectKind::feature || need.kind == SubjectKind::preprocessing;
    if (!kind || !names_text(plan, need.name) || !names_text(plan, need.version) ||
        (!need.beside.is_none() && !names_text(plan, need.beside))) {
      return broken_row("need", row, "has no kind, name or version");
    }
  }
  return ok();
}

}  // namespace

Status verify_actions(const Plan& plan) {
  uint32_t next = 0;
  for (size_t row = 0; row < plan.actions.size(); ++row) {
    const Action& action = plan.actions[row];
    std::string_view wrong = wrong_action(plan, action);
    if (wrong.empty()) wrong = wrong_arguments(plan, action, next);
    if (!wrong.empty()) return broken_row("action", row, wrong);
    next = action.probe.end();
  }
  if (next != plan.arguments.size()) {
    return Error{"the plan is not valid: an argument has no action"};
  }
  return verify_needs(plan);
}

}  // namespace rel
