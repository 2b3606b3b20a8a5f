#include "runtime/host/recovery.h"

#include <algorithm>
#include <compare>

namespace rel {
namespace {

// How far a release is. Exposure only grows along this order while it runs.
struct Position {
  bool exposed = false;
  uint32_t stage = 0;
  uint32_t step = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

bool is_exposed(Phase phase) { return phase == Phase::running || phase == Phase::completed; }
bool is_back(Phase phase) { return phase == Phase::rolled_back || phase == Phase::withdrawn; }

Position position_of(const EngineState& state) {
  if (!is_exposed(state.phase)) return {};
  return {true, state.stage.value, state.step};
}

Position permitted_position(const JournaledState& journal) {
  const Position reached = position_of(journal.state);
  if (!journal.raise || journal.raise->outcome == RaiseOutcome::taken_back) return reached;
  const Raise& raise = journal.raise->raise;
  return std::max(reached, Position{true, raise.stage.value, raise.step});
}

// The state of the journal, with numbers that neither memory has given out before. A raise that
// was asked for but is not durable never happened.
Recovery restore(const JournaledState& journal, const EngineState& mapping, std::string why) {
  Recovery recovery{RecoveryKind::restore_journal, journal.state, std::move(why)};
  EngineState& state = recovery.state;
  state.next_decision_id =
      std::max({state.next_decision_id, journal.last_decision_id + 1, mapping.next_decision_id});
  const uint64_t durable_raise = journal.raise ? journal.raise->raise.id : 0;
  state.next_raise_id =
      std::max({state.next_raise_id, durable_raise + 1, mapping.next_raise_id});
  const bool permitted = journal.raise && journal.raise->outcome == RaiseOutcome::permitted &&
                         durable_raise == state.pending.id;
  if (!permitted) state.pending = Raise{};
  return recovery;
}

}  // namespace

Recovery reconcile(const std::optional<JournaledState>& journal, const EngineState& mapping) {
  if (!journal) {
    if (!is_exposed(mapping.phase)) return {};
    JournaledState baseline;
    baseline.state.epoch = mapping.epoch;
    return restore(baseline, mapping,
                   "the gateway runs a release that the journal does not know: it starts again at "
                   "the baseline");
  }
  const EngineState& known = journal->state;
  if (mapping.epoch > known.epoch) {
    return {.why = "the gateway went back while nobody kept the journal"};
  }
  if (mapping.epoch < known.epoch || (is_back(known.phase) && !is_back(mapping.phase))) {
    return restore(*journal, mapping, "the gateway has forgotten that the release went back");
  }
  if (is_back(mapping.phase)) return {};
  if (mapping.next_decision_id <= journal->last_decision_id) {
    return restore(*journal, mapping, "the gateway has lost decisions that the journal has");
  }
  if (position_of(mapping) < position_of(known)) {
    return restore(*journal, mapping, "the gateway is behind the journal");
  }
  if (position_of(mapping) > permitted_position(*journal)) {
    return restore(*journal, mapping,
                   "the gateway gives the candidate more than the journal permits");
  }
  return {};
}

RaiseOutcome outcome_of(const Raise& raise, const EngineState& state) {
  bool reached = false;
  switch (raise.kind) {
    case RaiseKind::none: break;
    case RaiseKind::start: reached = state.phase != Phase::idle; break;
    case RaiseKind::step:
    case RaiseKind::stage: {
      const Position here{true, state.stage.value, state.step};
      reached = state.phase != Phase::idle &&
                here >= Position{true, raise.stage.value, raise.step};
      break;
    }
    case RaiseKind::complete: reached = state.phase == Phase::completed; break;
  }
  return reached ? RaiseOutcome::took_effect : RaiseOutcome::taken_back;
}

}  // namespace rel
