// Models, metrics and segments: what the world gives a policy to read.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "compiler/sema/context.h"
#include "compiler/sema/digest.h"
#include "compiler/sema/sample_unit.h"
#include "compiler/sema/way_back.h"
#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

void check_header_name(const Context& context, const ast::String& header) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const std::string& name = header.value;
  if (!name.empty() && name.find_first_not_of(letters) == std::string::npos) return;
  context.diagnostics
      .report(Code::metric_source, header.span, "this is not the name of a header")
      .with_help("header names are letters, digits, `-` and `_`");
}

// ---- models

bool is_digest(std::string_view text) {
  constexpr std::string_view prefix = "sha256:";
  constexpr size_t digits = 64;
  if (!text.starts_with(prefix) || text.size() != prefix.size() + digits) return false;
  return text.substr(prefix.size()).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::string> resolve(const Context& context, const ast::Reference& reference) {
  constexpr std::array<std::string_view, 3> schemes = {"mlflow", "file", "digest"};
  const std::string& scheme = reference.scheme.text;
  const std::string& argument = reference.argument.value;
  if (std::find(schemes.begin(), schemes.end(), scheme) == schemes.end()) {
    report_unknown(context.diagnostics, Code::unknown_word, "model reference", reference.scheme,
                   schemes);
    return std::nullopt;
  }
  if (argument.empty()) {
    context.diagnostics.report(Code::bad_reference, reference.argument.span,
                               "this model reference is empty")
        .with_help("name the model, such as `mlflow(\"scorer/13\")`");
    return std::nullopt;
  }
  if (scheme == "mlflow") return scheme + "(" + quoted_text(argument) + ")";
  if (scheme == "digest") {
    if (is_digest(argument)) return argument;
    context.diagnostics
        .report(Code::bad_reference, reference.argument.span, "this is not a digest")
        .with_help("a digest is `sha256:` and 64 hexadecimal digits in lower case");
    return std::nullopt;
  }
  const std::filesystem::path folder =
      std::filesystem::path(context.sources.file(reference.span.file).path).parent_path();
  Result<std::string> digest = file_digest((folder / argument).lexically_normal().string());
  if (digest) return *digest;
  context.diagnostics
      .report(Code::model_unreadable, reference.argument.span, "this model file cannot be read")
      .with_note(digest.error().message)
      .with_help("a release is pinned to the content of its models; paths are relative to the "
                 "policy");
  return std::nullopt;
}

TypedReference check_reference(const Context& context, const ast::Model& model,
                               const std::optional<ast::Reference>& reference,
                               std::string_view arm) {
  TypedReference typed;
  if (!reference) {
    if (model.incomplete) return typed;
    context.diagnostics
        .report(Code::model_incomplete, model.name.span,
                fmt::format("the model `{}` has no {}", model.name.text, arm))
        .with_help(fmt::format("say which model it is: {} = mlflow(\"name/version\")", arm));
    return typed;
  }
  typed.text = reference->scheme.text + "(" + quoted_text(reference->argument.value) + ")";
  typed.span = reference->span;
  if (std::optional<std::string> digest = resolve(context, *reference)) {
    typed.digest = std::move(*digest);
  }
  return typed;
}

// ---- metrics

struct KindRow {
  std::string_view name;
  MetricKind kind;
  PlanUnit unit;
};

constexpr std::array<KindRow, 11> kinds = {{
    {"flag", MetricKind::flag, PlanUnit::ratio},
    {"duration", MetricKind::duration, PlanUnit::seconds},
    {"ratio", MetricKind::value, PlanUnit::ratio},
    {"number", MetricKind::value, PlanUnit::number},
    {"bytes", MetricKind::value, PlanUnit::bytes},
    {"tokens", MetricKind::value, PlanUnit::tokens},
    {"usd", MetricKind::value, PlanUnit::usd},
    {"eur", MetricKind::value, PlanUnit::eur},
    {"count", MetricKind::count, PlanUnit::number},
    {"gauge", MetricKind::gauge, PlanUnit::number},
    {"category", MetricKind::category, PlanUnit::number},
}};

const KindRow* check_kind(const Context& context, const ast::Metric& metric) {
  std::vector<std::string_view> names;
  for (const KindRow& row : kinds) {
    names.push_back(row.name);
    if (row.name == metric.kind.text) return &row;
  }
  if (metric.kind.text == "label") {
    context.diagnostics
        .report(Code::unknown_word, metric.kind.span,
                "`label` is what one sample is, not a kind of metric")
        .with_help("say what the label is: `flag per label within 3d, absent is missing`");
    return nullptr;
  }
  report_unknown(context.diagnostics, Code::unknown_word, "kind of metric", metric.kind, names);
  return nullptr;
}

// What a count counts, or a gauge measures: `gauge in bytes`.
void check_kind_unit(const Context& context, const ast::Metric& metric, TypedMetric& typed) {
  if (!metric.kind_unit) return;
  if (typed.kind != MetricKind::count && typed.kind != MetricKind::gauge) {
    context.diagnostics
        .report(Code::misplaced_clause, metric.kind_unit->span,
                fmt::format("`{}` says its unit itself", metric.kind.text))
        .with_help("a `count` and a `gauge` are of a unit: `gauge in bytes`");
    return;
  }
  std::vector<std::string_view> names;
  for (const KindRow& row : kinds) {
    if (row.kind != MetricKind::value && row.kind != MetricKind::duration) continue;
    names.push_back(row.name);
    if (row.name != metric.kind_unit->text) continue;
    typed.unit = row.unit;
    return;
  }
  report_unknown(context.diagnostics, Code::unknown_word, "unit of a metric", *metric.kind_unit,
                 names);
}

std::optional<uint16_t> read_status(const Context& context, const ast::Quantity& quantity) {
  const QuantityAmount read = amount_of(quantity);
  const bool valid = read.amount && read.amount->unit == plain_unit && read.amount->value >= 100 &&
                     read.amount->value <= 599 &&
                     std::round(read.amount->value) == read.amount->value;
  if (valid) return static_cast<uint16_t>(read.amount->value);
  context.diagnostics.report(Code::metric_source, quantity.span, "this is not a status code")
      .with_help("status codes go from 100 to 599");
  return std::nullopt;
}

void source_misfit(const Context& context, const ast::Metric& metric, std::string_view source,
                   std::string_view kind) {
  context.diagnostics
      .report(Code::metric_source, metric.source_span,
              fmt::format("`{}` gives a {}, `{}` is a {}", source, kind, metric.name.text,
                          metric.kind.text))
      .label(metric.kind.span, "declared here")
      .with_help(fmt::format("declare it as a {}, or read it from another source", kind));
}

void check_source(const Context& context, const ast::Metric& metric, TypedMetric& typed) {
  switch (metric.source) {
    case ast::MetricSourceKind::none:
      // A gateway always knows how long a request took; other metrics come with events only.
      typed.source = typed.kind == MetricKind::duration ? MetricSource::request_duration
                                                        : MetricSource::event_field;
      return;
    case ast::MetricSourceKind::duration:
      typed.source = MetricSource::request_duration;
      if (typed.kind == MetricKind::duration) return;
      source_misfit(context, metric, "duration", "duration");
      return;
    case ast::MetricSourceKind::status: {
      typed.source = MetricSource::response_status;
      if (typed.kind != MetricKind::flag) source_misfit(context, metric, "status", "flag");
      const std::optional<uint16_t> first = read_status(context, metric.status_first);
      const std::optional<uint16_t> last = read_status(context, metric.status_last);
      if (!first || !last) return;
      typed.status_first = *first;
      typed.status_last = *last;
      if (*first <= *last) return;
      context.diagnostics
          .report(Code::metric_source, metric.source_span, "this range of status codes is empty")
          .with_help("write the smaller code first: `500..599`");
      return;
    }
    case ast::MetricSourceKind::no_answer:
      typed.source = MetricSource::no_answer;
      if (typed.kind != MetricKind::flag) source_misfit(context, metric, "no answer", "flag");
      return;
    case ast::MetricSourceKind::response_header: {
      typed.source = MetricSource::response_header;
      typed.header = metric.header.value;
      check_header_name(context, metric.header);
      return;
    }
  }
}

Direction check_direction(const ast::Metric& metric) {
  if (!metric.direction) return Direction::none;
  return metric.direction->text == "lower" ? Direction::lower_is_better
                                           : Direction::higher_is_better;
}

template <typename Row>
std::optional<uint32_t> find_row(const std::vector<Row>& rows, std::string_view name) {
  for (uint32_t index = 0; index < rows.size(); ++index) {
    if (rows[index].name == name) return index;
  }
  return std::nullopt;
}

void report_too_many(const Context& context, std::string_view what, Span span, size_t limit) {
  context.diagnostics
      .report(Code::too_many, span, fmt::format("there are more than {} {}", limit, what))
      .with_help(fmt::format("the limit is {}; split the policy, or remove some", limit));
}

// Declarations in the order of the text, not of their names.
template <typename Declaration>
std::vector<const Declaration*> in_order(const Names<Declaration>& names) {
  std::vector<const Declaration*> result;
  for (const auto& [name, declared] : names) result.push_back(declared.node);
  std::sort(result.begin(), result.end(), [](const Declaration* a, const Declaration* b) {
    return std::pair(a->span.file.value, a->span.offset) <
           std::pair(b->span.file.value, b->span.offset);
  });
  return result;
}

void check_segment_values(const Context& context, const ast::Segment& segment,
                          TypedSegment& typed) {
  for (const ast::String& value : segment.values) {
    const auto seen = std::find(typed.values.begin(), typed.values.end(), value.value);
    if (value.value.empty() || seen != typed.values.end()) {
      context.diagnostics.report(
          Code::segment_values, value.span,
          value.value.empty() ? std::string{"a segment value is empty"}
                              : fmt::format("the value `{}` is listed twice", value.value));
      continue;
    }
    typed.values.push_back(value.value);
  }
  if (segment.values.size() > limits::segment_values_max) {
    report_too_many(context, "values in a segment",
                    segment.values[limits::segment_values_max].span, limits::segment_values_max);
  }
}

}  // namespace

void check_models(const Context& context) {
  for (const ast::Model* model : in_order(context.scope.models)) {
    TypedModel typed;
    typed.name = model->name.text;
    typed.baseline = check_reference(context, *model, model->baseline, "baseline");
    typed.candidate = check_reference(context, *model, model->candidate, "candidate");
    typed.span = model->name.span;
    check_needs(context, *model, typed);
    if (model->serves) {
      typed.digest_header = model->serves->header.value;
      typed.digest_span = model->serves->span;
      check_header_name(context, model->serves->header);
    }
    context.policy.models.push_back(std::move(typed));
  }
}

void check_metrics(const Context& context) {
  const std::vector<const ast::Metric*> metrics = in_order(context.scope.metrics);
  if (metrics.size() > limits::metrics_max) {
    report_too_many(context, "metrics", metrics[limits::metrics_max]->name.span,
                    limits::metrics_max);
  }
  for (const ast::Metric* metric : metrics) {
    TypedMetric typed;
    typed.name = metric->name.text;
    typed.name_span = metric->name.span;
    typed.span = metric->span;
    typed.direction = check_direction(*metric);
    // A metric of no known kind still has a name, so that its uses are not reported as well.
    if (const KindRow* kind = check_kind(context, *metric)) {
      typed.kind = kind->kind;
      typed.unit = kind->unit;
      check_kind_unit(context, *metric, typed);
      check_source(context, *metric, typed);
      check_sample_unit(context, *metric, typed);
    } else {
      typed.poisoned = true;
    }
    context.policy.metrics.push_back(std::move(typed));
  }
}

void check_segments(const Context& context) {
  const std::vector<const ast::Segment*> segments = in_order(context.scope.segments);
  if (segments.size() > limits::segments_max) {
    report_too_many(context, "segments", segments[limits::segments_max]->name.span,
                    limits::segments_max);
  }
  for (const ast::Segment* segment : segments) {
    TypedSegment typed;
    typed.name = segment->name.text;
    typed.name_span = segment->name.span;
    typed.span = segment->span;
    check_segment_values(context, *segment, typed);
    context.policy.segments.push_back(std::move(typed));
  }
}

std::optional<uint32_t> find_metric(const TypedPolicy& policy, std::string_view name) {
  return find_row(policy.metrics, name);
}
std::optional<uint32_t> find_segment(const TypedPolicy& policy, std::string_view name) {
  return find_row(policy.segments, name);
}
std::optional<uint32_t> find_model(const TypedPolicy& policy, std::string_view name) {
  return find_row(policy.models, name);
}

}  // namespace rel::sema
