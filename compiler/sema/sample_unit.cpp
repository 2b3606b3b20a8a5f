#include "compiler/sema/sample_unit.h"

#include <array>

#include <fmt/format.h>

namespace rel::sema {

namespace {

constexpr std::array<std::string_view, 4> units = {"request", "label", "user", "session"};
constexpr std::array<std::string_view, 4> absents = {"missing", "false", "zero", "worst"};

std::optional<SampleUnit> unit_named(std::string_view name) {
  if (name == "request") return SampleUnit::request;
  if (name == "label") return SampleUnit::label;
  if (name == "user") return SampleUnit::user;
  if (name == "session") return SampleUnit::session;
  return std::nullopt;
}

void misfit(const Context& context, Span span, std::string message, std::string help) {
  context.diagnostics.report(Code::sample_unit, span, std::move(message))
      .with_help(std::move(help));
}

void check_absent(const Context& context, const ast::Metric& metric, TypedMetric& typed) {
  const ast::Name& absent = *metric.absent;
  const bool flag = typed.kind == MetricKind::flag;
  if (absent.text == "missing") return;
  if (absent.text == (flag ? "false" : "zero")) {
    typed.absent = AbsentSample::zero;
    return;
  }
  if (absent.text == "worst" && flag && typed.per == SampleUnit::label) {
    typed.worst_case = true;
    return;
  }
  if (absent.text == "worst") {
    misfit(context, absent.span, fmt::format("`{}` has no worst case", typed.name),
           "only a flag per label has: whoever has no label then counts against what is to be "
           "shown");
    return;
  }
  if (absent.text == "false" || absent.text == "zero") {
    misfit(context, absent.span,
           fmt::format("an absent {} is `{}`", metric.kind.text, flag ? "false" : "zero"),
           "or `missing`: then it is not counted");
    return;
  }
  report_unknown(context.diagnostics, Code::unknown_word, "value for what is absent", absent,
                 absents);
}

// A request is a sample when it is answered: nothing is waited for.
void check_request(const Context& context, const ast::Metric& metric) {
  if (metric.within) {
    misfit(context, metric.within->span, "a request is counted when it is answered",
           "`within` belongs to `per label`, `per user` and `per session`");
  }
  if (metric.absent) {
    misfit(context, metric.absent->span, "a request without a value is not counted",
           "`absent is` belongs to `per label`, `per user` and `per session`");
  }
}

}  // namespace

void check_sample_unit(const Context& context, const ast::Metric& metric, TypedMetric& typed) {
  const std::string_view written = metric.unit_of_analysis ? metric.unit_of_analysis->text
                                                           : std::string_view{"request"};
  const std::optional<SampleUnit> unit = unit_named(written);
  if (!unit) {
    report_unknown(context.diagnostics, Code::unknown_word, "unit of analysis",
                   *metric.unit_of_analysis, units);
    return;
  }
  typed.per = *unit;
  if (*unit == SampleUnit::request) return check_request(context, metric);
  if (metric.source != ast::MetricSourceKind::none) {
    misfit(context, metric.source_span,
           fmt::format("`{}` comes after the answer, not with it", typed.name),
           "values per label, user and session come as events of their own");
  }
  typed.source = MetricSource::event_field;
  const ast::Name& per = *metric.unit_of_analysis;
  const bool total = *unit != SampleUnit::label;
  if (typed.kind == MetricKind::category || (total && typed.kind == MetricKind::gauge)) {
    misfit(context, per.span,
           fmt::format("a {} cannot be counted `per {}`", metric.kind.text, written),
           "a level does not add up, and a text comes with its request; flags and numbers can");
  }
  if (!metric.within) {
    misfit(context, per.span, fmt::format("`per {}` does not say when it is known", written),
           fmt::format("say how long is waited: `per {} within 3d`", written));
  } else if (const auto within = read_time(context, *metric.within, "the time of a sample")) {
    typed.within_ns = within->ns;
  }
  if (!metric.absent) {
    misfit(context, per.span,
           fmt::format("`{}` does not say what it is where nothing comes", typed.name),
           "add `absent is missing`: it is not counted; or `absent is false`, `zero` for numbers");
    return;
  }
  check_absent(context, metric, typed);
}

uint32_t derived_row(TypedPolicy& policy, TypedMetric derived) {
  for (uint32_t row = 0; row < policy.metrics.size(); ++row) {
    if (policy.metrics[row].name == derived.name) return row;
  }
  policy.metrics.push_back(std::move(derived));
  return static_cast<uint32_t>(policy.metrics.size() - 1);
}

uint32_t worst_case_row(TypedPolicy& policy, uint32_t metric, Finding finding) {
  TypedMetric derived = policy.metrics[metric];
  if (!derived.worst_case) return metric;
  const bool above = finding == Finding::above;
  derived.name = fmt::format("{} at {}", derived.name, above ? "least" : "most");
  derived.worst_case = false;
  derived.absent = above ? AbsentSample::against_above : AbsentSample::against_below;
  derived.of = metric;
  return derived_row(policy, std::move(derived));
}

}  // namespace rel::sema
