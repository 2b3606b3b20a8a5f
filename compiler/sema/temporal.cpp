// Conditions over time: `for`, counted checks, `until`, `keep last`, and what of them depends on
// the trigger they stand in.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/checker.h"
#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

// Ticks are so far apart: conditions cannot be checked more often.
constexpr int64_t tick_ns = 100'000'000;

SustainKind kind_of(ast::Temporal temporal) {
  switch (temporal) {
    case ast::Temporal::held: return SustainKind::held;
    case ast::Temporal::consecutive: return SustainKind::consecutive;
    case ast::Temporal::of_last: return SustainKind::of_last;
    case ast::Temporal::failures: return SustainKind::failures_over;  // settled by its trigger
    case ast::Temporal::until: return SustainKind::latch;
    case ast::Temporal::keep: return SustainKind::keep;
  }
  return SustainKind::held;
}

std::string_view what_of(ast::Temporal temporal) {
  switch (temporal) {
    case ast::Temporal::held: return "the time after `for`";
    case ast::Temporal::consecutive:
    case ast::Temporal::of_last:
    case ast::Temporal::failures: return "the time after `every`";
    case ast::Temporal::until: return "the time after `until`";
    case ast::Temporal::keep: return "the time after `keep last`";
  }
  return {};
}

bool raises(TriggerAction action) {
  return action == TriggerAction::promote || action == TriggerAction::step;
}

}  // namespace

// How many checks, within what one condition can look back on.
bool Checker::check_counts(const ast::Expr& expr, TypedExpr& typed) {
  const std::optional<uint32_t> count =
      read_count(context_, expr.count, "the number of checks");
  if (!count) return false;
  typed.count = *count;
  if (typed.temporal == SustainKind::failures_over) {
    if (typed.count <= limits::failures_max) return true;
    context_.diagnostics
        .report(Code::out_of_range, expr.count.span,
                fmt::format("at most {} failures are counted", limits::failures_max))
        .with_help("write a rate over a window instead, such as `rate(failed) > 1% over 1h`");
    return false;
  }
  uint32_t looked_at = *count;
  Span span = expr.count.span;
  if (typed.temporal == SustainKind::of_last) {
    const std::optional<uint32_t> of = read_count(context_, expr.of, "the number of checks");
    if (!of) return false;
    typed.of = looked_at = *of;
    span = expr.of.span;
    if (typed.count > typed.of) {
      context_.diagnostics
          .report(Code::out_of_range, expr.count.span,
                  fmt::format("{} of {} checks can never be true", typed.count, typed.of))
          .with_help("write the smaller number first: `4 of 6 every 5m`");
      return false;
    }
  }
  if (looked_at <= limits::checks_max) return true;
  context_.diagnostics
      .report(Code::out_of_range, span,
              fmt::format("a condition looks back on at most {} checks", limits::checks_max))
      .with_help("write fewer checks, further apart");
  return false;
}

Checked Checker::sustained(const ast::Expr& expr) {
  const Checked operand = verdict(expr.left);
  TypedExpr typed;
  typed.op = Op::sustained;
  typed.span = expr.span;
  typed.temporal = kind_of(expr.temporal);
  if (expr.temporal == ast::Temporal::failures && !shared_.open_.empty()) {
    context_.diagnostics
        .report(Code::misplaced_clause, expr.operator_span,
                "what a failure is depends on the trigger, not on a guard")
        .with_help("write it where the guard is used: `rollback when slow at most 3 failures "
                   "every 5m`");
    return poison();
  }
  if (expr.temporal == ast::Temporal::until) {
    const Checked until = verdict(expr.right);
    if (operand.type == Type::poison || until.type == Type::poison) return poison();
    typed.left = operand.id;
    typed.right = until.id;
    return add(Type::verdict, std::move(typed));
  }
  const std::optional<Time> time = read_time(context_, expr.duration, what_of(expr.temporal));
  const bool counted = typed.temporal >= SustainKind::consecutive &&
                       typed.temporal <= SustainKind::failures_within;
  const bool counts_fit = !counted || check_counts(expr, typed);
  if (time && counted && time->ns < tick_ns) {
    context_.diagnostics
        .report(Code::out_of_range, expr.duration.span, "conditions are read every 100ms")
        .with_help("write `every 100ms` or a longer time");
    return poison();
  }
  if (operand.type == Type::poison || !time || !counts_fit) return poison();
  typed.left = operand.id;
  typed.duration_ns = time->ns;
  return add(Type::verdict, std::move(typed));
}

// A failure is a check that speaks against the candidate: true of what rolls back, holds or alerts,
// false of what lets a stage or a step end.
void settle_temporal(const Context& context, TypedTrigger& typed) {
  TypedExpr* expr = &context.policy.exprs[typed.when.value];
  for (; expr->op == Op::sustained; expr = &context.policy.exprs[expr->left.value]) {
    if (expr->temporal == SustainKind::failures_over && raises(typed.action)) {
      expr->temporal = SustainKind::failures_within;
    }
    const bool lasts = typed.action == TriggerAction::hold || typed.action == TriggerAction::alert;
    if (expr->temporal != SustainKind::latch || lasts) continue;
    const std::string_view why =
        raises(typed.action) ? "what has ended does not come back" : "a rollback is final";
    context.diagnostics
        .report(Code::misplaced_clause, context.policy[expr->right].span,
                "`until` belongs to a hold or an alert")
        .label(typed.span, std::string{why})
        .with_help(raises(typed.action) ? "write the condition alone"
                                        : "write `hold when ... until ...`");
  }
}

void check_after_share(const Context& context, const TypedTrigger& trigger,
                       const std::vector<TypedStage>& stages) {
  if (trigger.after_share.millionths == 0) return;
  uint32_t most = 0;
  for (const TypedStage& stage : stages) {
    for (const TypedStep& step : stage.steps) most = std::max(most, step.share.millionths);
  }
  if (most >= trigger.after_share.millionths || stages.empty()) return;
  context.diagnostics
      .report(Code::misplaced_clause, trigger.after_share.span,
              "this trigger waits for a share that is never reached")
      .label(stages.back().strategy_span,
             fmt::format("the candidate gets {} at most", share_text(most)))
      .with_help("write a share that a step of the stage gives");
}

}  // namespace rel::sema
