// XXH64 of a routing key. Keys are ids of users and requests, nearly always shorter than 32 bytes:
// for those the hash has no bulk part, and written out here it is small enough to be inlined into
// route(). Longer ones go to libxxhash. The same bits as XXH64 in every case; a test compares them.
#pragma once

#include <xxhash.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rel {

inline constexpr size_t short_key_bytes = 32;

// The algorithm for fewer than 32 bytes, from its specification (steps 1, 5, 6 and 7 of
// "XXH64 algorithm description").
inline uint64_t short_key_hash(std::string_view key, uint64_t seed) {
  static_assert(std::endian::native == std::endian::little);
  constexpr uint64_t prime1 = 0x9e3779b185ebca87;
  constexpr uint64_t prime2 = 0xc2b2ae3d27d4eb4f;
  constexpr uint64_t prime3 = 0x165667b19e3779f9;
  constexpr uint64_t prime4 = 0x85ebca77c2b2ae63;
  constexpr uint64_t prime5 = 0x27d4eb2f165667c5;

  const char* at = key.data();
  const size_t length = key.size();
  uint64_t hash = seed + prime5 + length;
  const auto eight_bytes = [&] {
    uint64_t lane;
    std::memcpy(&lane, at, 8);
    at += 8;
    hash ^= std::rotl(lane * prime2, 31) * prime1;
    hash = std::rotl(hash, 27) * prime1 + prime4;
  };
  // The length in binary says how many lanes of which size there are: no counting loop.
  if (length & 16) {
    eight_bytes();
    eight_bytes();
  }
  if (length & 8) eight_bytes();
  if (length & 4) {
    uint32_t lane;
    std::memcpy(&lane, at, 4);
    at += 4;
    hash ^= lane * prime1;
    hash = std::rotl(hash, 23) * prime2 + prime3;
  }
  for (size_t left = length & 3; left > 0; --left, ++at) {
    hash ^= static_cast<uint8_t>(*at) * prime5;
    hash = std::rotl(hash, 11) * prime1;
  }
  hash = (hash ^ hash >> 33) * prime2;
  hash = (hash ^ hash >> 29) * prime3;
  return hash ^ hash >> 32;
}

inline uint64_t key_hash(std::string_view key, uint64_t seed) {
  if (key.size() < short_key_bytes) [[likely]] return short_key_hash(key, seed);
  return XXH64(key.data(), key.size(), seed);
}

inline uint32_t bucket_of_hash(uint64_t hash) {
  constexpr uint64_t positive = ~uint64_t{0} >> 1;
  return static_cast<uint32_t>((hash & positive) % 1'000'000);
}

}  // namespace rel
