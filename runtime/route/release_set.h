// How the members of a release set see each other: each evaluator publishes where its release
// stands in one word of its mapping, and reads the words of the others at each tick. Nobody waits,
// and no sidecar is asked: a member goes back at the next tick of its own evaluator after another
// did.
// Input: engine states. Output: the words, and what they come to. Owner: the Runtime.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/route/shared_state.h"

namespace rel {

// phase 8 bits | ready 1 | step 16 from bit 16 | stage 16 from bit 32 | 1 at bit 63: published.
constexpr uint64_t pack_set_word(const EngineState& state) {
  const uint64_t stage = state.stage.is_none() ? 0 : state.stage.value;
  return uint64_t{1} << 63 | stage << 32 | uint64_t{state.step} << 16 |
         uint64_t{state.set_ready} << 8 | static_cast<uint64_t>(state.phase);
}

constexpr Phase phase_of_set_word(uint64_t word) { return static_cast<Phase>(word & 0xff); }

// Null: a member that is not there, for which everything waits.
SetPeers read_peers(const EngineState& state, std::span<const SharedState* const> peers);

}  // namespace rel
