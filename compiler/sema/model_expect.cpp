// `expect { traffic 120/s; failed 0.4%; latency.p99 95ms; region.us 55% }` of a model.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/category.h"

namespace rel::sema {

namespace {

using Fact = ast::ExpectedFact;

class ExpectedChecker {
 public:
  ExpectedChecker(const Context& context, TypedExpected& typed)
      : context_(context), typed_(typed) {}

  void check(const ast::Expected& written) {
    typed_.span = written.span;
    for (const Fact& fact : written.facts) check_fact(fact);
    for (ExpectedMetric& metric : typed_.metrics) check_quantiles(metric);
    check_sums();
  }

 private:
  void check_fact(const Fact& fact) {
    const std::string& subject = fact.subject.text;
    if (const auto metric = find_metric(context_.policy, subject)) return of_metric(fact, *metric);
    if (const auto segment = find_segment(context_.policy, subject))
      return of_segment(fact, *segment);
    if (subject == "traffic" && !fact.part) return of_traffic(fact);
    if (!context_.is_news(subject)) return;
    std::vector<std::string_view> known = names_of(context_.scope.metrics);
    for (const std::string_view segment : names_of(context_.scope.segments))
      known.push_back(segment);
    known.push_back("traffic");
    report_unknown(context_.diagnostics, Code::unknown_name, "metric or segment", fact.subject,
                   known);
  }

  void said_twice(const Fact& fact, Span first) {
    context_.diagnostics.report(Code::repeated_clause, fact.span, "this is said twice")
        .primary("said again here")
        .label(first, "first said here");
  }

  // The number of a fact, in its unit. No value: reported.
  std::optional<double> number(const Fact& fact, Unit unit, std::string_view wanted) {
    const std::optional<Amount> amount = read_amount(context_, fact.value);
    if (!amount) return std::nullopt;
    const bool count = unit == tokens_unit && amount->unit == plain_unit;
    if (amount->unit == unit || count) return amount->value;
    context_.diagnostics
        .report(Code::wrong_quantity, fact.value.span,
                fmt::format("`{}` must be {}", fact.subject.text, wanted))
        .primary("this is " + describe(amount->unit));
    return std::nullopt;
  }

  std::optional<double> share(const Fact& fact) {
    const auto ratio = number(fact, ratio_unit, "a share, such as `0.4%`");
    if (!ratio || *ratio <= 1) return ratio;
    context_.diagnostics.report(Code::out_of_range, fact.value.span, "a share is at most 100%");
    return std::nullopt;
  }

  void of_traffic(const Fact& fact) {
    if (typed_.traffic_per_s != 0) return said_twice(fact, traffic_span_);
    traffic_span_ = fact.span;
    const auto rate = number(fact, unit_of(PlanUnit::per_second), "requests in a time: `120/s`");
    if (rate) typed_.traffic_per_s = *rate;
  }

  void of_metric(const Fact& fact, uint32_t row) {
    const TypedMetric& metric = context_.policy.metrics[row];
    if (metric.poisoned) return;
    if (metric.kind == MetricKind::category) return of_category(fact, row);
    const auto found = std::find_if(typed_.metrics.begin(), typed_.metrics.end(),
                                    [&](const ExpectedMetric& each) { return each.metric == row; });
    ExpectedMetric fresh{row, std::nullopt, std::nullopt, {}, fact.span};
    ExpectedMetric& expected =
        found != typed_.metrics.end() ? *found : typed_.metrics.emplace_back(std::move(fresh));
    if (metric.kind == MetricKind::flag) return of_flag(fact, expected);
    const Unit unit = unit_of(metric.unit);
    const std::string wanted = fmt::format("in the unit of the metric, {}", describe(unit));
    const auto value = number(fact, unit, wanted);
    if (!value) return;
    if (!fact.part || fact.part->text == "mean") {
      if (expected.mean) return said_twice(fact, expected.span);
      expected.mean = value;
      return;
    }
    if (const auto quantile = quantile_named(*fact.part))
      expected.quantiles.push_back({*quantile, *value, fact.span});
  }

  // `finish."refusal" 2%`
  void of_category(const Fact& fact, uint32_t row) {
    const std::string& name = context_.policy.metrics[row].name;
    if (!fact.part) {
      context_.diagnostics
          .report(Code::wrong_quantity, fact.span,
                  fmt::format("the category `{}` is divided by its values", name))
          .with_help(fmt::format("write `{}.\"...\" 50%`", name));
      return;
    }
    const auto value = counted_value(context_, row, fact.part->text, fact.part->span);
    const auto part = share(fact);
    if (!value || !part) return;
    for (const ExpectedMetric& each : typed_.metrics)
      if (each.metric == *value) return said_twice(fact, each.span);
    typed_.metrics.push_back({*value, *part, std::nullopt, {}, fact.span});
  }

  void of_flag(const Fact& fact, ExpectedMetric& expected) {
    if (fact.part && fact.part->text != "rate") {
      constexpr std::string_view parts[] = {"rate"};
      report_unknown(context_.diagnostics, Code::unknown_word, "number of a flag", *fact.part,
                     parts);
      return;
    }
    const auto rate = share(fact);
    if (!rate) return;
    if (expected.rate) return said_twice(fact, expected.span);
    expected.rate = rate;
  }

  std::optional<double> quantile_named(const ast::Name& part) {
    constexpr std::pair<std::string_view, double> quantiles[] = {
        {"p50", 0.5},  {"p75", 0.75}, {"p90", 0.9},
        {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};
    for (const auto& [name, quantile] : quantiles)
      if (name == part.text) return quantile;
    constexpr std::string_view known[] = {"mean", "p50", "p75", "p90", "p95", "p99", "p999"};
    report_unknown(context_.diagnostics, Code::unknown_word, "number of a metric", part, known);
    return std::nullopt;
  }

  void of_segment(const Fact& fact, uint32_t row) {
    const TypedSegment& segment = context_.policy.segments[row];
    const std::vector<std::string_view> values(segment.values.begin(), segment.values.end());
    if (!fact.part) {
      context_.diagnostics
          .report(Code::wrong_quantity, fact.span,
                  fmt::format("the segment `{}` is divided by its values", segment.name))
          .with_help(fmt::format("write `{}.{} 50%`", segment.name,
                                 values.empty() ? "value" : values.front()));
      return;
    }
    const auto value = std::find(values.begin(), values.end(), fact.part->text);
    if (value == values.end()) {
      report_unknown(context_.diagnostics, Code::unknown_name, "value", *fact.part, values)
          .label(segment.name_span, "of this segment");
      return;
    }
    const auto part = share(fact);
    const auto index = static_cast<uint32_t>(value - values.begin());
    for (const ExpectedShare& each : typed_.shares)
      if (each.segment == row && each.value == index) return said_twice(fact, each.span);
    if (part) typed_.shares.push_back({row, index, *part, fact.span});
  }

  void check_quantiles(ExpectedMetric& metric) {
    std::stable_sort(metric.quantiles.begin(), metric.quantiles.end(),
                     [](const auto& a, const auto& b) { return a.quantile < b.quantile; });
    for (size_t i = 1; i < metric.quantiles.size(); ++i) {
      const ExpectedQuantile& low = metric.quantiles[i - 1];
      const ExpectedQuantile& high = metric.quantiles[i];
      if (low.value <= high.value && low.quantile < high.quantile) continue;
      context_.diagnostics
          .report(Code::expected_values, high.span, "a higher quantile is expected to be smaller")
          .label(low.span, "than this one")
          .with_help("quantiles rise: p50 is at most p99");
    }
  }

  void check_sums() {
    for (uint32_t row = 0; row < context_.policy.metrics.size(); ++row) {
      double sum = 0;
      Span last;
      for (const ExpectedMetric& each : typed_.metrics) {
        if (context_.policy.metrics[each.metric].of != row) continue;
        sum += each.rate.value_or(0);
        last = each.span;
      }
      exceeds(sum, last, context_.policy.metrics[row].name);
    }
    for (uint32_t row = 0; row < context_.policy.segments.size(); ++row) {
      double sum = 0;
      const ExpectedShare* last = nullptr;
      for (const ExpectedShare& each : typed_.shares) {
        if (each.segment != row) continue;
        sum += each.share;
        last = &each;
      }
      if (last != nullptr) exceeds(sum, last->span, context_.policy.segments[row].name);
    }
  }

  void exceeds(double sum, Span last, std::string_view name) {
    constexpr double rounding = 1e-9;
    if (sum <= 1 + rounding) return;
    context_.diagnostics
        .report(Code::expected_values, last,
                fmt::format("the values of `{}` add up to more than 100%", name))
        .with_help("what is left below 100% is shared by the values that are not named");
  }

  const Context& context_;
  TypedExpected& typed_;
  Span traffic_span_;
};

}  // namespace

void check_expected(const Context& context) {
  for (const auto& [name, declared] : context.scope.models) {
    const std::optional<uint32_t> row = find_model(context.policy, name);
    if (!row || !declared.node->expected) continue;
    TypedExpected typed;
    ExpectedChecker(context, typed).check(*declared.node->expected);
    context.policy.models[*row].expected = std::move(typed);
  }
}

}  // namespace rel::sema
