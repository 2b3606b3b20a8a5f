// The stages of a release: shares, times, gates, and what cannot be read in them.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "compiler/sema/conditions.h"
#include "compiler/sema/context.h"
#include "compiler/sema/hooks.h"
#include "compiler/sema/routing.h"
#include "compiler/sema/strategy_use.h"
#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

constexpr uint32_t million = 1'000'000;

StageKind kind_of(ast::StageKind kind) {
  switch (kind) {
    case ast::StageKind::mirror: return StageKind::mirror;
    case ast::StageKind::steps:
    case ast::StageKind::linear: return StageKind::steps;
    case ast::StageKind::split:
    case ast::StageKind::weights: return StageKind::split;
    case ast::StageKind::blue_green: return StageKind::blue_green;
    case ast::StageKind::share: return StageKind::full;
    case ast::StageKind::waves: return StageKind::waves;
  }
  return StageKind::full;
}

void read_optional(const Context& context, const std::optional<ast::Quantity>& quantity,
                   std::string_view what, Time& time) {
  if (!quantity) return;
  if (const auto read = read_time(context, *quantity, what)) time = *read;
}

// Shares of steps only grow: what was given is not taken away but by a rollback.
void check_steps(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  for (size_t index = 0; index < stage.steps.size(); ++index) {
    const ast::Step& step = stage.steps[index];
    TypedStep read;
    const std::string_view what =
        stage.kind == ast::StageKind::steps ? "the share of a step" : "the share of a stage";
    if (const auto share = read_share(context, step.share, what)) {
      read.share = *share;
    }
    read_optional(context, step.duration, "the time of a step", read.duration);
    const bool last = index + 1 == stage.steps.size();
    if (!step.duration && !last && !stage.step_samples) {
      context.diagnostics.report(Code::step_without_time, step.span, "this step has no time")
          .with_help(fmt::format("say how long it lasts: `{} for 1h`",
                                 context.sources.text(step.share.span)));
    }
    const uint32_t before = typed.steps.empty() ? 0 : typed.steps.back().share.millionths;
    if (read.share.millionths != 0 && read.share.millionths <= before) {
      context.diagnostics
          .report(Code::steps_not_rising, step.share.span,
                  fmt::format("this step gives {} after {}", share_text(read.share.millionths),
                              share_text(before)))
          .label(typed.steps.back().share.span, "the step before")
          .with_help("each step gives the candidate more than the one before");
    }
    typed.steps.push_back(read);
  }
}

void check_strategy(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  typed.kind = kind_of(stage.kind);
  if (stage.ramp) return check_ramp(context, stage, typed);
  if (stage.weights) return check_weights(context, stage, typed);
  if (stage.kind == ast::StageKind::blue_green) return check_switch(context, stage, typed);
  if (typed.kind == StageKind::waves) return check_waves(context, stage, typed);
  check_steps(context, stage, typed);
  if (typed.kind == StageKind::mirror) {
    // The candidate answers nobody: the written share is that of copied requests.
    for (TypedStep& step : typed.steps) {
      typed.mirror = step.share;
      step.share.millionths = 0;
    }
  }
  if (!stage.holdback) return;
  const auto holdback = read_share(context, *stage.holdback, "a holdback");
  if (!holdback || typed.steps.empty()) return;
  typed.holdback = *holdback;
  uint32_t& share = typed.steps[0].share.millionths;
  if (share != million || holdback->millionths == million) {
    context.diagnostics
        .report(Code::bad_holdback, holdback->span, "a holdback is a part of 100%")
        .label(typed.steps[0].share.span, "the share of this stage")
        .with_help("write `100% holdback 1%`: everybody but one in a hundred");
    return;
  }
  share -= holdback->millionths;
}

Otherwise otherwise_of(const ast::Otherwise& otherwise) {
  switch (otherwise.verb) {
    case ast::OtherwiseVerb::hold: return Otherwise::hold;
    case ast::OtherwiseVerb::withdraw: return Otherwise::withdraw;
    case ast::OtherwiseVerb::rollback: return Otherwise::rollback;
  }
  return Otherwise::hold;
}

const ast::Trigger* find_trigger(const ast::Stage& stage, ast::TriggerVerb verb) {
  for (const ast::Trigger& trigger : stage.triggers) {
    if (trigger.verb == verb) return &trigger;
  }
  return nullptr;
}

// A gate that never opens must end somehow, and an end must say when.
void check_end(const Context& context, const ast::Stage& stage) {
  if (stage.incomplete) return;
  const bool switches = stage.kind == ast::StageKind::blue_green;
  const ast::Trigger* promote = find_trigger(
      stage, switches ? ast::TriggerVerb::smoke : ast::TriggerVerb::promote);
  if (promote != nullptr && (!stage.at_most || !stage.otherwise)) {
    const std::string_view missing = !stage.at_most && !stage.otherwise
                                         ? "at most 7d; otherwise withdraw \"no decision\""
                                     : !stage.at_most ? "at most 7d"
                                                      : "otherwise withdraw \"no decision\"";
    Diagnostic& diagnostic =
        context.diagnostics
            .report(Code::endless_promotion, promote->span,
                    fmt::format("the stage `{}` may never end", stage.name.text))
            .primary("this may never be true")
            .label(stage.name.span, "in this stage");
    diagnostic.with_note("a stage with a gate says when it is over and what happens then");
    const Span end{promote->span.file, promote->span.end(), 0};
    diagnostic.with_fix(end, fmt::format("; {}", missing), fmt::format("add `{}`", missing), false);
    return;
  }
  if (stage.at_most && !stage.otherwise) {
    context.diagnostics
        .report(Code::overdue_incomplete, stage.at_most->span,
                "this stage does not say what happens after `at most`")
        .with_help("add `otherwise withdraw \"reason\"`, `otherwise rollback` or `otherwise hold`");
  }
  if (stage.otherwise && !stage.at_most) {
    context.diagnostics
        .report(Code::overdue_incomplete, stage.otherwise->span,
                "this `otherwise` has no time at which it acts")
        .with_help("add `at most 7d` before it");
  }
}

void check_times(const Context& context, const ast::Stage& stage, const TypedStage& typed) {
  if (typed.at_most.ns == 0) return;
  const int64_t steps =
      std::accumulate(typed.steps.begin(), typed.steps.end(), int64_t{0},
                      [](int64_t sum, const TypedStep& step) { return sum + step.duration.ns; });
  const struct {
    std::string_view what;
    int64_t ns;
    Span span;
  } needs[] = {{"soak", typed.soak.ns, typed.soak.span},
               {"at least", typed.at_least.ns, typed.at_least.span},
               {"the steps together", steps, stage.strategy_span}};
  int64_t longest = 0;
  for (const auto& need : needs) longest = std::max(longest, need.ns);
  if (longest <= typed.at_most.ns) return;
  Diagnostic& diagnostic =
      context.diagnostics
          .report(Code::contradictory_times, typed.at_most.span,
                  fmt::format("the stage `{}` is over before it can end", stage.name.text))
          .with_help(fmt::format("allow at least `at most {}`", exact_duration_text(longest)));
  for (const auto& need : needs) {
    if (need.ns <= typed.at_most.ns) continue;
    diagnostic.label(need.span, fmt::format("{}: {}", need.what, exact_duration_text(need.ns)));
  }
}

// Without a time or a gate a stage would end at its first tick; only the last one may.
void check_duration(const Context& context, const ast::Stage& stage, const TypedStage& typed,
                    bool last) {
  const bool gated = !stage.reviews.empty() ||
                     find_trigger(stage, ast::TriggerVerb::promote) != nullptr ||
                     find_trigger(stage, ast::TriggerVerb::step) != nullptr ||
                     stage.kind == ast::StageKind::blue_green || stage.step_samples;
  const bool timed = typed.soak.ns != 0 || typed.at_least.ns != 0 ||
                     (!typed.steps.empty() && typed.steps.back().duration.ns != 0);
  const bool unread = stage.ramp && typed.steps.back().share.millionths == 0;
  if (last || unread || gated || timed || stage.soak || stage.at_least || stage.incomplete) return;
  context.diagnostics
      .report(Code::stage_without_time, stage.name.span,
              fmt::format("the stage `{}` ends as soon as it begins", stage.name.text))
      .with_help("give it a time (`soak 1h`) or a gate (`promote when ...`)");
}

void check_stage_triggers(const Context& context, Conditions& conditions, const ast::Stage& stage,
                          TypedStage& typed) {
  for (const ast::Trigger& trigger : stage.triggers) {
    const bool switches = stage.kind == ast::StageKind::blue_green;
    const bool stepped = stage.kind == ast::StageKind::steps ||
                         stage.kind == ast::StageKind::linear ||
                         stage.kind == ast::StageKind::waves;
    if (trigger.verb == ast::TriggerVerb::smoke && !switches) {
      context.diagnostics
          .report(Code::misplaced_clause, trigger.span,
                  "`smoke when` belongs to a `blue_green` stage")
          .label(stage.strategy_span, "nothing is switched here")
          .with_help("write `promote when` for the end of the stage");
    }
    if (trigger.verb == ast::TriggerVerb::promote && switches) {
      context.diagnostics
          .report(Code::misplaced_clause, trigger.span,
                  "`promote when` has no meaning in a `blue_green` stage")
          .label(stage.strategy_span, "the switch is all there is to promote")
          .with_help("write `smoke when` for what must hold before the switch");
    }
    if (trigger.verb == ast::TriggerVerb::step && !stepped) {
      context.diagnostics
          .report(Code::misplaced_clause, trigger.span, "`step when` belongs to a stage of steps")
          .label(stage.strategy_span, "this stage has one share")
          .with_help(switches ? "write `smoke when` for what must hold before the switch"
                              : "write `promote when` for the end of the stage");
    }
    if (auto checked = check_trigger(context, conditions, trigger)) {
      typed.triggers.push_back(std::move(*checked));
    }
  }
}

// Whether a condition reads the arm anywhere. The tree is as deep as the parser's limits allow.
const TypedExpr* find_arm(const TypedPolicy& policy, TypedId id, Arm arm) {
  const TypedExpr& expr = policy[id];
  if (expr.op == Op::load && policy.reads(policy.aggregates[expr.aggregate], arm)) return &expr;
  for (const TypedId operand : {expr.left, expr.right}) {
    if (operand.is_none()) continue;
    if (const TypedExpr* found = find_arm(policy, operand, arm)) return found;
  }
  return nullptr;
}

// The step of a stage in which the baseline answers nobody.
const TypedStep* step_without_baseline(const TypedStage& stage, const TypedTrigger& trigger) {
  // A smoke gate is read before the switch only.
  if (stage.kind == StageKind::blue_green && trigger.action == TriggerAction::step) return nullptr;
  if (stage.kind == StageKind::mirror) return nullptr;
  for (const TypedStep& step : stage.steps) {
    if (step.share.millionths == million) return &step;
  }
  return nullptr;
}

void check_baseline(const Context& context, const TypedTrigger& trigger, const TypedStage& stage) {
  const TypedStep* step = step_without_baseline(stage, trigger);
  const TypedExpr* reader = find_arm(context.policy, trigger.when, Arm::baseline);
  if (step == nullptr || reader == nullptr || trigger.implied) return;
  Diagnostic& diagnostic =
      context.diagnostics
          .report(Code::baseline_absent, trigger.span,
                  fmt::format("the baseline has no traffic in the stage `{}`", stage.name))
          .label(reader->span, "this reads the baseline")
          .label(step->share.span, "the candidate has all of it")
          .with_help(stage.kind == StageKind::waves
                         ? "let a part of each wave stay on the baseline: `waves 50% by ...`"
                         : "write the trigger in the stages that have a baseline");
  if (stage.kind != StageKind::full && stage.kind != StageKind::blue_green) return;
  const Span end{step->share.span.file, step->share.span.end(), 0};
  diagnostic.with_fix(end, " holdback 1%", "keep a part back: `holdback 1%`", false);
}

}  // namespace

void check_stages(const Context& outer, Conditions& conditions, const ast::Release& release,
                  TypedRelease& typed) {
  if (release.stages.empty() && !release.incomplete) {
    outer.diagnostics
        .report(Code::no_stage, release.name.span,
                fmt::format("the release `{}` has no stage", release.name.text))
        .with_help("add one, such as `stage canary: steps 10% for 1h, 50% for 1h`");
  }
  for (const ast::Stage& written : release.stages) {
    const StrategyUse use(outer, conditions, written);
    const ast::Stage& stage = use.stage();
    const Context& context = use.context();
    TypedStage read;
    read.name = stage.name.text;
    read.name_span = stage.name.span;
    read.strategy_span = stage.strategy_span;
    read.span = stage.span;
    const auto same = [&](const TypedStage& other) { return other.name == read.name; };
    const auto first = std::find_if(typed.stages.begin(), typed.stages.end(), same);
    if (first != typed.stages.end()) {
      context.diagnostics
          .report(Code::duplicate_name, stage.name.span,
                  fmt::format("the stage `{}` is declared twice", stage.name.text))
          .label(first->name_span, "first declared here");
    }
    check_strategy(context, stage, read);
    read_optional(context, stage.soak, "a soak", read.soak);
    read_optional(context, stage.at_least, "the time after `at least`", read.at_least);
    read_optional(context, stage.at_most, "the time after `at most`", read.at_most);
    if (stage.otherwise) {
      read.otherwise = otherwise_of(*stage.otherwise);
      if (stage.otherwise->reason) read.otherwise_reason = stage.otherwise->reason->value;
    }
    if (stage.unknown) check_stage_unknown(context, *stage.unknown, read);
    const bool last = &written == &release.stages.back();
    check_waits(context, stage, last ? StagePlace::last : StagePlace::before_others, read);
    read.increase = check_increases(context, stage.increases);
    check_end(context, stage);
    check_times(context, stage, read);
    check_duration(context, stage, read, last);
    check_stage_triggers(context, conditions, stage, read);
    check_names(context, read.triggers);
    check_redeclared(context, read, static_cast<uint32_t>(typed.stages.size()), typed.triggers);
    check_reviews(context, stage, read);
    check_hooks(context, stage, read);
    for (const TypedTrigger& trigger : read.triggers) check_baseline(context, trigger, read);
    for (const TypedTrigger& trigger : typed.triggers) {
      const uint32_t index = static_cast<uint32_t>(typed.stages.size());
      if (!trigger.is_replaced_in(index)) check_baseline(context, trigger, read);
    }
    typed.stages.push_back(std::move(read));
    for (const TypedTrigger& trigger : typed.stages.back().triggers) {
      check_after_share(context, trigger, {typed.stages.back()});
    }
  }
  for (const TypedTrigger& trigger : typed.triggers) {
    check_after_share(outer, trigger, typed.stages);
  }
}

}  // namespace rel::sema
