// Arithmetic and comparison of quantities: which units meet, and what to write when they do not.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "compiler/sema/checker.h"
#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

bool is_constant(const TypedExpr& expr) { return expr.op == Op::constant; }

std::string_view verb_of(Op op) {
  switch (op) {
    case Op::add: return "add";
    case Op::sub: return "subtract";
    case Op::mul: return "multiply";
    case Op::div: return "divide";
    default: return "compare";  // rel: comparisons
  }
}

std::optional<Unit> result_unit(Op op, Unit left, Unit right) {
  switch (op) {
    case Op::add: return add(left, right);
    case Op::sub: return subtract(left, right);
    case Op::mul: return multiply(left, right);
    case Op::div: return divide(left, right);
    default: return std::nullopt;  // rel: no arithmetic
  }
}

double computed(Op op, double a, double b) {
  switch (op) {
#define REL_ARITHMETIC(name, text, interpreted, ir) \
  case Op::name: return interpreted;
#include "runtime/plan/ops.def"
    default: return std::nan("");  // rel: no arithmetic
  }
}

std::string mismatch_message(Op op, Unit left, Unit right) {
  const std::string a = describe(left);
  const std::string b = describe(right);
  switch (op) {
    case Op::add: return fmt::format("cannot add {} and {}", a, b);
    case Op::sub: return fmt::format("cannot subtract {} from {}", b, a);
    case Op::mul: return fmt::format("cannot multiply {} and {}", a, b);
    case Op::div: return fmt::format("cannot divide {} by {}", a, b);
    default:  // rel: comparisons
      return fmt::format("cannot {} {} with {}", verb_of(op), a, b);
  }
}

}  // namespace

std::string_view example_of(Unit unit) {
  const std::optional<PlanUnit> printable = plan_unit(unit);
  if (!printable) return "0";
  switch (*printable) {
    case PlanUnit::number: return "10";
    case PlanUnit::ratio: return "2%";
    case PlanUnit::points: return "2pp";
    case PlanUnit::seconds: return "300ms";
    case PlanUnit::bytes: return "10MB";
    case PlanUnit::tokens: return "500tokens";
    case PlanUnit::requests: return "1000";
    case PlanUnit::usd: return "5usd";
    case PlanUnit::eur: return "5eur";
    case PlanUnit::per_second: return "120/s";
  }
  return "0";
}

// A plain literal counts requests or tokens when it meets a count of them: `samples(...) >= 1000`.
void Checker::lend_unit(TypedId from, TypedId to) {
  const Unit unit = typed(from).unit;
  TypedExpr& taker = typed(to);
  const bool counts = unit == requests_unit || unit == tokens_unit;
  const bool plain = is_constant(taker) && taker.unit == plain_unit;
  // A number of an evidence file without a unit is what it is compared with: `.recall >= 90%`.
  const bool shares = taker.evidence && (unit == ratio_unit || unit == points_unit);
  if (plain && (counts || shares)) taker.unit = unit;
}

// Names the unit at the operand and, when it is one number of a metric, at the declaration.
void Checker::label_operand(Diagnostic& diagnostic, TypedId operand) {
  const TypedExpr& expr = typed(operand);
  diagnostic.label(expr.span, "this is " + describe(expr.unit));
  if (expr.op != Op::load) return;
  const TypedAggregate& aggregate = context_.policy.aggregates[expr.aggregate];
  if (!aggregate.metric || aggregate.fn == AggregateFn::samples) return;
  const TypedMetric& metric = context_.policy.metrics[*aggregate.metric];
  const Unit unit = unit_of(metric.unit);
  diagnostic.label(metric.name_span, metric.kind == MetricKind::flag
                                         ? fmt::format("`{}` is a flag, declared here", metric.name)
                                         : fmt::format("`{}` is {}, declared here", metric.name,
                                                       describe(unit)));
}

bool Checker::comparable(const ast::Expr& expr, TypedId left_id, TypedId right_id) {
  const TypedExpr left = typed(left_id);
  const TypedExpr right = typed(right_id);
  if (left.unit == right.unit) return true;
  Diagnostic& diagnostic =
      context_.diagnostics.report(Code::mixed_units, expr.operator_span,
                                  mismatch_message(Op::eq, left.unit, right.unit));
  label_operand(diagnostic, left_id);
  label_operand(diagnostic, right_id);
  const bool left_wrong = is_constant(left) && !is_constant(right);
  const TypedExpr& wrong = left_wrong ? left : right;
  const Unit wanted = left_wrong ? right.unit : left.unit;
  const bool share = is_constant(wrong) && wanted == ratio_unit && wrong.unit == plain_unit &&
                     wrong.constant > 0 && wrong.constant <= 1;
  const bool points = is_constant(wrong) && wanted == points_unit && wrong.unit == ratio_unit;
  if (share || points) {
    const std::string text =
        number_text(wrong.constant, points ? PlanUnit::points : PlanUnit::ratio);
    diagnostic.with_fix(wrong.span, text, fmt::format("write `{}`", text), false);
  } else if (plan_unit(wanted)) {
    diagnostic.with_help(
        fmt::format("compare {} with another, such as `{}`", describe(wanted), example_of(wanted)));
  } else {
    diagnostic.with_help(fmt::format(
        "compare it with such a quantity, written `{}`, or divide until both measure the same",
        literal_text(10, wanted)));
  }
  return false;
}

Checked Checker::negate(const ast::Expr& expr, Reading& reading) {
  const Checked operand = number(expr.left, reading);
  if (operand.type == Type::poison) return poison();
  if (is_constant(typed(operand.id)) && !typed(operand.id).evidence) {
    TypedExpr& constant = typed(operand.id);
    constant.constant = -constant.constant;
    constant.span = expr.span;
    return operand;
  }
  TypedExpr negated;
  negated.op = Op::neg;
  negated.span = expr.span;
  negated.unit = typed(operand.id).unit;
  negated.left = operand.id;
  return add(Type::number, std::move(negated));
}

Checked Checker::arithmetic(const ast::Expr& expr, Op op, Reading& reading) {
  const Checked left = number(expr.left, reading);
  const Checked right = number(expr.right, reading);
  if (left.type == Type::poison || right.type == Type::poison) return poison();
  const bool sums = op == Op::add || op == Op::sub;
  if (sums) {
    lend_unit(left.id, right.id);
    lend_unit(right.id, left.id);
    if (ambiguous_percent(expr, op, left.id, right.id)) return poison();
  }
  const std::optional<Unit> unit = result_unit(op, typed(left.id).unit, typed(right.id).unit);
  if (!unit) {
    Diagnostic& diagnostic = context_.diagnostics.report(
        Code::mixed_units, expr.operator_span,
        mismatch_message(op, typed(left.id).unit, typed(right.id).unit));
    label_operand(diagnostic, left.id);
    label_operand(diagnostic, right.id);
    const TypedExpr& other = typed(right.id);
    if (sums && is_constant(other) && other.unit == ratio_unit) {
      diagnostic.with_help(fmt::format(
          "a share of it is added by a factor: `* {:.10g}`",
          op == Op::add ? 1 + other.constant : 1 - other.constant));
    } else if (sums) {
      diagnostic.with_help("both sides of `+` and `-` measure the same");
    } else {
      diagnostic.with_help("the result would have no unit a policy can compare with");
    }
    return poison();
  }
  return folded(expr, op, *unit, left.id, right.id);
}

// Constants are computed here, so that a plan holds one number for `400ms * 1.5`.
Checked Checker::folded(const ast::Expr& expr, Op op, Unit unit, TypedId left, TypedId right) {
  TypedExpr result;
  result.span = expr.span;
  result.unit = unit;
  const bool by_zero = op == Op::div && is_constant(typed(right)) && typed(right).constant == 0;
  // What an evidence file says stays in the plan as it is.
  const bool constant = is_constant(typed(left)) && is_constant(typed(right)) &&
                        !typed(left).evidence && !typed(right).evidence;
  if (constant) {
    result.op = Op::constant;
    result.constant = computed(op, typed(left).constant, typed(right).constant);
  } else {
    result.op = op;
    result.left = left;
    result.right = right;
  }
  if (by_zero || !std::isfinite(result.constant)) {
    context_.diagnostics
        .report(Code::out_of_range, expr.span,
                by_zero ? "this divides by zero" : "this number is too large")
        .with_help("write a number that has a finite value");
    return poison();
  }
  return add(Type::number, std::move(result));
}

// `rate(failed) + 2%` could mean 1.02 times the rate, or two points more.
bool Checker::ambiguous_percent(const ast::Expr& expr, Op op, TypedId left, TypedId right) {
  const ast::Expr& written = at(expr.right);
  const bool percent = written.kind == ast::ExprKind::quantity && typed(right).unit == ratio_unit;
  if (!percent || typed(left).unit != ratio_unit) return false;
  const double share = typed(right).constant;
  const char sign = op == Op::add ? '+' : '-';
  const std::string factor =
      fmt::format("* {:.10g}", op == Op::add ? 1 + share : 1 - share);
  const std::string points = fmt::format("{} {}", sign, number_text(share, PlanUnit::points));
  const std::string_view percent_text = context_.sources.text(written.span);
  Diagnostic& diagnostic =
      context_.diagnostics
          .report(Code::ambiguous_percent, written.span,
                  op == Op::add
                      ? fmt::format("adding `{}` to a ratio can mean two things", percent_text)
                      : fmt::format("subtracting `{}` from a ratio can mean two things",
                                    percent_text));
  label_operand(diagnostic, left);
  const uint32_t start = expr.operator_span.offset;
  const Span tail{written.span.file, start, written.span.end() - start};
  diagnostic.with_fix(tail, factor,
                      fmt::format("write `{}` for a share of the ratio itself", factor), false);
  diagnostic.with_fix(tail, points, fmt::format("write `{}` for percentage points", points), false);
  return true;
}

}  // namespace rel::sema
