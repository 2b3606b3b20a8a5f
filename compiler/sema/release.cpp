// One release: what it does when it does not know, its triggers, its way back.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/sema/conditions.h"
#include "compiler/sema/context.h"
#include "compiler/sema/routing.h"
#include "compiler/sema/way_back.h"

namespace rel::sema {

namespace {

constexpr int64_t pane_default_ns = 1'000'000'000;

TriggerAction action_of(ast::TriggerVerb verb) {
  switch (verb) {
    case ast::TriggerVerb::rollback: return TriggerAction::rollback;
    case ast::TriggerVerb::hold: return TriggerAction::hold;
    case ast::TriggerVerb::promote: return TriggerAction::promote;
    case ast::TriggerVerb::alert: return TriggerAction::alert;
    case ast::TriggerVerb::step:
    case ast::TriggerVerb::smoke: return TriggerAction::step;
  }
  return TriggerAction::hold;
}

// A gate says what must hold to go on: true of a healthy release, it would send that back.
void refuse_gate(const Context& context, const TypedTrigger& typed, const ast::Trigger& trigger) {
  const auto found = context.scope.guards.find(typed.guard);
  const bool raises = typed.action == TriggerAction::promote || typed.action == TriggerAction::step;
  if (raises || found == context.scope.guards.end()) return;
  if (found->second.node->kind != ast::DefinitionKind::gate) return;
  context.diagnostics
      .report(Code::gate_as_trigger, trigger.when.span,
              fmt::format("the gate `{}` says when a release may go on", typed.guard))
      .label(found->second.node->name.span, "declared here")
      .with_help(fmt::format("write `not {}` if the release is meant to act while it may not",
                             typed.guard));
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
  if (trigger.name) {
    typed.name = trigger.name->text;
    typed.name_span = trigger.name->span;
  }
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
  if (trigger.when.after_share) {
    if (const auto share = read_share(context, *trigger.when.after_share, "the share after `at`")) {
      typed.after_share = *share;
    }
  }
  if (trigger.when.unknown) check_trigger_unknown(context, trigger, typed);
  const bool elsewhere = trigger.file != nullptr;
  const ast::File& file = elsewhere ? *trigger.file : *context.root;
  const std::optional<CheckedCondition> condition = conditions.check(
      file, trigger.when, elsewhere ? context.bound : std::span<const Bound>{});
  if (!condition) return std::nullopt;
  typed.when = condition->root;
  typed.guard = condition->guard;
  refuse_gate(context, typed, trigger);
  settle_temporal(context, typed);
  return typed;
}

void check_release(const Context& context, Conditions& conditions, const ast::Release& written) {
  const ast::Release release = with_base(context, written);
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
  if (release.false_rollback) {
    typed.false_rollback = read_share(context, *release.false_rollback, "a budget of errors");
  }
  check_routing(context, release, typed);
  add_digest_triggers(context, typed);
  check_require(context, conditions, release, typed);
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
  check_names(context, typed.triggers);
  typed.increase = check_increases(context, release.increases);
  typed.observe_only = release.observe_only.has_value();
  check_stages(context, conditions, release, typed);
  check_unknown(context, release, typed);
  if (release.rollback) check_rollback(context, *release.rollback, typed);
  check_reverts(context, release, typed);
  check_unit_of_analysis(context, typed);
  context.policy.releases.push_back(std::move(typed));
}

}  // namespace rel::sema
