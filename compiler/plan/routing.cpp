#include "compiler/plan/routing.h"

#include "compiler/plan/render.h"

namespace rel {

namespace {

using namespace sema;

// Each header or cookie once.
RequestSlotId slot(const TypedTerm& term, PlanTables& tables, Plan& plan) {
  const StringId name = tables.string(term.name);
  for (uint32_t row = 0; row < plan.request_slots.size(); ++row) {
    const RequestSlot& known = plan.request_slots[row];
    if (known.part == term.part && known.name == name) return RequestSlotId{row};
  }
  plan.request_slots.push_back({.part = term.part, .reserved = {}, .name = name});
  tables.check_limit("headers and cookies to read", plan.request_slots.size(),
                     limits::request_slots_max);
  return RequestSlotId{static_cast<uint32_t>(plan.request_slots.size() - 1)};
}

Rows<RequestTermId> terms(const std::vector<TypedTerm>& typed, PlanTables& tables, Plan& plan) {
  const Rows<RequestTermId> rows{static_cast<uint32_t>(plan.request_terms.size()),
                                 static_cast<uint32_t>(typed.size())};
  for (const TypedTerm& term : typed) {
    RequestTerm row;
    row.slot = slot(term, tables, plan);
    row.value = tables.string(term.value);
    row.negated = term.negated ? 1 : 0;
    plan.request_terms.push_back(row);
  }
  return rows;
}

void waves(const TypedRelease& release, Plan& plan) {
  for (uint32_t stage = 0; stage < release.stages.size(); ++stage) {
    const TypedStage& typed = release.stages[stage];
    if (!typed.wave_segment) continue;
    WaveStage row;
    row.stage = StageId{stage};
    row.segment = SegmentId{*typed.wave_segment};
    row.reaches = {static_cast<uint32_t>(plan.wave_reaches.size()),
                   static_cast<uint32_t>(typed.steps.size())};
    for (const TypedStep& step : typed.steps) plan.wave_reaches.push_back(step.reach);
    plan.wave_stages.push_back(row);
  }
}

}  // namespace

void lower_routing(const Sources& sources, const TypedPolicy& policy, const TypedRelease& release,
                   PlanTables& tables, Plan& plan) {
  for (const TypedRoute& typed : release.routes) {
    tables.at(typed.span);
    ForcedRoute row;
    row.target = typed.target;
    row.terms = terms(typed.terms, tables, plan);
    row.text = tables.string(render_statement(sources, typed.span));
    row.span = tables.span(typed.span);
    plan.forced_routes.push_back(row);
  }
  plan.audience = terms(release.audience, tables, plan);
  waves(release, plan);
  if (!release.sticky_by.empty()) plan.sticky_by = tables.string(release.sticky_by);
  if (!release.set.empty()) plan.set = tables.string(release.set);
  for (const std::string& member : release.set_members) {
    plan.set_members.push_back(tables.string(member));
  }
  // The header is the model's; the flag is the policy's, and another model's may not have one.
  const std::string& header = policy.models[release.model].digest_header;
  for (Metric& metric : plan.metrics) {
    if (metric.source != MetricSource::response_digest) continue;
    if (header.empty()) metric.source = MetricSource::event_field;
    else metric.header = tables.string(header);
  }
}

}  // namespace rel
