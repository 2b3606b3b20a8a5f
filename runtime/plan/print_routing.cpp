#include "runtime/plan/print_routing.h"

#include <fmt/format.h>

#include "runtime/plan/text.h"

namespace rel {

namespace {

std::string terms_text(const Plan& plan, Rows<RequestTermId> terms) {
  std::string text;
  for (uint32_t at = terms.first; at < terms.end(); ++at) {
    const RequestTerm& term = plan.request_terms[at];
    const RequestSlot& slot = plan.request_slots[term.slot.value];
    text += fmt::format("{}{}({}) {} {}", text.empty() ? "" : " and ",
                        slot.part == RequestPart::header ? "header" : "cookie",
                        quoted_text(plan.text(slot.name)), term.negated ? "!=" : "==",
                        quoted_text(plan.text(term.value)));
  }
  return text;
}

}  // namespace

std::string wave_text(const Plan& plan, const WaveStage& waves, uint64_t reach) {
  const Segment& segment = plan.segments[waves.segment.value];
  std::string text;
  for (uint32_t value = 0; value <= segment.values.count; ++value) {
    if ((reach >> value & 1) == 0) continue;
    if (!text.empty()) text += " and ";
    const bool other = value == segment.values.count;
    text += other ? "other"
                  : quoted_text(plan.text(plan.segment_values[segment.values.at(value).value]));
  }
  return text;
}

const WaveStage* waves_of(const Plan& plan, StageId stage) {
  for (const WaveStage& waves : plan.wave_stages) {
    if (waves.stage == stage) return &waves;
  }
  return nullptr;
}

std::string print_routing(const Plan& plan) {
  std::string out;
  for (size_t row = 0; row < plan.forced_routes.size(); ++row) {
    const ForcedRoute& route = plan.forced_routes[row];
    out += fmt::format("route {} {} when {} @{}:{}\n", row,
                       route.target == RouteTarget::candidate ? "candidate" : "baseline",
                       terms_text(plan, route.terms), route.span.line, route.span.column);
  }
  if (plan.audience.count > 0) {
    out += fmt::format("where {}\n", terms_text(plan, plan.audience));
  }
  if (!plan.sticky_by.is_none()) {
    out += fmt::format("sticky by {}\n", plan.text(plan.sticky_by));
  }
  for (const WaveStage& waves : plan.wave_stages) {
    for (uint32_t step = 0; step < waves.reaches.count; ++step) {
      const uint64_t reach = plan.wave_reaches[waves.reaches.at(step).value];
      out += fmt::format("wave {} of stage {}: {} {}\n", step, waves.stage.value,
                         plan.text(plan.segments[waves.segment.value].name),
                         wave_text(plan, waves, reach));
    }
  }
  if (!plan.set.is_none()) {
    out += fmt::format("set {} with", plan.text(plan.set));
    for (const StringId member : plan.set_members) out += fmt::format(" {}", plan.text(member));
    out += '\n';
  }
  return out;
}

}  // namespace rel
