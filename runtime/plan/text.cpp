#include "runtime/plan/text.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace rel {

namespace {

struct DurationUnit {
  int64_t ns;
  std::string_view name;
};

constexpr std::array<DurationUnit, 7> duration_units = {{
    {int64_t{24} * 3600 * 1'000'000'000, "d"},
    {int64_t{3600} * 1'000'000'000, "h"},
    {int64_t{60} * 1'000'000'000, "m"},
    {1'000'000'000, "s"},
    {1'000'000, "ms"},
    {1'000, "us"},
    {1, "ns"},
}};

// Seconds too fine or too large for whole nanoseconds stay a plain number of seconds.
std::string seconds_text(double seconds) {
  const double ns = std::round(seconds * 1e9);
  const bool exact = std::fabs(ns) < 9e15 && ns / 1e9 == seconds;
  if (!exact) {
    return std::fabs(seconds) < 1 ? fmt::format("{:.4g}ms", seconds * 1e3)
                                  : fmt::format("{:.4g}s", seconds);
  }
  const std::string sign = ns < 0 ? "-" : "";
  return sign + exact_duration_text(static_cast<int64_t>(std::fabs(ns)));
}

// Percentages are shares times 100; the product is rounded so that 0.07 prints as 7, not 7.000...1.
std::string hundredths_text(double share, std::string_view unit) {
  return fmt::format("{:.10g}{}", share * 100, unit);
}

}  // namespace

std::string exact_duration_text(int64_t ns) {
  if (ns == 0) return "0s";
  std::string text = ns < 0 ? "-" : "";
  uint64_t rest = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  for (const DurationUnit& unit : duration_units) {
    const uint64_t whole = rest / static_cast<uint64_t>(unit.ns);
    rest %= static_cast<uint64_t>(unit.ns);
    if (whole > 0) text += fmt::format("{}{}", whole, unit.name);
  }
  return text;
}

std::string share_text(uint32_t millionths) {
  return fmt::format("{:.10g}%", static_cast<double>(millionths) / 1e4);
}

std::string number_text(double value, PlanUnit unit) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  switch (unit) {
    case PlanUnit::number:
    case PlanUnit::requests:
      return fmt::format("{:.10g}", value);
    case PlanUnit::ratio:
      return hundredths_text(value, "%");
    case PlanUnit::points:
      return hundredths_text(value, "pp");
    case PlanUnit::seconds:
      return seconds_text(value);
    case PlanUnit::bytes:
      return fmt::format("{:.10g}B", value);
    case PlanUnit::tokens:
      return fmt::format("{:.10g}tokens", value);
    case PlanUnit::usd:
      return fmt::format("{:.10g}usd", value);
    case PlanUnit::eur:
      return fmt::format("{:.10g}eur", value);
    case PlanUnit::per_second:
      return fmt::format("{:.10g}/s", value);
  }
  return {};
}

std::string_view unit_word(PlanUnit unit) {
  switch (unit) {
    case PlanUnit::number: return "number";
    case PlanUnit::ratio: return "ratio";
    case PlanUnit::points: return "points";
    case PlanUnit::seconds: return "seconds";
    case PlanUnit::bytes: return "bytes";
    case PlanUnit::tokens: return "tokens";
    case PlanUnit::requests: return "requests";
    case PlanUnit::usd: return "usd";
    case PlanUnit::eur: return "eur";
    case PlanUnit::per_second: return "per_second";
  }
  return {};
}

std::string sustain_text(const Sustain& sustain) {
  const std::string time = exact_duration_text(sustain.duration_ns);
  switch (sustain.kind) {
    case SustainKind::held: return "for " + time;
    case SustainKind::consecutive:
      return fmt::format("{} consecutive every {}", sustain.count, time);
    case SustainKind::of_last:
      return fmt::format("{} of {} every {}", sustain.count, sustain.of, time);
    case SustainKind::failures_over:
    case SustainKind::failures_within:
      return fmt::format("at most {} failure{} every {}", sustain.count,
                         sustain.count == 1 ? "" : "s", time);
    case SustainKind::latch: return "until";
    case SustainKind::keep: return "keep last " + time;
  }
  return {};
}

std::string quoted_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': quoted += "\\\""; break;
      case '\\': quoted += "\\\\"; break;
      case '\n': quoted += "\\n"; break;
      case '\t': quoted += "\\t"; break;
      default: quoted += c;  // rel: any other character
    }
  }
  return quoted + "\"";
}

namespace {

std::string cell_in(const Plan& plan, uint32_t cell, std::string_view is, std::string_view and_) {
  const auto value_text = [&](const Segment& segment, uint32_t index) {
    return fmt::format("{}{}{}", plan.text(segment.name), is,
                       index == segment.values.count
                           ? "other"
                           : plan.text(plan.segment_values[segment.values.at(index).value]));
  };
  for (const Segment& segment : plan.segments) {
    if (cell < segment.cell_first || cell > segment.cell_first + segment.values.count) continue;
    return value_text(segment, cell - segment.cell_first);
  }
  for (const Product& product : plan.products) {
    if (cell < product.cell_first || cell >= product.cell_first + product.cell_count) continue;
    uint32_t index = cell - product.cell_first;
    std::string text;
    for (uint32_t at = product.segments.end(); at-- > product.segments.first;) {
      const Segment& segment = plan.segments[plan.product_segments[at].value];
      const std::string value = value_text(segment, index % segment.values.count);
      text = text.empty() ? value : fmt::format("{}{}{}", value, and_, text);
      index /= segment.values.count;
    }
    return text;
  }
  return {};
}

}  // namespace

std::string cell_text(const Plan& plan, uint32_t cell) { return cell_in(plan, cell, "=", " "); }
std::string cell_words(const Plan& plan, uint32_t cell) { return cell_in(plan, cell, " ", " x "); }

std::string sample_unit_text(const Metric& metric) {
  const std::string within = exact_duration_text(metric.within_ns);
  std::string text;
  switch (metric.per) {
    case SampleUnit::request: text = "per request"; break;
    case SampleUnit::label: text = "per label within " + within; break;
    case SampleUnit::user: text = "per user within " + within; break;
    case SampleUnit::session: text = "per session within " + within; break;
    case SampleUnit::pair: return "per pair of answers";
  }
  if (metric.per != SampleUnit::request) {
    switch (metric.absent) {
      case AbsentSample::missing: text += ", absent is missing"; break;
      case AbsentSample::zero:
        text += metric.kind == MetricKind::flag ? ", absent is false" : ", absent is zero";
        break;
      case AbsentSample::against_above: text += ", absent is worst for more"; break;
      case AbsentSample::against_below: text += ", absent is worst for less"; break;
    }
  }
  const std::string_view who = metric.unit_of_once == SampleUnit::session ? "session" : "user";
  switch (metric.once) {
    case OncePer::sample: break;
    case OncePer::release: text += fmt::format(", once a {}", who); break;
    case OncePer::stage: text += fmt::format(", once a {} and stage", who); break;
  }
  return text;
}

std::string_view arm_name(Arm arm) {
  return arm == Arm::baseline ? "baseline" : "candidate";
}

std::string_view action_kind_name(ActionKind kind) {
  switch (kind) {
    case ActionKind::command: return "command";
    case ActionKind::webhook: return "webhook";
    case ActionKind::haproxy: return "haproxy";
    case ActionKind::mlflow_alias: return "mlflow";
    case ActionKind::slack: return "slack";
    case ActionKind::pagerduty: return "pagerduty";
    case ActionKind::alertmanager: return "alertmanager";
    case ActionKind::report: return "report";
  }
  return {};
}

std::string_view purpose_name(ActionPurpose purpose) {
  switch (purpose) {
    case ActionPurpose::route: return "route";
    case ActionPurpose::revert: return "revert";
    case ActionPurpose::notify: return "notify";
    case ActionPurpose::report: return "report";
    case ActionPurpose::escalate: return "escalate";
    case ActionPurpose::hook: return "hook";
    case ActionPurpose::tell: return "tell";
  }
  return {};
}

std::string_view subject_kind_name(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::none: return "";
    case SubjectKind::feature: return "feature";
    case SubjectKind::preprocessing: return "preprocessing";
    case SubjectKind::alias: return "alias";
  }
  return {};
}

std::string_view action_name(TriggerAction action) {
  switch (action) {
    case TriggerAction::rollback: return "rollback";
    case TriggerAction::hold: return "hold";
    case TriggerAction::alert: return "alert";
    case TriggerAction::promote: return "promote";
    case TriggerAction::step: return "step";
  }
  return {};
}

std::string_view function_name(AggregateFn fn) {
  switch (fn) {
    case AggregateFn::samples: return "samples";
    case AggregateFn::count: return "count";
    case AggregateFn::sum: return "sum";
    case AggregateFn::rate: return "rate";
    case AggregateFn::mean: return "mean";
    case AggregateFn::quantile: return "quantile";
    case AggregateFn::min: return "min";
    case AggregateFn::max: return "max";
    case AggregateFn::psi: return "drift";
    case AggregateFn::jensen_shannon: return "jensen_shannon";
    case AggregateFn::kolmogorov_smirnov: return "ks";
    case AggregateFn::evidence: return "evidence";
    case AggregateFn::estimate: return "estimate";
  }
  return {};
}

std::string_view method_name(TestMethod method) {
  switch (method) {
    case TestMethod::rate_ratio: return "rate ratio";
    case TestMethod::rate_difference: return "rate difference";
    case TestMethod::order: return "order";
    case TestMethod::mean_ratio: return "mean ratio";
    case TestMethod::mean_difference: return "mean difference";
    case TestMethod::quantile_ratio: return "quantile ratio";
    case TestMethod::rate_level: return "rate level";
    case TestMethod::quantile_level: return "quantile level";
    case TestMethod::mean_level: return "mean level";
    case TestMethod::event_level: return "event level";
    case TestMethod::sample_ratio: return "sample ratio";
  }
  return {};
}

std::string_view fold_name(TestFold fold) {
  switch (fold) {
    case TestFold::everybody: return "everybody";
    case TestFold::any: return "any";
    case TestFold::every: return "every";
  }
  return {};
}

std::string_view op_name(Op op) {
  switch (op) {
    case Op::constant: return "constant";
    case Op::load: return "load";
    case Op::sustained: return "sustained";
#define REL_ARITHMETIC(name, text, interpreted, ir) \
  case Op::name: return #name;
#include "runtime/plan/ops.def"
    case Op::neg: return "neg";
#define REL_COMPARISON(name, text, interpreted, ir) \
  case Op::name: return #name;
#include "runtime/plan/ops.def"
    case Op::logical_and: return "and";
    case Op::logical_or: return "or";
    case Op::logical_not: return "not";
    case Op::certain: return "certain";
    case Op::fold_any: return "any";
    case Op::fold_every: return "every";
    case Op::fold_at_least: return "at least";
  }
  return {};
}

}  // namespace rel
