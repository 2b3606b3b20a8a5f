// The published route in one word, so that a request reads it with one atomic load, and the bucket
// a key falls into.
#pragma once

#include <cstdint>

#include "runtime/runtime.h"

namespace rel {

inline constexpr uint32_t share_all = 1'000'000;

// share 20 bits | mirror 20 | stage + 1 8 (0: none) | epoch 16, from low to high.
constexpr uint64_t pack_route(const Route& route) {
  const uint64_t stage = route.stage.is_none() ? 0 : route.stage.value + 1;
  return uint64_t{route.share_millionths} | uint64_t{route.mirror_millionths} << 20 | stage << 40 |
         (route.epoch & 0xffff) << 48;
}

constexpr uint32_t share_of(uint64_t word) { return word & 0xfffff; }
constexpr uint32_t mirror_of(uint64_t word) { return (word >> 20) & 0xfffff; }
constexpr uint32_t epoch_of(uint64_t word) { return static_cast<uint32_t>(word >> 48); }
constexpr StageId stage_of(uint64_t word) {
  static_assert(StageId::none_value == 0u - 1u);
  return StageId{(static_cast<uint32_t>(word >> 40) & 0xff) - 1};
}

// step 8 bits from bit 32 | stage + 1 and epoch as in a route word: which step of its stage the
// route is of. A reader takes it for its route when stage and epoch are the route's.
constexpr uint64_t pack_step(const Route& route) {
  return (pack_route(route) & ~uint64_t{0xff'ffff'ffff}) | uint64_t{route.step & 0xff} << 32;
}
constexpr bool is_step_of(uint64_t step_word, uint64_t route_word) {
  return (step_word ^ route_word) >> 40 == 0;
}
constexpr uint32_t step_of(uint64_t step_word) {
  return static_cast<uint32_t>(step_word >> 32) & 0xff;
}

// epoch, low 16 bits, from bit 48 as in a route word, so that one exclusive or compares the two |
// epoch >> 16 from bit 2 | bank << 1 | buffer. See RouteBlock::rollback_word.
constexpr uint64_t pack_rollback(uint64_t epoch, uint32_t bank, uint32_t buffer) {
  return epoch << 48 | epoch >> 16 << 2 | uint64_t{bank} << 1 | buffer;
}
constexpr uint64_t rollback_epoch(uint64_t word) {
  return (word & 0xffff'ffff'ffff) >> 2 << 16 | word >> 48;
}

// The route as it applies: `published`, or the baseline while a rollback has not reached it.
constexpr uint64_t in_force(uint64_t published, uint64_t rollback) {
  return (published ^ rollback) >> 48 == 0 ? published : 0;
}

}  // namespace rel
