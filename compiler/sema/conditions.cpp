#include "compiler/sema/conditions.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "compiler/sema/checker.h"

namespace rel::sema {

namespace {

// Inlining multiplies: a condition may grow far beyond its text, and is stopped long before memory
// is; so are all conditions of a policy together.
constexpr size_t condition_nodes_max = 8 * limits::nodes_per_predicate_max;
constexpr size_t policy_nodes_max = 16 * condition_nodes_max;

std::optional<Op> comparison_op(ast::ExprKind kind) {
  switch (kind) {
    case ast::ExprKind::less: return Op::lt;
    case ast::ExprKind::less_equal: return Op::le;
    case ast::ExprKind::greater: return Op::gt;
    case ast::ExprKind::greater_equal: return Op::ge;
    case ast::ExprKind::equal: return Op::eq;
    case ast::ExprKind::not_equal: return Op::ne;
    default: return std::nullopt;  // rel: no comparison
  }
}

// The guard a condition is, apart from `for`.
std::string guard_of(const ast::File& file, const Scope& scope, ast::ExprId id) {
  const ast::Expr* expr = &file[id];
  while (expr->kind == ast::ExprKind::sustained) expr = &file[expr->left];
  const bool named = expr->kind == ast::ExprKind::name || expr->kind == ast::ExprKind::call;
  return named && scope.guards.contains(expr->name.text) ? expr->name.text : std::string{};
}

}  // namespace

std::optional<CheckedCondition> Conditions::check(const ast::File& file,
                                                  const ast::Condition& condition,
                                                  std::span<const Bound> bound) {
  if (condition.expr.is_none()) return std::nullopt;
  condition_start_ = context_.policy.exprs.size();
  too_large_ = false;
  Checker checker(*this, context_, file, bound);
  const Checked checked = checker.verdict(condition.expr);
  if (checked.type != Type::verdict) return std::nullopt;
  return CheckedCondition{checked.id, guard_of(file, context_.scope, condition.expr)};
}

Checked Checker::add(Type type, TypedExpr typed) {
  std::vector<TypedExpr>& exprs = context_.policy.exprs;
  const bool alone = exprs.size() - shared_.condition_start_ >= condition_nodes_max;
  if (alone || exprs.size() >= policy_nodes_max) {
    if (!std::exchange(shared_.too_large_, true)) {
      context_.diagnostics.report(Code::condition_too_large, typed.span,
                                  alone ? "this condition is too large"
                                        : "the conditions of this policy are too large together")
          .with_note(fmt::format("with its guards written out it has more than {} parts",
                                 alone ? condition_nodes_max : policy_nodes_max))
          .with_help("split it, or use fewer guards inside guards");
    }
    return poison();
  }
  exprs.push_back(std::move(typed));
  return Checked{type, TypedId{static_cast<uint32_t>(exprs.size() - 1)}};
}

Checked Checker::verdict(ast::ExprId id) {
  Reading outside;  // aggregates outside a comparison are refused below, whatever they read
  const Checked checked = expression(id, outside);
  if (checked.type != Type::number) return checked;
  const TypedExpr& number = typed(checked.id);
  context_.diagnostics
      .report(Code::condition_expected, at(id).span, "a condition is due here")
      .primary("this is " + describe(number.unit))
      .with_help(plan_unit(number.unit)
                     ? fmt::format("compare it with {}, such as `> {}`", describe(number.unit),
                                   example_of(number.unit))
                     : std::string{"compare it with a number of the same unit"});
  return poison();
}

Checked Checker::number(ast::ExprId id, Reading& reading) {
  const Checked checked = expression(id, reading);
  if (checked.type != Type::verdict) return checked;
  context_.diagnostics.report(Code::number_expected, at(id).span, "a number is due here")
      .primary("this is a condition")
      .with_help("join conditions by `and`, `or` and `not`");
  return poison();
}

Checked Checker::expression(ast::ExprId id, Reading& reading) {
  const ast::Expr& expr = at(id);
  switch (expr.kind) {
    case ast::ExprKind::quantity: return quantity(expr);
    case ast::ExprKind::string:
      context_.diagnostics.report(Code::number_expected, expr.span, "a text cannot be compared")
          .with_help("segments are chosen by `in any region`, not by comparing their values");
      return poison();
    case ast::ExprKind::name: return name(expr, reading);
    case ast::ExprKind::member: return bare_metric(expr.span, expr.name.text);
    case ast::ExprKind::call: return call(expr, reading);
    case ast::ExprKind::negate: return negate(expr, reading);
    case ast::ExprKind::add: return arithmetic(expr, Op::add, reading);
    case ast::ExprKind::subtract: return arithmetic(expr, Op::sub, reading);
    case ast::ExprKind::multiply: return arithmetic(expr, Op::mul, reading);
    case ast::ExprKind::divide: return arithmetic(expr, Op::div, reading);
    case ast::ExprKind::less:
    case ast::ExprKind::less_equal:
    case ast::ExprKind::greater:
    case ast::ExprKind::greater_equal:
    case ast::ExprKind::equal:
    case ast::ExprKind::not_equal: return comparison(expr, *comparison_op(expr.kind));
    case ast::ExprKind::logical_and: return logical(expr, Op::logical_and);
    case ast::ExprKind::logical_or: return logical(expr, Op::logical_or);
    case ast::ExprKind::logical_not: return negation(expr);
    case ast::ExprKind::sustained: return sustained(expr);
    case ast::ExprKind::statistical: return statistical(expr);
    case ast::ExprKind::error: return poison();
  }
  return poison();
}

Checked Checker::quantity(const ast::Expr& expr) {
  const std::optional<Amount> amount = read_amount(context_, expr.quantity);
  if (!amount) return poison();
  TypedExpr constant;
  constant.op = Op::constant;
  constant.span = expr.span;
  constant.constant = amount->value;
  constant.unit = amount->unit;
  return add(Type::number, std::move(constant));
}

Checked Checker::name(const ast::Expr& expr, Reading& reading) {
  const std::string& text = expr.name.text;
  if (const auto guard = context_.scope.guards.find(text); guard != context_.scope.guards.end()) {
    return guard_call(expr, guard->second, reading);
  }
  if (context_.scope.metrics.contains(text)) return bare_metric(expr.span, text);
  if (is_arm(text)) {
    context_.diagnostics
        .report(Code::bare_metric, expr.span, fmt::format("`{}` is an arm, not a number", text))
        .with_help(fmt::format("say what of it is read, such as `samples({})`", text));
    return poison();
  }
  if (!context_.is_news(text)) return poison();
  std::vector<std::string_view> known = names_of(context_.scope.guards);
  for (const std::string_view metric : names_of(context_.scope.metrics)) known.push_back(metric);
  for (const Bound& bound : bound_) known.push_back(bound.name);
  report_unknown(context_.diagnostics, Code::unknown_name, "metric, guard or parameter", expr.name,
                 known);
  return poison();
}

// A metric is many observations; a comparison needs one number of them.
Checked Checker::bare_metric(Span span, std::string_view metric) {
  const std::optional<uint32_t> row = find_metric(context_.policy, metric);
  if (!row) {
    if (context_.is_news(std::string{metric})) {
      report_unknown(context_.diagnostics, Code::unknown_name, "metric",
                     ast::Name{std::string{metric}, span}, names_of(context_.scope.metrics));
    }
    return poison();
  }
  const TypedMetric& declared = context_.policy.metrics[*row];
  if (declared.poisoned) return poison();
  const bool flag = declared.kind == MetricKind::flag;
  const std::string_view written = context_.sources.text(span);
  if (declared.kind == MetricKind::category) {
    context_.diagnostics
        .report(Code::bare_metric, span, fmt::format("`{}` is a metric, not a number", written))
        .primary("this is every observation of it")
        .label(declared.name_span, "declared here")
        .with_help(fmt::format("say how often it has which value: `share({} == \"...\")`",
                               written));
    return poison();
  }
  context_.diagnostics
      .report(Code::bare_metric, span, fmt::format("`{}` is a metric, not a number", written))
      .primary("this is every observation of it")
      .label(declared.name_span, "declared here")
      .with_help(fmt::format("say which number of them: `{}({})` or `{}({})`",
                             flag ? "rate" : "p99", written, flag ? "count" : "mean", written));
  return poison();
}

Checked Checker::logical(const ast::Expr& expr, Op op) {
  const Checked left = verdict(expr.left);
  const Checked right = verdict(expr.right);
  if (left.type == Type::poison || right.type == Type::poison) return poison();
  TypedExpr joined;
  joined.op = op;
  joined.span = expr.span;
  joined.left = left.id;
  joined.right = right.id;
  return add(Type::verdict, std::move(joined));
}

Checked Checker::negation(const ast::Expr& expr) {
  const Checked operand = verdict(expr.left);
  if (operand.type == Type::poison) return poison();
  if (reads_test(operand.id)) {
    context_.diagnostics
        .report(Code::denied_evidence, expr.span, "no evidence of it is not evidence against it")
        .label(at(expr.left).span, "false only says: not shown yet")
        .with_help("say what is to be shown: `not worse than baseline by 1pp at 95% confidence`");
    return poison();
  }
  TypedExpr negated;
  negated.op = Op::logical_not;
  negated.span = expr.span;
  negated.left = operand.id;
  return add(Type::verdict, std::move(negated));
}

Checked Checker::comparison(const ast::Expr& expr, Op op) {
  TypedExpr typed;
  typed.op = op;
  typed.span = expr.span;
  Reading reading;
  const bool suffixes_fit = suffixes(expr, typed, reading);
  const Checked left = number(expr.left, reading);
  const Checked right = number(expr.right, reading);
  if (!suffixes_fit || left.type == Type::poison || right.type == Type::poison) return poison();
  lend_unit(left.id, right.id);
  lend_unit(right.id, left.id);
  if (!comparable(expr, left.id, right.id)) return poison();
  if (reading.aggregates == 0 && reading.evidence == 0) {
    context_.diagnostics
        .report(Code::constant_condition, expr.span, "this comparison reads no data")
        .primary("always the same")
        .with_help("compare a number of a metric, such as `p99(latency) > 300ms`");
    return poison();
  }
  if (reading.samples_min && reading.guarded == 0) {
    context_.diagnostics
        .report(Code::minimum_without_effect, expr.samples_min->span,
                "this minimum has no effect")
        .with_help("`samples`, `requests` and `count` are known from the first request on");
    return poison();
  }
  typed.left = left.id;
  typed.right = right.id;
  return add(Type::verdict, std::move(typed));
}

bool Checker::suffixes(const ast::Expr& expr, TypedExpr& typed, Reading& reading) {
  bool fit = true;
  if (expr.over) {
    reading.window.span = expr.over->span;
    switch (expr.over->kind) {
      case ast::Window::Kind::stage: break;
      case ast::Window::Kind::last_requests: {
        const std::optional<uint32_t> requests =
            read_count(context_, expr.over->length, "the number of requests of a window");
        fit = requests && requests_fit(expr, *requests);
        reading.window.kind = WindowKind::requests;
        reading.window.requests = requests.value_or(0);
        break;
      }
      case ast::Window::Kind::sliding: {
        const std::optional<Time> length =
            read_time(context_, expr.over->length, "the length of a window");
        fit = length.has_value();
        reading.window.kind = WindowKind::sliding;
        reading.window.length_ns = length ? length->ns : 0;
        break;
      }
    }
  }
  if (expr.samples_min) {
    reading.samples_min = read_count(context_, *expr.samples_min, "a minimum of samples");
    fit = fit && reading.samples_min.has_value();
    const bool of_requests = fit && reading.window.kind == WindowKind::requests;
    if (of_requests && *reading.samples_min > reading.window.requests) {
      context_.diagnostics
          .report(Code::out_of_range, expr.samples_min->span,
                  "the window never holds as many samples")
          .label(expr.over->span, "it holds these")
          .with_help("write a smaller minimum, or a larger window");
      fit = false;
    }
  }
  if (expr.in) fit = fold(*expr.in, typed) && fit;
  typed.window = reading.window;
  return fit;
}

bool Checker::requests_fit(const ast::Expr& expr, uint32_t requests) {
  if (requests <= limits::window_requests_max) return true;
  context_.diagnostics
      .report(Code::out_of_range, expr.over->length.span,
              fmt::format("a window holds at most {} requests", limits::window_requests_max))
      .with_help("write a length of time, such as `over 1h`");
  return false;
}

// The cells a fold goes over; a cross has one for each combination of values.
uint64_t Checker::cells_of(const TypedFold& fold) const {
  uint64_t cells = fold.crossed ? 1 : 0;
  for (const uint32_t segment : fold.segments) {
    const uint64_t values = context_.policy.segments[segment].values.size();
    cells = fold.crossed ? cells * values : cells + values;
  }
  return cells;
}

bool Checker::fold_fits(const ast::SegmentFold& written, const TypedFold& fold) {
  const uint64_t cells = cells_of(fold);
  if (fold.crossed && cells > limits::product_cells_max) {
    context_.diagnostics
        .report(Code::too_many, written.span,
                fmt::format("this crosses segments into {} parts", cells))
        .with_note(fmt::format("the limit is {}", limits::product_cells_max))
        .with_help("`in any (region, device)` reads the segments one by one");
    return false;
  }
  if (fold.kind != FoldKind::at_least || fold.count <= cells) return true;
  context_.diagnostics
      .report(Code::out_of_range, written.at_least->span,
              fmt::format("there are only {} parts to be true in", cells))
      .with_help("write a smaller number");
  return false;
}

bool Checker::fold(const ast::SegmentFold& written, TypedExpr& typed) {
  TypedFold fold;
  fold.kind = written.at_least ? FoldKind::at_least
              : written.every  ? FoldKind::every
                               : FoldKind::any;
  fold.crossed = written.crossed;
  if (written.at_least) {
    const std::optional<uint32_t> count =
        read_count(context_, *written.at_least, "the number of segment values");
    if (!count) return false;
    fold.count = *count;
  }
  for (const ast::Name& name : written.segments) {
    const std::optional<uint32_t> row = find_segment(context_.policy, name.text);
    if (!row) {
      if (context_.is_news(name.text)) {
        report_unknown(context_.diagnostics, Code::unknown_name, "segment", name,
                       names_of(context_.scope.segments));
      }
      return false;
    }
    if (std::find(fold.segments.begin(), fold.segments.end(), *row) != fold.segments.end()) {
      context_.diagnostics.report(Code::duplicate_name, name.span,
                                  fmt::format("the segment `{}` is named twice", name.text));
      return false;
    }
    fold.segments.push_back(*row);
  }
  if (!fold_fits(written, fold)) return false;
  typed.fold = std::move(fold);
  return true;
}

}  // namespace rel::sema
