#include "runtime/journal/record.h"

#include <xxhash.h>

#include <bit>
#include <cstddef>
#include <cstring>

#include <fmt/core.h>

#include "runtime/base/check.h"
#include "runtime/evidence/state.h"

namespace rel {
namespace {

constexpr size_t decision_head = offsetof(Decision, evidence);
constexpr size_t state_head = offsetof(EngineState, sustains);

void append(std::string& bytes, const void* data, size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}

bool known_decision(const Decision& decision) {
  return decision.kind <= DecisionKind::unquarantined &&
         decision.reason <= Reason::set_went_back;
}

}  // namespace

std::string encode_decision(const Decision& decision) {
  REL_CHECK(decision.evidence_count <= limits::evidence_max);
  std::string bytes;
  append(bytes, &decision, decision_head);
  append(bytes, decision.evidence, decision.evidence_count * sizeof(Evidence));
  return bytes;
}

Result<Decision> decode_decision(std::string_view bytes) {
  Decision decision;
  if (bytes.size() < decision_head) return Error{"a decision is cut short"};
  std::memcpy(static_cast<void*>(&decision), bytes.data(), decision_head);
  const std::string_view rest = bytes.substr(decision_head);
  if (decision.evidence_count > limits::evidence_max ||
      rest.size() != decision.evidence_count * sizeof(Evidence) || !known_decision(decision)) {
    return Error{"a decision does not have the form of this version"};
  }
  if (!rest.empty()) std::memcpy(decision.evidence, rest.data(), rest.size());
  return decision;
}

std::string encode_state(const Plan& plan, const EngineState& state) {
  REL_CHECK(plan.sustains.size() <= limits::sustains_max);
  REL_CHECK(plan.triggers.size() <= limits::triggers_max);
  std::string bytes;
  append(bytes, &state, state_head);
  append(bytes, state.sustains, plan.sustains.size() * sizeof(SustainState));
  append(bytes, state.triggers, plan.triggers.size() * sizeof(TriggerState));
  append(bytes, state.overruled_until_ns, plan.triggers.size() * sizeof(int64_t));
  return bytes;
}

Result<EngineState> decode_state(const Plan& plan, std::string_view bytes) {
  const size_t sustains = plan.sustains.size() * sizeof(SustainState);
  const size_t triggers = plan.triggers.size() * sizeof(TriggerState);
  const size_t overruled = plan.triggers.size() * sizeof(int64_t);
  if (bytes.size() != state_head + sustains + triggers + overruled) {
    return Error{"an engine state does not have the form of its plan"};
  }
  EngineState state;
  std::memcpy(static_cast<void*>(&state), bytes.data(), state_head);
  if (sustains > 0) std::memcpy(state.sustains, bytes.data() + state_head, sustains);
  if (triggers > 0) {
    const char* first = bytes.data() + state_head + sustains;
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

std::string layout_text() {
  return fmt::format("decision {} evidence {} state {} sustain {} trigger {} test {} cell {} hand {} {}",
                     decision_head, sizeof(Evidence), state_head, sizeof(SustainState),
                     sizeof(TriggerState), sizeof(TestEvidence), sizeof(CellEvidence),
                     sizeof(HandCommand),
                     std::endian::native == std::endian::little ? "little" : "big");
}

RowChecksum& RowChecksum::add(int64_t value) {
  hash_ = XXH64(&value, sizeof value, hash_);
  return *this;
}

RowChecksum& RowChecksum::add(std::string_view bytes) {
  add(static_cast<int64_t>(bytes.size()));
  hash_ = XXH64(bytes.data(), bytes.size(), hash_);
  return *this;
}

}  // namespace rel
