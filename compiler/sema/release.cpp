// One release: what it does when it does not know, its triggers, its way back.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/sema/conditions.h"
#include "compiler/sema/context.h"

namespace rel::sema {

namespace {

constexpr std::array<std::string_view, 3> causes = {"insufficient", "no_data", "source_error"};
constexpr int64_t pane_default_ns = 1'000'000'000;

UnknownAction action_of(ast::UnknownVerb verb) {
  switch (verb) {
    case ast::UnknownVerb::hold: return UnknownAction::hold;
    case ast::UnknownVerb::alert: return UnknownAction::alert;
    case ast::UnknownVerb::rollback: return UnknownAction::rollback;
  }
  return UnknownAction::hold;
}

std::string_view default_clause(size_t cause) {
  constexpr std::string_view source_error = "source_error: hold up to 15m then alert";
  return cause == 2 ? source_error : cause == 1 ? "no_data: hold" : "insufficient: hold";
}

// Every stage begins without data: rolling back on that at once would end each release there.
void check_haste(const Context& context, const ast::UnknownClause& clause) {
  const bool begins_so = clause.cause.text != "source_error";
  if (!begins_so || clause.verb != ast::UnknownVerb::rollback) return;
  const std::string patient = clause.cause.text + ": hold up to 5m then rollback";
  context.diagnostics
      .report(Code::hasty_rollback, clause.span,
              fmt::format("`{}: rollback` rolls back as soon as a stage begins", clause.cause.text))
      .with_note("every stage begins without data")
      .with_fix(clause.span, patient, fmt::format("give it time: `{}`", patient), false);
}

TypedUnknown check_clause(const Context& context, const ast::UnknownClause& clause) {
  TypedUnknown typed;
  typed.action = action_of(clause.verb);
  typed.then = typed.action;
  typed.span = clause.span;
  check_haste(context, clause);
  if (!clause.up_to) return typed;
  if (clause.verb != ast::UnknownVerb::hold) {
    context.diagnostics.report(Code::misplaced_clause, clause.up_to->span, "only a hold has an end")
        .with_help(fmt::format("write `{}: hold up to 5m then alert`", clause.cause.text));
  }
  if (const auto time = read_time(context, *clause.up_to, "the time after `up to`")) {
    typed.up_to = *time;
  }
  if (clause.then) typed.then = action_of(*clause.then);
  return typed;
}

void check_unknown(const Context& context, const ast::Release& release, TypedRelease& typed) {
  if (!release.unknown) {
    if (release.incomplete) return;
    std::string block = "unknown { ";
    for (size_t cause = causes.size(); cause > 0; --cause) {
      block += fmt::format("{}{}", default_clause(cause - 1), cause > 1 ? "; " : " }");
    }
    context.diagnostics
        .report(Code::unknown_missing, release.name.span,
                fmt::format("the release `{}` does not say what it does when it does not know",
                            release.name.text))
        .with_note("a source that fails, no data and too little data are never taken for `false`")
        .with_help(fmt::format("add `{}`", block));
    return;
  }
  std::array<const ast::UnknownClause*, 3> seen = {};
  bool complete = !release.unknown->incomplete;
  for (const ast::UnknownClause& clause : release.unknown->clauses) {
    const auto cause = std::find(causes.begin(), causes.end(), clause.cause.text);
    if (cause == causes.end()) {
      report_unknown(context.diagnostics, Code::unknown_word, "cause", clause.cause, causes);
      complete = false;  // it was meant to be one of those that are missing
      continue;
    }
    const auto index = static_cast<size_t>(cause - causes.begin());
    if (seen[index] != nullptr) {
      context.diagnostics
          .report(Code::duplicate_name, clause.cause.span,
                  fmt::format("`{}` is said twice", clause.cause.text))
          .label(seen[index]->span, "first said here");
      continue;
    }
    seen[index] = &clause;
    typed.unknown[index] = check_clause(context, clause);
  }
  for (size_t index = 0; index < causes.size(); ++index) {
    if (seen[index] != nullptr || !complete) continue;
    Diagnostic& diagnostic = context.diagnostics.report(
        Code::unknown_missing, release.unknown->span,
        fmt::format("this release does not say what it does on `{}`", causes[index]));
    const Span end{release.unknown->span.file, release.unknown->span.end() - 1, 0};
    diagnostic.with_fix(end, fmt::format("; {} ", default_clause(index)),
                        fmt::format("add `{}`", default_clause(index)), false);
  }
}

TypedAction check_action(const Context& context, const ast::RollbackAction& action) {
  TypedAction typed;
  typed.span = action.span;
  if (const auto* command = std::get_if<ast::CommandNotification>(&action.what)) {
    typed.kind = ActionKind::notify_command;
    for (const ast::String& argument : command->arguments) {
      typed.arguments.push_back(argument.value);
    }
    const bool absolute = !typed.arguments.empty() && typed.arguments[0].starts_with('/');
    if (!absolute) {
      context.diagnostics
          .report(Code::bad_action, action.span, "a command is named by its absolute path")
          .with_help("no shell and no search path is used: `[\"/usr/bin/logger\", \"...\"]`");
    }
    return typed;
  }
  const ast::String& path = std::get<ast::ReportAction>(action.what).path;
  typed.kind = ActionKind::report;
  typed.arguments.push_back(path.value);
  if (path.value.empty()) {
    context.diagnostics.report(Code::bad_action, action.span, "the report has no path")
        .with_help("write the file it goes to: `report \"postmortem.md\"`");
  }
  return typed;
}

void check_rollback(const Context& context, const ast::RollbackBlock& block, TypedRelease& typed) {
  if (block.route_baseline) {
    const auto share = read_share(context, *block.route_baseline, "the share of the baseline");
    if (share && share->millionths != 1'000'000) {
      context.diagnostics
          .report(Code::partial_route, block.route_baseline->span,
                  "a rollback gives the baseline all traffic")
          .with_fix(block.route_baseline->span, "100%", "write `route baseline 100%`", false);
    }
  }
  for (const ast::RollbackAction& action : block.actions) {
    typed.actions.push_back(check_action(context, action));
  }
  typed.quarantine_candidate = block.quarantine_candidate.has_value();
  if (!block.cooldown) return;
  if (const auto time = read_time(context, *block.cooldown, "a cooldown")) typed.cooldown = *time;
}

TriggerAction action_of(ast::TriggerVerb verb) {
  switch (verb) {
    case ast::TriggerVerb::rollback: return TriggerAction::rollback;
    case ast::TriggerVerb::hold: return TriggerAction::hold;
    case ast::TriggerVerb::promote: return TriggerAction::promote;
    case ast::TriggerVerb::alert: return TriggerAction::alert;
    case ast::TriggerVerb::step: return TriggerAction::step;
  }
  return TriggerAction::hold;
}

uint32_t check_model_name(const Context& context, const ast::Release& release) {
  const std::optional<uint32_t> model = find_model(context.policy, release.model.text);
  if (!model && !context.scope.may_exist(release.model.text)) {
    report_unknown(context.diagnostics, Code::unknown_name, "model", release.model,
                   names_of(context.scope.models));
  }
  return model.value_or(0);
}

}  // namespace

std::optional<TypedTrigger> check_trigger(const Context& context, Conditions& conditions,
                                          const ast::Trigger& trigger) {
  TypedTrigger typed;
  typed.action = action_of(trigger.verb);
  typed.span = trigger.span;
  typed.even_if_baseline = trigger.when.even_if_baseline.has_value();
  if (typed.even_if_baseline && typed.action != TriggerAction::rollback) {
    context.diagnostics
        .report(Code::misplaced_clause, *trigger.when.even_if_baseline,
                "`even if baseline` belongs to a rollback trigger")
        .with_note("only a rollback is withheld while the baseline fails as well");
  }
  if (trigger.when.after) {
    if (const auto time = read_time(context, *trigger.when.after, "the time after `after`")) {
      typed.after = *time;
    }
  }
  const ast::File& file = *context.root;
  const std::optional<CheckedCondition> condition = conditions.check(file, trigger.when);
  if (!condition) return std::nullopt;
  typed.when = condition->root;
  typed.guard = condition->guard;
  return typed;
}

void check_release(const Context& context, Conditions& conditions, const ast::Release& release) {
  TypedRelease typed;
  typed.name = release.name.text;
  typed.name_span = release.name.span;
  typed.span = release.span;
  typed.model = check_model_name(context, release);
  if (release.owner) typed.owner = release.owner->value;
  typed.pane = Time{pane_default_ns, release.name.span};
  if (release.pane) {
    if (const auto pane = read_time(context, *release.pane, "a pane")) typed.pane = *pane;
  }
  check_unknown(context, release, typed);
  for (const ast::Trigger& trigger : release.triggers) {
    const bool raises = trigger.verb == ast::TriggerVerb::promote ||
                        trigger.verb == ast::TriggerVerb::step;
    if (raises) {
      context.diagnostics
          .report(Code::misplaced_clause, trigger.span,
                  trigger.verb == ast::TriggerVerb::promote
                      ? "`promote when` belongs to a stage"
                      : "`step when` belongs to a stage of steps")
          .with_help("write it inside the stage it ends");
    }
    if (auto checked = check_trigger(context, conditions, trigger); checked && !raises) {
      typed.triggers.push_back(std::move(*checked));
    }
  }
  check_stages(context, conditions, release, typed);
  if (release.rollback) check_rollback(context, *release.rollback, typed);
  context.policy.releases.push_back(std::move(typed));
}

}  // namespace rel::sema
