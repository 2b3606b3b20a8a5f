#include "runtime/plan/verify_routing.h"

#include <fmt/format.h>

namespace rel {

namespace {

Error broken(std::string_view what) {
  return Error{fmt::format("the plan is not valid: {}", what)};
}

bool names_text(const Plan& plan, StringId id) {
  return id.value < plan.strings.size() && !plan.strings[id.value].empty();
}

Status verify_terms(const Plan& plan) {
  if (plan.request_slots.size() > limits::request_slots_max ||
      plan.request_terms.size() > limits::request_terms_max ||
      plan.forced_routes.size() > limits::forced_routes_max) {
    return broken("its routes read more of a request than the limits allow");
  }
  for (const RequestSlot& slot : plan.request_slots) {
    if (slot.part > RequestPart::cookie || !names_text(plan, slot.name)) {
      return broken("a part of the request has no name");
    }
  }
  for (const RequestTerm& term : plan.request_terms) {
    if (term.slot.value >= plan.request_slots.size() || term.value.value >= plan.strings.size() ||
        term.negated > 1) {
      return broken("a comparison with a part of the request is out of range");
    }
  }
  return ok();
}

// Forced routes own the terms from the first one on, the audience those after them.
Status verify_routes(const Plan& plan) {
  uint32_t next = 0;
  for (const ForcedRoute& route : plan.forced_routes) {
    const bool to_arm =
        route.target == RouteTarget::candidate || route.target == RouteTarget::baseline;
    if (!to_arm) return broken("a forced route leads to no arm");
    if (route.terms.first != next || route.terms.count == 0 ||
        route.terms.count > plan.request_terms.size() - next) {
      return broken("a forced route does not own its comparisons");
    }
    if (!names_text(plan, route.text)) return broken("a forced route has no text");
    if (!route.span.file.is_none() && route.span.file.value >= plan.strings.size()) {
      return broken("a forced route has no place");
    }
    next = route.terms.end();
  }
  if (plan.audience.first != next || plan.audience.count != plan.request_terms.size() - next) {
    return broken("the audience does not own its comparisons");
  }
  return ok();
}

Status verify_wave_stage(const Plan& plan, const WaveStage& waves, uint32_t next_reach) {
  if (waves.segment.value >= plan.segments.size()) return broken("waves have no segment");
  const Stage& stage = plan.stages[waves.stage.value];
  if (waves.reaches.first != next_reach || waves.reaches.count != stage.steps.count ||
      waves.reaches.count > plan.wave_reaches.size() - next_reach) {
    return broken("waves do not own what they reach");
  }
  const uint32_t values = plan.segments[waves.segment.value].values.count + 1;
  uint64_t before = 0;
  for (uint32_t at = waves.reaches.first; at < waves.reaches.end(); ++at) {
    const uint64_t reach = plan.wave_reaches[at];
    const bool widens = (reach & before) == before && reach != before;
    if (!widens || reach >> values != 0) return broken("a wave does not widen the one before it");
    before = reach;
  }
  return ok();
}

Status verify_waves(const Plan& plan) {
  uint32_t next_reach = 0;
  size_t next_row = 0;
  for (uint32_t stage = 0; stage < plan.stages.size(); ++stage) {
    if (plan.stages[stage].kind != StageKind::waves) continue;
    if (next_row == plan.wave_stages.size() || plan.wave_stages[next_row].stage.value != stage) {
      return broken("a stage of waves does not say what it reaches");
    }
    const WaveStage& waves = plan.wave_stages[next_row++];
    if (Status status = verify_wave_stage(plan, waves, next_reach); !status) return status;
    next_reach = waves.reaches.end();
  }
  const bool all = next_row == plan.wave_stages.size() && next_reach == plan.wave_reaches.size();
  return all ? ok() : broken("what a wave reaches has no stage");
}

Status verify_set(const Plan& plan) {
  if (!plan.sticky_by.is_none() && !names_text(plan, plan.sticky_by)) {
    return broken("what it is sticky by has no name");
  }
  if (plan.set.is_none() != plan.set_members.empty()) return broken("its set has no other member");
  if (plan.set_members.size() > limits::set_members_max) return broken("its set is too large");
  if (!plan.set.is_none() && !names_text(plan, plan.set)) return broken("its set has no name");
  for (const StringId member : plan.set_members) {
    if (!names_text(plan, member) || plan.text(member) == plan.release) {
      return broken("a member of its set is not another release");
    }
  }
  return ok();
}

}  // namespace

Status verify_routing(const Plan& plan) {
  for (const auto verify : {verify_terms, verify_routes, verify_waves, verify_set}) {
    if (Status status = verify(plan); !status) return status;
  }
  return ok();
}

}  // namespace rel
