// The ring of decisions between the evaluator and the journal.
#include "runtime/route/decision_ring.h"

#include <algorithm>

#include "runtime/route/shared_words.h"

namespace rel {
namespace {

// What must be kept even when the journal is far behind.
bool uses_reserve(DecisionKind kind) {
  return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn ||
         kind == DecisionKind::completed;
}

uint64_t id_at(const DecisionRing& ring, uint64_t position) {
  Decision decision;
  copy_from_shared(&decision, &ring.slots[position % limits::decision_ring], sizeof decision);
  return decision.id;
}

}  // namespace

AppendOutcome append_decisions(DecisionRing& ring, std::span<const Decision> decisions) {
  uint64_t head = ring.head.load(std::memory_order_acquire);
  uint64_t last = ring.last_id.load(std::memory_order_acquire);
  // An evaluator may have died after it had moved the head and before it noted the id.
  if (head != 0) last = std::max(last, id_at(ring, head - 1));

  AppendOutcome outcome = AppendOutcome::appended;
  for (const Decision& decision : decisions) {
    if (decision.id <= last) continue;
    const uint64_t used = head - ring.acknowledged.load(std::memory_order_acquire);
    const uint64_t room = limits::decision_ring - used;
    if (room > ring_reserve || (room > 0 && uses_reserve(decision.kind))) {
      copy_to_shared(&ring.slots[head % limits::decision_ring], &decision, sizeof decision);
      ring.head.store(++head, std::memory_order_release);
    } else {
      ring.suppressed.fetch_add(1, std::memory_order_relaxed);
      if (decision.durable_first) outcome = AppendOutcome::raise_left_out;
    }
    last = decision.id;
    ring.last_id.store(last, std::memory_order_release);
  }
  return outcome;
}

std::optional<Decision> oldest_decision(const DecisionRing& ring) {
  const uint64_t taken = ring.acknowledged.load(std::memory_order_acquire);
  if (taken == ring.head.load(std::memory_order_acquire)) return std::nullopt;
  Decision decision;
  copy_from_shared(&decision, &ring.slots[taken % limits::decision_ring], sizeof decision);
  return decision;
}

std::optional<Decision> decision_after(const DecisionRing& ring, uint64_t id) {
  const uint64_t head = ring.head.load(std::memory_order_acquire);
  for (uint64_t at = ring.acknowledged.load(std::memory_order_acquire); at != head; ++at) {
    if (id_at(ring, at) <= id) continue;
    Decision decision;
    copy_from_shared(&decision, &ring.slots[at % limits::decision_ring], sizeof decision);
    return decision;
  }
  return std::nullopt;
}

void acknowledge_decisions(DecisionRing& ring, uint64_t id) {
  uint64_t taken = ring.acknowledged.load(std::memory_order_acquire);
  const uint64_t head = ring.head.load(std::memory_order_acquire);
  while (taken != head && id_at(ring, taken) <= id) {
    ring.acknowledged.store(++taken, std::memory_order_release);
  }
}

}  // namespace rel
