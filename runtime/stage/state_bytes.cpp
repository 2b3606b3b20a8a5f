#include "runtime/stage/state_bytes.h"

#include <cstring>

#include "runtime/base/check.h"

namespace rel {
namespace {

void append(std::string& bytes, const void* data, size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}

}  // namespace

std::string encode_state(const Plan& plan, const EngineState& state) {
  std::string bytes;
  append_state(bytes, plan, state);
  return bytes;
}

void append_state(std::string& bytes, const Plan& plan, const EngineState& state) {
  REL_CHECK(plan.sustains.size() <= limits::sustains_max);
  REL_CHECK(plan.triggers.size() <= limits::triggers_max);
  append(bytes, &state, state_head_bytes);
  append(bytes, state.sustains, plan.sustains.size() * sizeof(SustainState));
  append(bytes, state.triggers, plan.triggers.size() * sizeof(TriggerState));
  append(bytes, state.overruled_until_ns, plan.triggers.size() * sizeof(int64_t));
}

Result<EngineState> decode_state(const Plan& plan, std::string_view bytes) {
  const size_t sustains = plan.sustains.size() * sizeof(SustainState);
  const size_t triggers = plan.triggers.size() * sizeof(TriggerState);
  const size_t overruled = plan.triggers.size() * sizeof(int64_t);
  if (bytes.size() != state_head_bytes + sustains + triggers + overruled) {
    return Error{"an engine state does not have the form of its plan"};
  }
  EngineState state;
  std::memcpy(static_cast<void*>(&state), bytes.data(), state_head_bytes);
  if (sustains > 0) std::memcpy(state.sustains, bytes.data() + state_head_bytes, sustains);
  if (triggers > 0) {
    const char* first = bytes.data() + state_head_bytes + sustains;
    std::memcpy(state.triggers, first, triggers);
    std::memcpy(state.overruled_until_ns, first + triggers, overruled);
  }
  // A release that was called off before it began has no stage.
  const bool unplaced = state.phase == Phase::idle || state.phase == Phase::withdrawn;
  const bool placed = (unplaced && state.stage.is_none()) || state.phase == Phase::idle ||
                      (state.stage.value < plan.stages.size() &&
                       state.step < plan.stages[state.stage.value].steps.count);
  if (state.phase > Phase::withdrawn || !placed) {
    return Error{"an engine state names a stage that its plan does not have"};
  }
  return state;
}

}  // namespace rel
