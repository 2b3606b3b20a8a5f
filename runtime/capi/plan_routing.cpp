// rel.h: what a plan says about routing, besides the share.
#include <algorithm>
#include <array>
#include <vector>

#include "runtime/capi/handles.h"
#include "runtime/route/request_route.h"

using rel::capi::borrowed;

extern "C" {

rel_str rel_plan_digest(const rel_plan* plan, uint32_t variant) {
  if (plan == nullptr) return rel_str{};
  const rel::ModelRef& arm = variant == REL_CANDIDATE ? plan->plan.candidate : plan->plan.baseline;
  return borrowed(plan->plan.text(arm.digest));
}

uint32_t rel_plan_slot_count(const rel_plan* plan) {
  return plan == nullptr ? 0 : static_cast<uint32_t>(plan->plan.request_slots.size());
}

rel_status rel_plan_slot(const rel_plan* plan, uint32_t index, rel_request_slot* out) {
  if (out == nullptr || out->struct_size < sizeof(rel_request_slot) ||
      index >= rel_plan_slot_count(plan)) {
    return REL_INVALID_ARGUMENT;
  }
  const rel::RequestSlot& slot = plan->plan.request_slots[index];
  out->part = slot.part == rel::RequestPart::header ? REL_PART_HEADER : REL_PART_COOKIE;
  out->name = borrowed(plan->plan.text(slot.name));
  return REL_OK;
}

uint32_t rel_plan_target(const rel_plan* plan, const rel_str* values, uint32_t count) {
  if (plan == nullptr) return REL_TARGET_NONE;
  std::array<std::string_view, rel::limits::request_slots_max> by_slot;
  const uint32_t slots = rel_plan_slot_count(plan);
  for (uint32_t i = 0; i < slots && i < count && values != nullptr; ++i) {
    by_slot[i] = rel::capi::view(values[i]);
  }
  return static_cast<uint32_t>(rel::target_of(plan->plan, std::span(by_slot).first(slots)));
}

rel_str rel_plan_sticky_by(const rel_plan* plan) {
  return plan == nullptr ? rel_str{} : borrowed(plan->plan.text(plan->plan.sticky_by));
}

rel_str rel_plan_set(const rel_plan* plan) {
  return plan == nullptr ? rel_str{} : borrowed(plan->plan.text(plan->plan.set));
}

uint32_t rel_plan_set_member_count(const rel_plan* plan) {
  return plan == nullptr ? 0 : static_cast<uint32_t>(plan->plan.set_members.size());
}

rel_str rel_plan_set_member(const rel_plan* plan, uint32_t index) {
  if (index >= rel_plan_set_member_count(plan)) return rel_str{};
  return borrowed(plan->plan.text(plan->plan.set_members[index]));
}

rel_status rel_engine_join_set(rel_engine* engine, rel_engine* const* members, uint32_t count,
                               rel_error* error) {
  if (engine == nullptr || members == nullptr ||
      count != rel_plan_set_member_count(engine->plan)) {
    return rel::capi::report(error, REL_INVALID_ARGUMENT,
                             "rel_engine_join_set: engine and members must not be null, count must "
                             "be rel_plan_set_member_count");
  }
  return rel::capi::guarded(error, [&] {
    std::vector<const rel::SharedState*> peers;
    for (uint32_t i = 0; i < count; ++i) {
      peers.push_back(members[i] == nullptr ? nullptr : members[i]->runtime->shared_state());
    }
    engine->runtime->join_set(std::move(peers));
    return REL_OK;
  });
}

rel_str rel_plan_model(const rel_plan* plan) {
  return plan == nullptr ? rel_str{} : borrowed(plan->plan.model);
}

}  // extern "C"
