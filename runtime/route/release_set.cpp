#include "runtime/route/release_set.h"

#include <tuple>

namespace rel {
namespace {

// How far a release is along the way that its set shares.
struct Place {
  Phase phase = Phase::idle;
  bool ready = false;
  uint32_t stage = 0;
  uint32_t step = 0;
};

Place place_of(uint64_t word) {
  return {.phase = phase_of_set_word(word),
          .ready = (word >> 8 & 1) != 0,
          .stage = static_cast<uint32_t>(word >> 32) & 0xffff,
          .step = static_cast<uint32_t>(word >> 16) & 0xffff};
}

uint32_t rank(Phase phase) {
  switch (phase) {
    case Phase::idle: return 0;
    case Phase::running: return 1;
    case Phase::completed: return 2;
    case Phase::rolled_back:
    case Phase::withdrawn: return 0;
  }
  return 0;
}

// Whether `other` lets a release at `mine` go on: it is further, or as far and due itself.
bool lets_go_on(const Place& mine, const Place& other) {
  const auto order = [](const Place& place) {
    return std::tuple(rank(place.phase), place.stage, place.step);
  };
  if (order(other) == order(mine)) return other.ready;
  return order(other) > order(mine);
}

}  // namespace

SetPeers read_peers(const EngineState& state, std::span<const SharedState* const> peers) {
  SetPeers result;
  const Place mine = place_of(pack_set_word(state));
  for (const SharedState* peer : peers) {
    const uint64_t word = peer == nullptr ? 0 : peer->set_word.load(std::memory_order_acquire);
    const Place other = place_of(word);
    const bool back = other.phase == Phase::rolled_back || other.phase == Phase::withdrawn;
    result.back = result.back || back;
    result.ready = result.ready && word != 0 && !back && lets_go_on(mine, other);
  }
  return result;
}

}  // namespace rel
