// What a release does while it does not know: for each cause, at the release, in a stage, or at one
// trigger; the inner rule wins. A cause that nobody speaks of is an error.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/sema/context.h"

namespace rel::sema {

namespace {

constexpr std::array<std::string_view, 3> causes = {"insufficient", "no_data", "source_error"};

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
  constexpr std::string_view no_data = "no_data: hold up to 15m then alert";
  return cause == 2 ? source_error : cause == 1 ? no_data : "insufficient: hold";
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

// The clauses of one block. False: not all of it could be read, so what is missing is not reported.
bool read_clauses(const Context& context, const ast::Unknown& unknown, TypedUnknowns& rules) {
  std::array<const ast::UnknownClause*, 3> seen = {};
  bool complete = !unknown.incomplete;
  for (const ast::UnknownClause& clause : unknown.clauses) {
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
    rules[index] = check_clause(context, clause);
  }
  return complete;
}

bool can_be_unknown(const TypedTrigger& trigger) {
  return trigger.action == TriggerAction::rollback || trigger.action == TriggerAction::hold;
}

// Whether a trigger that acts in a stage finds a rule without the release's.
bool is_said_inside(const TypedRelease& release, size_t cause) {
  const auto said = [&](const TypedStage* stage, const TypedTrigger& trigger) {
    return trigger.unknown[cause] || (stage != nullptr && stage->unknown[cause]);
  };
  bool any = false;
  for (const TypedStage& stage : release.stages) {
    for (const std::vector<TypedTrigger>* triggers : {&release.triggers, &stage.triggers}) {
      for (const TypedTrigger& trigger : *triggers) {
        if (!can_be_unknown(trigger)) continue;
        if (!said(&stage, trigger)) return false;
        any = true;
      }
    }
  }
  return any;
}

void report_missing_block(const Context& context, const ast::Release& release) {
  std::string block = "unknown { ";
  for (size_t cause = causes.size(); cause > 0; --cause) {
    block += fmt::format("{}{}", default_clause(cause - 1), cause > 1 ? "; " : " }");
  }
  Diagnostic& diagnostic =
      context.diagnostics
          .report(Code::unknown_missing, release.name.span,
                  fmt::format("the release `{}` does not say what it does when it does not know",
                              release.name.text))
          .with_note("a source that fails, no data and too little data are never taken for "
                     "`false`");
  const std::string_view text = context.sources.text(release.span);
  const size_t brace = text.find('{');
  const std::string help = fmt::format("add `{}`", block);
  if (brace == std::string_view::npos) {
    diagnostic.with_help(help);
    return;
  }
  const Span inside{release.span.file, release.span.offset + static_cast<uint32_t>(brace) + 1, 0};
  diagnostic.with_fix(inside, "\n  " + block, help, false);
}

}  // namespace

void check_stage_unknown(const Context& context, const ast::Unknown& unknown, TypedStage& typed) {
  read_clauses(context, unknown, typed.unknown);
}

void check_trigger_unknown(const Context& context, const ast::Trigger& trigger,
                           TypedTrigger& typed) {
  read_clauses(context, *trigger.when.unknown, typed.unknown);
  if (can_be_unknown(typed)) return;
  context.diagnostics
      .report(Code::misplaced_clause, trigger.when.unknown->span,
              "`unknown` belongs to a rollback or hold trigger")
      .with_help(typed.action == TriggerAction::alert
                     ? "an alert is given for what is true"
                     : "an unknown gate is not passed, whatever is said");
}

void check_unknown(const Context& context, const ast::Release& release, TypedRelease& typed) {
  const bool complete =
      release.unknown ? read_clauses(context, *release.unknown, typed.unknown) : true;
  if (release.incomplete || !complete) return;
  std::vector<size_t> missing;
  for (size_t index = 0; index < causes.size(); ++index) {
    const bool said = typed.unknown[index] || is_said_inside(typed, index);
    if (!said) missing.push_back(index);
  }
  if (missing.empty()) return;
  if (!release.unknown) return report_missing_block(context, release);
  for (const size_t index : missing) {
    Diagnostic& diagnostic = context.diagnostics.report(
        Code::unknown_missing, release.unknown->span,
        fmt::format("this release does not say what it does on `{}`", causes[index]));
    const Span end{release.unknown->span.file, release.unknown->span.end() - 1, 0};
    diagnostic.with_fix(end, fmt::format("; {} ", default_clause(index)),
                        fmt::format("add `{}`", default_clause(index)), false);
  }
}

}  // namespace rel::sema
