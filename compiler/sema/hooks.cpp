#include "compiler/sema/hooks.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "compiler/sema/way_back.h"

namespace rel::sema {
namespace {

struct MeansRow {
  std::string_view word;
  ActionKind kind;
};
constexpr MeansRow hook_means[] = {{"command", ActionKind::command},
                                   {"webhook", ActionKind::webhook}};
// A channel is one of Slack, where channels are.
constexpr MeansRow telling_means[] = {{"channel", ActionKind::slack},
                                      {"slack", ActionKind::slack},
                                      {"webhook", ActionKind::webhook}};

// No value: reported.
std::optional<ActionKind> kind_of(const Context& context, std::span<const MeansRow> rows,
                                  const ast::Name& word) {
  std::vector<std::string_view> known;
  for (const MeansRow& row : rows) {
    if (row.word == word.text) return row.kind;
    known.push_back(row.word);
  }
  report_unknown(context.diagnostics, Code::unknown_word, "channel or means", word, known);
  return std::nullopt;
}

void check_arguments(const Context& context, const ast::Means& means, TypedAction& action) {
  for (const ast::String& argument : means.arguments) action.arguments.push_back(argument.value);
  if (action.kind == ActionKind::command) return check_command(context, means);
  if (means.arguments.empty() || means.arguments[0].value.empty()) {
    context.diagnostics
        .report(Code::bad_action, means.span,
                fmt::format("`{}` does not say where to", means.kind.text))
        .with_help(fmt::format("write `{} \"...\"`", means.kind.text));
    return;
  }
  if (action.kind == ActionKind::webhook) check_url(context, means.arguments[0], "a webhook");
}

void check_effort(const Context& context, const ast::Hook& hook, TypedAction& action) {
  action.within = Time{within_default_ns, hook.span};
  if (hook.within) {
    if (const auto time = read_time(context, *hook.within, "the time of all tries")) {
      action.within = *time;
    }
  }
  if (hook.retries) {
    if (const auto count = read_count(context, *hook.retries, "the number of retries")) {
      action.retries_max = *count;
    }
  }
  if (hook.probe) {
    context.diagnostics.report(Code::misplaced_clause, hook.probe->span,
                               "only a revert is probed by a command of its own");
  }
}

HookFailure failure_of(ast::HookFailureVerb verb) {
  switch (verb) {
    case ast::HookFailureVerb::hold: return HookFailure::hold;
    case ast::HookFailureVerb::go_on: return HookFailure::go_on;
    case ast::HookFailureVerb::withdraw: return HookFailure::withdraw;
    case ast::HookFailureVerb::rollback: return HookFailure::rollback;
  }
  return HookFailure::hold;
}

// No value: reported.
std::optional<TypedGate> check_hook(const Context& context, const ast::Hook& hook,
                                    std::span<const MeansRow> means, ActionPurpose purpose) {
  const std::optional<ActionKind> kind = kind_of(context, means, hook.means.kind);
  if (!kind) return std::nullopt;
  TypedHook made;
  made.action.kind = *kind;
  made.action.purpose = purpose;
  made.action.span = hook.span;
  made.otherwise = failure_of(hook.otherwise);
  if (hook.reason) {
    made.reason = hook.reason->value;
    if (made.reason.empty()) {
      context.diagnostics.report(Code::bad_action, hook.reason->span,
                                 "the withdrawal has no reason");
    }
  }
  check_arguments(context, hook.means, made.action);
  check_effort(context, hook, made.action);
  TypedGate gate;
  gate.kind = purpose == ActionPurpose::tell ? GateKind::told : GateKind::hook;
  gate.arguments.push_back("hook");
  gate.span = hook.span;
  gate.hook = std::move(made);
  return gate;
}

}  // namespace

void check_hooks(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  for (const ast::Hook& hook : stage.hooks) {
    auto gate = check_hook(context, hook, hook_means, ActionPurpose::hook);
    if (!gate) continue;
    gate->name = fmt::format("{} {}", hook.after ? "after" : "before", stage.name.text);
    gate->hook->at = hook.after ? GateAt::left : GateAt::entering;
    typed.hooks.push_back(std::move(*gate));
  }
}

std::optional<TypedGate> check_delivered(const Context& context, const ast::Delivered& delivered) {
  auto gate = check_hook(context, delivered.hook, telling_means, ActionPurpose::tell);
  if (gate) gate->hook->at = GateAt::every_raise;
  return gate;
}

}  // namespace rel::sema
