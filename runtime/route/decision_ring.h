// Decisions on their way to the journal: one evaluator appends, one journal takes. A gateway never
// waits for the journal, so a full ring leaves out what can be left out and counts it.
// Owner: the shared mapping.
#pragma once

#include <optional>
#include <span>

#include "runtime/route/shared_state.h"

namespace rel {

// Places only a rollback, a withdrawal or a completion may take.
inline constexpr uint64_t ring_reserve = 16;

enum class AppendOutcome : uint8_t {
  appended,
  raise_left_out,  // a decision that must be durable first did not fit: its raise cannot be granted
};

// Appends the decisions that are not in the ring yet (by id), oldest first; may be called again
// with the same ones.
AppendOutcome append_decisions(DecisionRing& ring, std::span<const Decision> decisions);

std::optional<Decision> oldest_decision(const DecisionRing& ring);
// The oldest one with an id greater than `id`.
std::optional<Decision> decision_after(const DecisionRing& ring, uint64_t id);
// Forgets every decision up to `id`.
void acknowledge_decisions(DecisionRing& ring, uint64_t id);

}  // namespace rel
