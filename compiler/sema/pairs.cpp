// What a shadow's answer is beside the live one: `agreement(decision)`, `difference(score)`,
// `loss(failed)`, `unanswered(candidate)`. Each is a metric of its own whose samples are pairs, and
// stands wherever a metric or its usual number may.
#include <array>

#include <fmt/format.h>

#include "compiler/sema/checker.h"
#include "compiler/sema/sample_unit.h"

namespace rel::sema {

namespace {

struct PairRow {
  std::string_view name;
  MetricSource source;
  AggregateFn usual;  // what the bare call is
  std::string_view example;
};

constexpr std::array<PairRow, 4> pair_rows = {{
    {"agreement", MetricSource::pair_agreement, AggregateFn::rate, "agreement(decision)"},
    {"difference", MetricSource::pair_difference, AggregateFn::mean, "difference(score)"},
    {"loss", MetricSource::pair_loss, AggregateFn::rate, "loss(failed)"},
    {"unanswered", MetricSource::pair_unanswered, AggregateFn::rate, "unanswered(candidate)"},
}};

const PairRow* pair_row(std::string_view name) {
  for (const PairRow& row : pair_rows)
    if (row.name == name) return &row;
  return nullptr;
}

// What is wrong with comparing such a metric; empty: nothing.
std::string_view misfit(MetricSource source, const TypedMetric& of) {
  const bool flag = of.kind == MetricKind::flag;
  if (of.per != SampleUnit::request) return "its value does not come with the answer";
  if (source == MetricSource::pair_difference && flag) return "true and false have no distance";
  if (source == MetricSource::pair_loss && !flag) return "only a flag is lost or not";
  return {};
}

}  // namespace

bool is_pair_function(std::string_view name) { return pair_row(name) != nullptr; }

std::optional<uint32_t> Checker::pair_metric(const ast::Expr& call) {
  const PairRow& row = *pair_row(call.name.text);
  const auto refuse = [&](std::string message) {
    context_.diagnostics.report(Code::wrong_arguments, call.span, std::move(message))
        .with_help(fmt::format("write `{}`", row.example));
    return std::nullopt;
  };
  const bool whole = row.source == MetricSource::pair_unanswered;
  const bool one = call.arguments.size() == 1 && !call.arguments[0].name && !call.arguments[0].by;
  const ast::Expr* argument = one ? &at(call.arguments[0].value) : nullptr;
  if (argument == nullptr || argument->kind != ast::ExprKind::name ||
      whole != (argument->name.text == "candidate")) {
    return refuse(fmt::format("`{}` is of {}", row.name,
                              whole ? "the candidate" : "one metric of both answers"));
  }
  TypedMetric derived;
  if (!whole) {
    const std::optional<uint32_t> of = metric_named(argument->name);
    if (!of) return std::nullopt;
    derived = context_.policy.metrics[*of];
    if (const std::string_view fault = misfit(row.source, derived); !fault.empty()) {
      context_.diagnostics
          .report(Code::aggregate_of_kind, call.span,
                  fmt::format("`{}` has no meaning for `{}`: {}", row.name, derived.name, fault))
          .label(derived.name_span, "declared here")
          .with_help("`agreement` compares any answer, `difference` numbers, `loss` flags");
      return std::nullopt;
    }
    derived.of = of;
  } else {
    derived.name_span = derived.span = call.span;
  }
  derived.name = fmt::format("{}({})", row.name, whole ? "candidate" : derived.name);
  derived.source = row.source;
  derived.per = SampleUnit::pair;
  if (row.source != MetricSource::pair_difference) {
    derived.kind = MetricKind::flag;
    derived.unit = PlanUnit::ratio;
  }
  if (row.source != MetricSource::pair_loss) {
    derived.direction = row.source == MetricSource::pair_agreement ? Direction::higher_is_better
                                                                   : Direction::lower_is_better;
  }
  return derived_row(context_.policy, std::move(derived));
}

// The bare call is a number: the share of pairs, or the mean.
Checked Checker::pair_number(const ast::Expr& call, Reading& reading) {
  const std::optional<uint32_t> metric = pair_metric(call);
  if (!metric) return poison();
  return add_aggregate(call, {Arm::candidate, metric}, pair_row(call.name.text)->usual, 0, reading);
}

}  // namespace rel::sema
