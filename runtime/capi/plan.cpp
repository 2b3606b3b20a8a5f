// rel.h: plans, and errors.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

#include "runtime/capi/handles.h"

namespace rel::capi {

rel_status report(rel_error* error, rel_status status, std::string_view message) {
  if (error == nullptr || error->struct_size < sizeof(rel_error)) return status;
  error->status = status;
  const size_t length = std::min(message.size(), sizeof error->message - 1);
  std::memcpy(error->message, message.data(), length);
  error->message[length] = '\0';
  return status;
}

namespace {

rel_metric_source source_of(MetricSource source) {
  switch (source) {
    case MetricSource::event_field:
    case MetricSource::pair_agreement:
    case MetricSource::pair_difference:
    case MetricSource::pair_loss:
    case MetricSource::pair_unanswered:
      return REL_SOURCE_EVENT_FIELD;
    case MetricSource::request_duration:
      return REL_SOURCE_REQUEST_DURATION;
    case MetricSource::response_status:
      return REL_SOURCE_RESPONSE_STATUS;
    case MetricSource::response_header:
      return REL_SOURCE_RESPONSE_HEADER;
    case MetricSource::no_answer:
      return REL_SOURCE_NO_ANSWER;
    case MetricSource::response_digest:
      return REL_SOURCE_RESPONSE_DIGEST;
  }
  return REL_SOURCE_EVENT_FIELD;
}

rel_metric_kind kind_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::flag:
      return REL_FLAG;
    case MetricKind::duration:
      return REL_DURATION;
    case MetricKind::value:
    case MetricKind::count:
    case MetricKind::gauge:
      return REL_VALUE;
    case MetricKind::category:
      return REL_CATEGORY;
  }
  return REL_VALUE;
}

}  // namespace
}  // namespace rel::capi

using rel::capi::borrowed;
using rel::capi::report;
using rel::capi::view;

extern "C" {

uint32_t rel_abi_version(void) { return REL_ABI_MAJOR << 16 | REL_ABI_MINOR; }

rel_status rel_plan_load(rel_str bytes, rel_plan** out, rel_error* error) {
  if (out == nullptr || bytes.ptr == nullptr) {
    return report(error, REL_INVALID_ARGUMENT, "rel_plan_load: bytes and out must not be null");
  }
  return rel::capi::guarded(error, [&] {
    rel::Result<rel::Plan> plan = rel::load_plan(view(bytes));
    if (!plan) return report(error, REL_INVALID_PLAN, plan.error().message);
    auto handle = std::make_unique<rel_plan>();
    handle->plan = std::move(*plan);
    handle->hash = rel::plan_hash(handle->plan);
    *out = handle.release();
    return REL_OK;
  });
}

void rel_plan_free(rel_plan* plan) { delete plan; }

uint64_t rel_plan_hash(const rel_plan* plan) { return plan == nullptr ? 0 : plan->hash; }

rel_str rel_plan_release(const rel_plan* plan) {
  return plan == nullptr ? rel_str{} : borrowed(plan->plan.release);
}

uint32_t rel_plan_observes_only(const rel_plan* plan) {
  return plan == nullptr ? 0 : plan->plan.observe_only;
}

uint32_t rel_plan_metric_count(const rel_plan* plan) {
  return plan == nullptr ? 0 : static_cast<uint32_t>(plan->plan.metrics.size());
}

rel_status rel_plan_metric(const rel_plan* plan, uint32_t index, rel_metric_info* out) {
  constexpr size_t oldest_size = offsetof(rel_metric_info, match);
  if (out == nullptr || out->struct_size < oldest_size ||
      index >= rel_plan_metric_count(plan)) {
    return REL_INVALID_ARGUMENT;
  }
  const rel::Metric& metric = plan->plan.metrics[index];
  out->kind = rel::capi::kind_of(metric.kind);
  out->source = rel::capi::source_of(metric.source);
  out->name = borrowed(plan->plan.text(metric.name));
  out->header = borrowed(plan->plan.text(metric.header));
  if (out->struct_size >= sizeof(rel_metric_info)) {
    out->match = borrowed(plan->plan.text(metric.match));
  }
  return REL_OK;
}

uint32_t rel_plan_segment_count(const rel_plan* plan) {
  return plan == nullptr ? 0 : static_cast<uint32_t>(plan->plan.segments.size());
}

rel_str rel_plan_segment_name(const rel_plan* plan, uint32_t index) {
  if (index >= rel_plan_segment_count(plan)) return rel_str{};
  return borrowed(plan->plan.text(plan->plan.segments[index].name));
}

uint32_t rel_plan_segment_value(const rel_plan* plan, uint32_t segment, rel_str value) {
  if (segment >= rel_plan_segment_count(plan)) return 0;
  const rel::Segment& row = plan->plan.segments[segment];
  for (uint32_t i = 0; i < row.values.count; ++i) {
    const rel::StringId text = plan->plan.segment_values[row.values.at(i).value];
    if (plan->plan.text(text) == view(value)) return i;
  }
  return row.values.count;
}

uint32_t rel_plan_stage_count(const rel_plan* plan) {
  return plan == nullptr ? 0 : static_cast<uint32_t>(plan->plan.stages.size());
}

rel_str rel_plan_stage_name(const rel_plan* plan, uint32_t index) {
  if (index >= rel_plan_stage_count(plan)) return rel_str{};
  return borrowed(plan->plan.text(plan->plan.stages[index].name));
}

}  // extern "C"
