// 128-bit sums: 1e-9 base units of 64-bit observations never overflow one within a release.
#pragma once

#include <cstdint>

namespace rel {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

constexpr Int128 join_int128(uint64_t low, uint64_t high) {
  return static_cast<Int128>((static_cast<UInt128>(high) << 64) | low);
}
constexpr uint64_t low_word(Int128 value) { return static_cast<uint64_t>(value); }
constexpr uint64_t high_word(Int128 value) {
  return static_cast<uint64_t>(static_cast<UInt128>(value) >> 64);
}

}  // namespace rel
