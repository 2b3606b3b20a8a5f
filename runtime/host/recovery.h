// After a restart: which of two memories of a release is to be believed, the journal's or that of
// the gateway's mapping. Pure.
// A rollback that only the mapping knows stands, exposure that only the mapping knows does not:
// nothing raises exposure without a durable record, and nothing undoes a rollback.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/engine.h"

namespace rel {

enum class RecoveryKind : uint8_t {
  follow_mapping,   // the mapping is as far as the journal or further: the journal catches up
  restore_journal,  // `state` goes back into the mapping
};

struct Recovery {
  RecoveryKind kind = RecoveryKind::follow_mapping;
  EngineState state;
  std::string why;  // one sentence for people
};

// `journal` empty: no readable record of this release, which then starts at the baseline.
Recovery reconcile(const std::optional<JournaledState>& journal, const EngineState& mapping);

// What became of a permitted raise that `state` no longer has pending.
RaiseOutcome outcome_of(const Raise& raise, const EngineState& state);

}  // namespace rel
