// Numbers read from data: `p99(candidate.latency)`, `rate(failed)`, `samples(candidate)`.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/sema/category.h"
#include "compiler/sema/checker.h"

namespace rel::sema {

namespace {

constexpr uint32_t samples_min_default = 100;

struct FunctionRow {
  std::string_view name;
  AggregateFn fn;
  double quantile;
};

constexpr std::array<FunctionRow, 19> function_rows = {{
    {"p50", AggregateFn::quantile, 0.5},
    {"p75", AggregateFn::quantile, 0.75},
    {"p90", AggregateFn::quantile, 0.9},
    {"p95", AggregateFn::quantile, 0.95},
    {"p99", AggregateFn::quantile, 0.99},
    {"p999", AggregateFn::quantile, 0.999},
    {"quantile", AggregateFn::quantile, 0},  // its second argument
    {"mean", AggregateFn::mean, 0},
    {"sum", AggregateFn::sum, 0},
    {"min", AggregateFn::min, 0},
    {"max", AggregateFn::max, 0},
    {"drift", AggregateFn::psi, 0},
    {"jensen_shannon", AggregateFn::jensen_shannon, 0},
    {"ks", AggregateFn::kolmogorov_smirnov, 0},
    {"rate", AggregateFn::rate, 0},
    {"share", AggregateFn::rate, 0},
    {"count", AggregateFn::count, 0},
    {"samples", AggregateFn::samples, 0},
    {"requests", AggregateFn::samples, 0},
}};

const FunctionRow& function_row(std::string_view name) {
  for (const FunctionRow& row : function_rows) {
    if (row.name == name) return row;
  }
  return function_rows.front();
}

// A window of fewer requests than the minimum could never be enough.
uint32_t minimum_by_default(const Reading& reading) {
  const bool requests = reading.window.kind == WindowKind::requests;
  return requests ? std::min(samples_min_default, reading.window.requests) : samples_min_default;
}

// A share of values for KS; the others have no unit.
PlanUnit drift_unit(AggregateFn fn) {
  return fn == AggregateFn::kolmogorov_smirnov ? PlanUnit::ratio : PlanUnit::number;
}

bool heeds_minimum(AggregateFn fn) {
  return fn != AggregateFn::samples && fn != AggregateFn::count;
}

}  // namespace

Checked Checker::call(const ast::Expr& expr, Reading& reading) {
  const std::string& name = expr.name.text;
  for (const ast::Argument& argument : expr.arguments) {
    if (!argument.by || name == "spread") continue;
    context_.diagnostics
        .report(Code::wrong_arguments, argument.by->span, "`by` divides evidence, in `spread`")
        .with_help("segments of live data are read by `in any region`, at the end of a comparison");
    return poison();
  }
  if (name == "evidence") return evidence(expr, reading);
  if (!expr.path.empty()) {
    context_.diagnostics
        .report(Code::unknown_word, expr.path[0].span,
                fmt::format("`{}` has no parts", name))
        .with_help("only `evidence(\"file.json\")` has: `evidence(\"eval.json\").auc`");
    return poison();
  }
  if (name == "spread") return spread(expr, reading);
  if (is_pair_function(name)) return pair_number(expr, reading);
  if (is_function(name)) return aggregate(expr, reading);
  if (const auto guard = context_.scope.guards.find(name); guard != context_.scope.guards.end()) {
    return guard_call(expr, guard->second, reading);
  }
  if (!context_.is_news(name)) return poison();
  std::vector<std::string_view> known = function_names();
  for (const std::string_view guard : names_of(context_.scope.guards)) known.push_back(guard);
  report_unknown(context_.diagnostics, Code::unknown_name, "guard or function", expr.name, known);
  return poison();
}

Checked Checker::aggregate(const ast::Expr& expr, Reading& reading) {
  const FunctionRow& function = function_row(expr.name.text);
  const bool general = expr.name.text == "quantile";
  const size_t wanted = general ? 2 : 1;
  bool named = false;
  for (const ast::Argument& argument : expr.arguments) named = named || argument.name.has_value();
  if (expr.arguments.size() != wanted || named) {
    context_.diagnostics
        .report(Code::wrong_arguments, expr.span,
                fmt::format("`{}` takes {}", expr.name.text,
                            general ? "a metric and a share" : "one argument"))
        .with_help(general ? "such as `quantile(latency, 99.9%)`"
                           : fmt::format("such as `{}(candidate{})`", expr.name.text,
                                         function.fn == AggregateFn::samples ? "" : ".latency"));
    return poison();
  }
  const std::optional<Series> read = series(expr, expr.arguments[0].value);
  if (!read || !function_fits(expr, function.fn, *read)) return poison();
  if (!is_told(expr, function.fn, *read) || !has_both_arms(expr, function.fn, *read)) {
    return poison();
  }
  double quantile = function.quantile;
  if (general) {
    const std::optional<double> share = quantile_of(expr);
    if (!share) return poison();
    quantile = *share;
  }
  return add_aggregate(expr, *read, function.fn, quantile, reading);
}

Checked Checker::add_aggregate(const ast::Expr& expr, const Series& series, AggregateFn fn,
                               double quantile, Reading& reading) {
  TypedAggregate aggregate;
  aggregate.fn = fn;
  aggregate.arm = series.arm;
  aggregate.metric = series.metric;
  aggregate.quantile = quantile;
  aggregate.window = reading.window;
  const bool counts = !heeds_minimum(fn);
  if (!counts) aggregate.samples_min = reading.samples_min.value_or(minimum_by_default(reading));
  aggregate.unit = counts                     ? PlanUnit::requests
                   : compares_histograms(fn) ? drift_unit(fn)
                                             : context_.policy.metrics[*series.metric].unit;
  ++reading.aggregates;
  if (!counts) ++reading.guarded;
  TypedExpr load;
  load.op = Op::load;
  load.span = expr.span;
  load.unit = unit_of(aggregate.unit);
  load.aggregate = static_cast<uint32_t>(context_.policy.aggregates.size());
  context_.policy.aggregates.push_back(std::move(aggregate));
  return add(Type::number, std::move(load));
}

std::optional<uint32_t> Checker::metric_named(const ast::Name& name) {
  const std::optional<uint32_t> row = find_metric(context_.policy, name.text);
  if (row) {
    const bool poisoned = context_.policy.metrics[*row].poisoned;
    return poisoned ? std::nullopt : row;
  }
  if (context_.is_news(name.text)) {
    report_unknown(context_.diagnostics, Code::unknown_name, "metric", name,
                   names_of(context_.scope.metrics));
  }
  return std::nullopt;
}

// `latency` and `candidate.latency` are a metric of an arm; `candidate` alone is its requests.
std::optional<Checker::Series> Checker::series(const ast::Expr& call, ast::ExprId argument) {
  const ast::Expr& expr = at(argument);
  const auto arm_of = [](std::string_view text) {
    return text == "baseline" ? Arm::baseline : Arm::candidate;
  };
  if (expr.kind == ast::ExprKind::equal && at(expr.right).kind == ast::ExprKind::string) {
    return category_series(call, expr);
  }
  if (expr.kind == ast::ExprKind::call && is_pair_function(expr.name.text)) {
    const std::optional<uint32_t> metric = pair_metric(expr);
    if (!metric) return std::nullopt;
    return Series{Arm::candidate, metric};
  }
  if (expr.kind == ast::ExprKind::name && is_arm(expr.name.text)) {
    if (!heeds_minimum(function_row(call.name.text).fn) && call.name.text != "count") {
      return Series{arm_of(expr.name.text), std::nullopt};
    }
    context_.diagnostics
        .report(Code::aggregate_of_kind, expr.span,
                fmt::format("`{}` needs a metric, `{}` is an arm", call.name.text, expr.name.text))
        .with_help(fmt::format("name the metric: `{}({}.latency)`", call.name.text,
                               expr.name.text));
    return std::nullopt;
  }
  if (expr.kind == ast::ExprKind::name) {
    const std::optional<uint32_t> metric = metric_named(expr.name);
    if (!metric) return std::nullopt;
    return Series{Arm::candidate, metric};
  }
  if (expr.kind == ast::ExprKind::member && at(expr.left).kind == ast::ExprKind::name) {
    const ast::Name& arm = at(expr.left).name;
    if (!is_arm(arm.text)) {
      constexpr std::array<std::string_view, 2> arms = {"candidate", "baseline"};
      report_unknown(context_.diagnostics, Code::unknown_word, "arm", arm, arms);
      return std::nullopt;
    }
    const std::optional<uint32_t> metric = metric_named(expr.name);
    if (!metric) return std::nullopt;
    return Series{arm_of(arm.text), metric};
  }
  if (expr.kind == ast::ExprKind::error) return std::nullopt;
  context_.diagnostics
      .report(Code::aggregate_of_kind, expr.span,
              fmt::format("`{}` reads a metric", call.name.text))
      .primary("this is not one")
      .with_help(fmt::format("name a metric, such as `{}(candidate.latency)`", call.name.text));
  return std::nullopt;
}

// `decision == "fraud"`: the flag that is true where the category has this value.
std::optional<Checker::Series> Checker::category_series(const ast::Expr& call,
                                                        const ast::Expr& equal) {
  const bool of_metric = at(equal.left).kind == ast::ExprKind::name ||
                         at(equal.left).kind == ast::ExprKind::member;
  const std::optional<Series> whole = of_metric ? series(call, equal.left) : std::nullopt;
  if (of_metric && !whole) return std::nullopt;
  if (!whole || !whole->metric) {
    context_.diagnostics
        .report(Code::aggregate_of_kind, equal.span, "only a category has values to compare with")
        .with_help(fmt::format("such as `{}(decision == \"fraud\")`", call.name.text));
    return std::nullopt;
  }
  const std::string& value = at(equal.right).string.value;
  const TypedMetric& category = context_.policy.metrics[*whole->metric];
  if (category.kind != MetricKind::category || value.empty()) {
    context_.diagnostics
        .report(Code::aggregate_of_kind, equal.span,
                value.empty() ? std::string{"a category has no empty value"}
                              : fmt::format("`{}` is not a category", category.name))
        .label(category.name_span, "declared here")
        .with_help("a metric with a few values that are texts is a `category per request`");
    return std::nullopt;
  }
  return Series{whole->arm, category_value(context_.policy, *whole->metric, value)};
}

// What to write instead of a function that a kind of metric does not have.
std::string Checker::fitting_call(const TypedMetric& metric, std::string_view function,
                                  std::string_view argument) {
  switch (metric.kind) {
    case MetricKind::flag: return fmt::format("the share of true ones is `rate({})`", argument);
    case MetricKind::category:
      return fmt::format("name the value: `share({} == \"...\")` or `count({} == \"...\")`",
                         argument, argument);
    case MetricKind::gauge:
      if (function != "sum") break;
      return fmt::format("a level does not add up: write `mean({})` or `max({})`", argument,
                         argument);
    case MetricKind::count:
      if (function != "rate" && function != "count" && function != "share") break;
      return fmt::format("write `sum({})` for all of them, `mean({})` for those of a request",
                         argument, argument);
    case MetricKind::duration:
    case MetricKind::value: break;
  }
  return fmt::format("write `p99({})`, `mean({})` or `samples({})`", argument, argument, argument);
}

bool Checker::function_fits(const ast::Expr& call, AggregateFn fn, const Series& series) {
  if (!series.metric) return true;
  const TypedMetric& metric = context_.policy.metrics[*series.metric];
  const bool flag = metric.kind == MetricKind::flag;
  const bool category = metric.kind == MetricKind::category;
  const bool gauge = metric.kind == MetricKind::gauge;
  const std::string_view name = call.name.text;
  const std::string_view argument = context_.sources.text(at(call.arguments[0].value).span);
  if (name == "requests") {
    context_.diagnostics
        .report(Code::aggregate_of_kind, call.span, "`requests` counts the requests of an arm")
        .with_help(fmt::format("write `requests(candidate)`, or `samples({})`", argument));
    return false;
  }
  const bool wants_flag = fn == AggregateFn::rate || fn == AggregateFn::count;
  const bool wants_value = !wants_flag && fn != AggregateFn::samples;
  const bool adds_levels = fn == AggregateFn::sum && gauge;
  if ((!wants_flag || flag) && (!wants_value || (!flag && !category)) && !adds_levels) return true;
  const std::string kind = flag                                ? std::string{"a flag"}
                           : category                          ? std::string{"a category"}
                           : gauge                             ? std::string{"a gauge"}
                           : metric.kind == MetricKind::count ? std::string{"a count"}
                                                               : describe(unit_of(metric.unit));
  context_.diagnostics
      .report(Code::aggregate_of_kind, call.span,
              fmt::format("`{}` has no meaning for `{}`, which is {}", name, metric.name, kind))
      .label(metric.name_span, "declared here")
      .with_help(fitting_call(metric, name, argument));
  return false;
}

// Where absence counts against a conclusion, a number has none to count against.
bool Checker::is_told(const ast::Expr& call, AggregateFn fn, const Series& series) {
  if (!series.metric || fn == AggregateFn::samples) return true;
  const TypedMetric& metric = context_.policy.metrics[*series.metric];
  if (!metric.worst_case) return true;
  context_.diagnostics
      .report(Code::sample_unit, call.span,
              fmt::format("`{}` counts what is absent against what is to be shown", metric.name))
      .label(metric.name_span, "declared here")
      .with_note("a number shows nothing by itself")
      .with_help(fmt::format("compare it: `{} worse than baseline at 99% confidence`; or declare "
                             "`absent is missing`",
                             metric.name));
  return false;
}

// Drift is of the candidate from the baseline.
bool Checker::has_both_arms(const ast::Expr& call, AggregateFn fn, const Series& series) {
  if (!compares_histograms(fn)) return true;
  const bool pair = context_.policy.metrics[*series.metric].per == SampleUnit::pair;
  if (series.arm == Arm::candidate && !pair) return true;
  context_.diagnostics
      .report(Code::aggregate_of_kind, call.span,
              fmt::format("`{}` is how far the candidate is from the baseline", call.name.text))
      .primary(pair ? "a pair has no baseline of its own" : "this is the baseline")
      .with_help(fmt::format("such as `{}(candidate.score)`", call.name.text));
  return false;
}

std::optional<double> Checker::quantile_of(const ast::Expr& call) {
  const ast::ExprId argument = call.arguments[1].value;
  const std::optional<Amount> amount = constant(argument);
  if (!amount) return std::nullopt;
  const bool fits = (amount->unit == ratio_unit || amount->unit == plain_unit) &&
                    amount->value > 0 && amount->value < 1;
  if (fits) return amount->value;
  context_.diagnostics.report(Code::bad_quantile, at(argument).span, "this is not a quantile")
      .with_help("write a share between 0% and 100%, such as `99.9%`");
  return std::nullopt;
}

}  // namespace rel::sema
