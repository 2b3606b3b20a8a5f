// Statistical comparisons: `failed worse than baseline by 50% at 99% confidence`. Which side is
// worse, which test fits the metric and the margin, and what is asked of the evidence. The
// condition that comes out compares the evidence of a test with log(1 / alpha): plain nodes.
#include <cmath>

#include <fmt/format.h>

#include "compiler/plan/render.h"
#include "compiler/sema/checker.h"
#include "compiler/sema/sample_unit.h"
#include "runtime/plan/text.h"
#include "runtime/stats/evidence.h"

namespace rel::sema {

namespace {

constexpr double confidence_min = 0.5;
constexpr double alpha_min = 1e-6;

Finding opposite(Finding finding) {
  return finding == Finding::above ? Finding::below : Finding::above;
}

// Where worse lies for a metric.
Finding worse_side(const TypedMetric& metric) {
  return metric.direction == Direction::lower_is_better ? Finding::above : Finding::below;
}

}  // namespace

bool Checker::reads_test(TypedId id) const {
  if (id.is_none()) return false;
  const TypedExpr& expr = typed(id);
  if (expr.op == Op::load) return context_.policy.aggregates[expr.aggregate].test.has_value();
  return reads_test(expr.left) || reads_test(expr.right);
}

Checked Checker::statistical(const ast::Expr& expr) {
  const std::optional<Subject> what = subject(at(expr.left));
  TypedComparison test;
  test.text = render_statement(context_.sources, expr.span);
  test.span = expr.span;
  const bool suffixes_fit = statistical_suffixes(expr, test);
  const std::optional<double> alpha = level(expr);
  if (!what || !suffixes_fit || !alpha) return poison();
  test.metric = what->metric;
  test.quantile = what->quantile;
  test.alpha = *alpha;
  const TypedMetric& metric = context_.policy.metrics[what->metric];
  const ast::Comparative& written = *expr.comparative;
  if (metric.direction == Direction::none && written.verb != ast::ComparativeVerb::equals) {
    context_.diagnostics
        .report(Code::no_direction, expr.span,
                fmt::format("`{}` does not say whether lower or higher is better", metric.name))
        .label(metric.name_span, "declared here")
        .with_help(metric.of ? "ask whether it is the same: `equals baseline within 2pp`; or count "
                               "it as a flag of its own that says so"
                             : "add `lower is better` or `higher is better` to the metric");
    return poison();
  }
  if (written.constant) return against_constant(expr, *what, std::move(test));
  if (written.reference->text != "baseline") {
    constexpr std::array<std::string_view, 1> arms = {"baseline"};
    report_unknown(context_.diagnostics, Code::unknown_word, "arm to compare with",
                   *written.reference, arms);
    return poison();
  }
  return against_baseline(expr, *what, std::move(test));
}

// What is compared: a metric of the candidate, or one number of it.
std::optional<Checker::Subject> Checker::subject(const ast::Expr& expr) {
  const auto is_pair = [](const ast::Expr& each) {
    return each.kind == ast::ExprKind::call && is_pair_function(each.name.text);
  };
  if (is_pair(expr)) {
    const std::optional<uint32_t> metric = pair_metric(expr);
    return metric ? std::optional(Subject{.metric = *metric}) : std::nullopt;
  }
  const bool call = expr.kind == ast::ExprKind::call && is_function(expr.name.text);
  const ast::Expr* named = &expr;
  if (call && !expr.arguments.empty()) named = &at(expr.arguments[0].value);
  const bool member = named->kind == ast::ExprKind::member;
  if (expr.kind == ast::ExprKind::error || named->kind == ast::ExprKind::error) return std::nullopt;
  const bool of_candidate = member && at(named->left).kind == ast::ExprKind::name &&
                            at(named->left).name.text == "candidate";
  const bool bare = named->kind == ast::ExprKind::name && !is_arm(named->name.text);
  const bool of_pairs = call && is_pair(*named);
  const bool of_value = call && named->kind == ast::ExprKind::equal;
  if (!bare && !of_candidate && !of_value && !of_pairs) {
    context_.diagnostics
        .report(Code::comparison_form, expr.span, "this is not a metric of the candidate")
        .with_help("name one: `failed worse than baseline`, `p99(latency) worse than 300ms`");
    return std::nullopt;
  }
  Subject made;
  if (!of_value) {
    const std::optional<uint32_t> metric =
        of_pairs ? pair_metric(*named) : metric_named(named->name);
    if (!metric) return std::nullopt;
    made.metric = *metric;
  }
  if (!call) return in_order(expr.span, made);
  // The aggregate is checked, and read for its function and quantile; it is not kept.
  Reading reading;
  const Checked checked = aggregate(expr, reading);
  if (checked.type == Type::poison) return std::nullopt;
  const TypedAggregate& read = context_.policy.aggregates[typed(checked.id).aggregate];
  if (of_value && (!read.metric || read.arm != Arm::candidate)) {
    context_.diagnostics.report(Code::comparison_form, expr.span,
                                "this is not a metric of the candidate");
    return std::nullopt;
  }
  if (of_value) made.metric = *read.metric;
  made.fn = read.fn;
  made.quantile = read.quantile;
  return in_order(expr.span, made);
}

// A category has values, of which none is more than another.
std::optional<Checker::Subject> Checker::in_order(Span span, const Subject& what) {
  const TypedMetric& metric = context_.policy.metrics[what.metric];
  if (metric.kind != MetricKind::category) return what;
  context_.diagnostics
      .report(Code::comparison_form, span,
              fmt::format("`{}` is a category: none of its values is more than another",
                          metric.name))
      .label(metric.name_span, "declared here")
      .with_help(fmt::format("compare how often it has one: `share({} == \"...\") equals baseline "
                             "within 2pp`",
                             metric.name));
  return std::nullopt;
}

bool Checker::statistical_suffixes(const ast::Expr& expr, TypedComparison& test) {
  bool fit = true;
  if (expr.over) {
    context_.diagnostics
        .report(Code::comparison_form, expr.over->span, "evidence has no window")
        .with_note("it grows from the start of the comparison, and may be looked at at any time")
        .with_help("remove it, or compare numbers: `rate(failed) > 2% over 5m`");
    fit = false;
  }
  if (expr.samples_min) {
    const auto least = read_count(context_, *expr.samples_min, "a minimum of samples");
    fit = fit && least.has_value();
    test.samples_min = least.value_or(0);
  }
  if (!expr.in) return fit;
  TypedExpr folded;
  if (!fold(*expr.in, folded)) return false;
  if (folded.fold->kind == FoldKind::at_least) {
    context_.diagnostics
        .report(Code::comparison_form, expr.in->span,
                "evidence is not counted over a number of parts")
        .with_note("the confidence of a comparison is that of one of them, or of each")
        .with_help("write `in any` or `in every`, or compare numbers: `rate(failed) > 2% over 5m "
                   "in at least 2 of region`");
    return false;
  }
  test.crossed = folded.fold->crossed;
  test.fold = folded.fold->kind == FoldKind::any ? TestFold::any : TestFold::every;
  test.segments = folded.fold->segments;
  return fit;
}

std::optional<double> Checker::level(const ast::Expr& expr) {
  const std::optional<ast::Quantity>& written = expr.comparative->confidence;
  if (!written) {
    const Span end{expr.span.file, expr.operator_span.end(), 0};
    context_.diagnostics
        .report(Code::no_confidence, expr.operator_span, "how sure must it be?")
        .with_note("1% of healthy releases go back by a trigger at 99% confidence, however long "
                   "it is watched")
        .with_fix(end, " at 99% confidence", "add `at 99% confidence`", false);
    return std::nullopt;
  }
  const std::optional<Share> share = read_share(context_, *written, "a confidence");
  if (!share) return std::nullopt;
  const double alpha = (1e6 - share->millionths) / 1e6;
  if (alpha >= alpha_min && 1 - alpha > confidence_min) return alpha;
  context_.diagnostics.report(Code::out_of_range, written->span, "this confidence is out of range")
      .with_help("write more than 50%, and at most 99.9999%");
  return std::nullopt;
}

// The side and size of a margin. `shift_is_worse`: the margin lies on the worse side of the
// baseline. `finding_is_worse`: what is found lies on the worse side of the margin.
std::optional<TypedComparison> Checker::with_margin(const ast::Expr& expr, const Subject& what,
                                              TypedComparison test, bool shift_is_worse,
                                              bool finding_is_worse) {
  const TypedMetric& metric = context_.policy.metrics[what.metric];
  const bool flag = metric.kind == MetricKind::flag;
  const Finding worse = metric.direction == Direction::none ? Finding::above : worse_side(metric);
  test.finding = finding_is_worse ? worse : opposite(worse);
  const bool up = (shift_is_worse ? worse : opposite(worse)) == Finding::above;
  const bool quantile = what.fn == AggregateFn::quantile;
  const bool of_means = what.fn == AggregateFn::mean || shift_is_worse != finding_is_worse;
  const std::optional<ast::Quantity>& written = expr.comparative->margin;
  const TestMethod ratio = flag       ? TestMethod::rate_ratio
                           : quantile ? TestMethod::quantile_ratio
                           : of_means ? TestMethod::mean_ratio
                                      : TestMethod::order;
  test.method = ratio;
  test.margin = 1;
  if (!written) return test;
  const std::optional<Amount> amount = read_amount(context_, *written);
  if (!amount) return std::nullopt;
  const double size = amount->value;
  const bool relative = amount->unit == ratio_unit;
  const Unit difference = flag || metric.unit == PlanUnit::ratio ? points_unit
                                                                 : unit_of(metric.unit);
  if (relative && size > 0 && (up || size < 1)) {
    test.margin = up ? 1 + size : 1 - size;
    return test;
  }
  if (!relative && !quantile && amount->unit == difference && size > 0 && (!flag || size < 1)) {
    test.method = flag ? TestMethod::rate_difference : TestMethod::mean_difference;
    test.margin = up ? size : -size;
    return test;
  }
  const bool unit_fits = relative || (!quantile && amount->unit == difference);
  context_.diagnostics
      .report(unit_fits ? Code::out_of_range : Code::wrong_quantity, written->span,
              unit_fits ? "this margin is out of range"
                        : "this margin does not fit what is compared")
      .primary("this is " + describe(amount->unit))
      .with_help(quantile ? "a quantile is compared by a ratio: `by 20%`"
                          : fmt::format("`by 20%` is a fifth of the baseline's number, `by {}` a "
                                        "difference",
                                        example_of(difference)));
  return std::nullopt;
}

Checked Checker::against_baseline(const ast::Expr& expr, const Subject& what,
                                  TypedComparison test) {
  if (context_.policy.metrics[what.metric].per == SampleUnit::pair) {
    context_.diagnostics
        .report(Code::comparison_form, expr.span, "a pair is of both arms already")
        .with_help("compare it with a number: `agreement(decision) worse than 99%`; alike in "
                   "failing is `loss(failed) worse than 50%`");
    return poison();
  }
  const ast::Comparative& written = *expr.comparative;
  const TypedMetric& metric = context_.policy.metrics[what.metric];
  const bool flag = metric.kind == MetricKind::flag;
  const bool fits = !what.fn || what.fn == (flag ? AggregateFn::rate : AggregateFn::mean) ||
                    what.fn == AggregateFn::quantile;
  const bool equals = written.verb == ast::ComparativeVerb::equals;
  if (!fits || (what.fn == AggregateFn::quantile && (equals || written.negated))) {
    context_.diagnostics
        .report(Code::comparison_form, at(expr.left).span,
                "this number cannot be compared with the baseline's in this way")
        .with_help("compare the metric itself, its `mean`, or a quantile `worse than` or `better "
                   "than` the baseline");
    return poison();
  }
  if (equals) {
    const auto upper = with_margin(expr, what, test, true, false);
    const auto lower = with_margin(expr, what, test, false, true);
    if (!upper || !lower) return poison();
    const Checked not_above = evidence_of(*upper, expr);
    const Checked not_below = evidence_of(*lower, expr);
    if (not_above.type == Type::poison || not_below.type == Type::poison) return poison();
    TypedExpr both;
    both.op = Op::logical_and;
    both.span = expr.span;
    both.left = not_above.id;
    both.right = not_below.id;
    return add(Type::verdict, std::move(both));
  }
  if (written.negated && !written.margin) {
    context_.diagnostics
        .report(Code::no_margin, expr.operator_span,
                "no amount of data shows that there is no difference at all")
        .with_help("say how much may be lost: `not worse than baseline by 1pp`");
    return poison();
  }
  const bool worse = written.verb == ast::ComparativeVerb::worse;
  const std::optional<TypedComparison> made =
      with_margin(expr, what, std::move(test), worse, worse != written.negated);
  if (!made) return poison();
  const Checked evidence = evidence_of(*made, expr);
  if (!written.estimate_min || evidence.type == Type::poison) return evidence;
  const std::optional<Amount> least = read_amount(context_, *written.estimate_min);
  return least ? with_estimate(expr, evidence, *least) : poison();
}

Checked Checker::against_constant(const ast::Expr& expr, const Subject& what,
                                  TypedComparison test) {
  const ast::Comparative& written = *expr.comparative;
  const TypedMetric& metric = context_.policy.metrics[what.metric];
  const bool flag = metric.kind == MetricKind::flag;
  const std::optional<Amount> amount = read_amount(context_, *written.constant);
  if (!amount) return poison();
  const bool worse = written.verb == ast::ComparativeVerb::worse;
  if (written.negated || written.margin || written.estimate_min) {
    context_.diagnostics
        .report(Code::comparison_form, expr.operator_span,
                "a comparison with a number is `worse than` or `better than` it")
        .with_help(fmt::format("put the margin into the number: `{} than {}`",
                               worse != written.negated ? "worse" : "better",
                               context_.sources.text(written.constant->span)));
    return poison();
  }
  const Finding worse_is = worse_side(metric);
  test.finding = worse ? worse_is : opposite(worse_is);
  test.margin = amount->value;
  Unit wanted = unit_of(metric.unit);
  bool in_range = amount->value > 0;
  if (flag && (!what.fn || what.fn == AggregateFn::rate)) {
    test.method = TestMethod::rate_level;
    in_range = amount->value > 0 && amount->value < 1;
  } else if (flag && what.fn == AggregateFn::count && test.finding == Finding::above) {
    test.method = TestMethod::event_level;
    wanted = unit_of(PlanUnit::per_second);
  } else if (what.fn == AggregateFn::quantile) {
    test.method = TestMethod::quantile_level;
  } else if (what.fn == AggregateFn::mean && metric.unit == PlanUnit::ratio) {
    test.method = TestMethod::mean_level;
    in_range = amount->value > 0 && amount->value < 1;
  } else {
    context_.diagnostics
        .report(Code::comparison_form, expr.span,
                "no exact test compares this with a number")
        .label(metric.name_span, "declared here")
        .with_note("the mean of values without an upper end can be moved by a single one")
        .with_help(fmt::format("compare a quantile, such as `p99({0}) worse than ...`, or with "
                               "the baseline: `{0} worse than baseline`",
                               metric.name));
    return poison();
  }
  if (amount->unit != wanted || !in_range) {
    context_.diagnostics
        .report(amount->unit != wanted ? Code::wrong_quantity : Code::out_of_range,
                written.constant->span, "the number does not fit what is compared")
        .primary("this is " + describe(amount->unit))
        .with_help(fmt::format("write {}, such as `{}`", describe(wanted), example_of(wanted)));
    return poison();
  }
  return evidence_of(std::move(test), expr);
}

TypedId Checker::load_of(const TypedComparison& test, uint32_t row, AggregateFn fn, Arm arm,
                         Span span) {
  TypedAggregate aggregate;
  aggregate.fn = fn;
  aggregate.arm = arm;
  aggregate.metric = test.metric;
  aggregate.test = row;
  TypedExpr load;
  load.op = Op::load;
  load.span = span;
  load.aggregate = static_cast<uint32_t>(context_.policy.aggregates.size());
  context_.policy.aggregates.push_back(std::move(aggregate));
  return add(Type::number, std::move(load)).id;
}

Checked Checker::evidence_of(TypedComparison test, const ast::Expr& expr) {
  test.metric = worst_case_row(context_.policy, *test.metric, test.finding);
  const auto row = static_cast<uint32_t>(context_.policy.comparisons.size());
  TypedExpr threshold;
  threshold.op = Op::constant;
  threshold.span = expr.operator_span;
  threshold.constant = stats::evidence_threshold(test.alpha);
  TypedExpr reached;
  reached.op = Op::ge;
  reached.span = expr.span;
  reached.left = load_of(test, row, AggregateFn::evidence, Arm::candidate, at(expr.left).span);
  context_.policy.comparisons.push_back(std::move(test));
  reached.right = add(Type::number, std::move(threshold)).id;
  if (reached.left.is_none() || reached.right.is_none()) return poison();
  return add(Type::verdict, std::move(reached));
}

// The second form of a margin: any difference with the confidence, and an estimate of at least so
// much. A true difference of just that much is then found half the time; `by` would hardly find it.
Checked Checker::with_estimate(const ast::Expr& expr, const Checked& evidence,
                               const Amount& least) {
  const auto row = static_cast<uint32_t>(context_.policy.comparisons.size() - 1);
  const TypedComparison test = context_.policy.comparisons[row];
  const TypedMetric& metric = context_.policy.metrics[*test.metric];
  const bool shares = metric.kind == MetricKind::flag || metric.unit == PlanUnit::ratio;
  const Unit wanted = shares ? points_unit : unit_of(metric.unit);
  const bool fits = test.fold == TestFold::everybody && test.method != TestMethod::quantile_ratio;
  if (!fits || least.unit != wanted || !(least.value > 0)) {
    context_.diagnostics
        .report(fits ? Code::wrong_quantity : Code::comparison_form,
                expr.comparative->estimate_min->span,
                fits ? "the estimate is a difference in the unit of the metric"
                     : "an estimate is asked of everybody, and of shares or means")
        .with_help(fmt::format("such as `with estimate at least {}`", example_of(wanted)));
    return poison();
  }
  const bool above = test.finding == Finding::above;
  TypedExpr apart;
  apart.op = Op::sub;
  apart.span = expr.span;
  apart.left = load_of(test, row, AggregateFn::estimate, above ? Arm::candidate : Arm::baseline,
                       expr.span);
  apart.right = load_of(test, row, AggregateFn::estimate, above ? Arm::baseline : Arm::candidate,
                        expr.span);
  TypedExpr limit;
  limit.op = Op::constant;
  limit.span = expr.comparative->estimate_min->span;
  limit.constant = least.value;
  limit.unit = least.unit;
  TypedExpr enough;
  enough.op = Op::ge;
  enough.span = expr.span;
  enough.left = add(Type::number, std::move(apart)).id;
  enough.right = add(Type::number, std::move(limit)).id;
  if (enough.left.is_none() || enough.right.is_none()) return poison();
  const Checked large = add(Type::verdict, std::move(enough));
  if (large.type == Type::poison) return poison();
  TypedExpr both;
  both.op = Op::logical_and;
  both.span = expr.span;
  both.left = evidence.id;
  both.right = large.id;
  return add(Type::verdict, std::move(both));
}

}  // namespace rel::sema
