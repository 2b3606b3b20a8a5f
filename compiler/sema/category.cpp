#include "compiler/sema/category.h"

#include <fmt/format.h>

#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

std::optional<uint32_t> find_value(const TypedPolicy& policy, uint32_t category,
                                   std::string_view value) {
  for (uint32_t row = 0; row < policy.metrics.size(); ++row) {
    if (policy.metrics[row].of == category && policy.metrics[row].match == value) return row;
  }
  return std::nullopt;
}

}  // namespace

uint32_t category_value(TypedPolicy& policy, uint32_t category, std::string_view value) {
  if (const auto found = find_value(policy, category, value)) return *found;
  TypedMetric flag = policy.metrics[category];
  flag.name = fmt::format("{} == {}", flag.name, quoted_text(value));
  flag.kind = MetricKind::flag;
  flag.unit = PlanUnit::ratio;
  flag.direction = Direction::none;
  flag.of = category;
  flag.match = value;
  policy.metrics.push_back(std::move(flag));
  return static_cast<uint32_t>(policy.metrics.size() - 1);
}

std::optional<uint32_t> counted_value(const Context& context, uint32_t category,
                                      std::string_view value, Span span) {
  if (const auto found = find_value(context.policy, category, value)) return found;
  std::vector<std::string_view> known;
  for (const TypedMetric& metric : context.policy.metrics) {
    if (metric.of == category) known.push_back(metric.match);
  }
  const TypedMetric& metric = context.policy.metrics[category];
  Diagnostic& made = context.diagnostics.report(
      Code::unknown_name, span,
      fmt::format("no condition counts the value `{}` of `{}`", value, metric.name));
  made.label(metric.name_span, "declared here");
  const std::string_view near = nearest_name(value, known);
  if (!near.empty()) {
    made.with_fix(span, fmt::format("\"{}\"", near), fmt::format("did you mean `{}`?", near),
                  false);
  } else {
    made.with_help(fmt::format("a condition does by `share({} == {}) > ...`", metric.name,
                               quoted_text(value)));
  }
  return std::nullopt;
}

}  // namespace rel::sema
