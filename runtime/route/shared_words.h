// Copies plain values into and out of shared memory word by word, so that a reader that meets a
// writer sees old or new words, never undefined behaviour. Whether the whole is consistent is for
// the caller's sequence word to say.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rel {

// `bytes` is a multiple of 8, both sides are 8-byte aligned.
inline void copy_to_shared(void* shared, const void* from, size_t bytes) {
  auto* words = static_cast<uint64_t*>(shared);
  const auto* source = static_cast<const std::byte*>(from);
  for (size_t i = 0; i < bytes / 8; ++i) {
    uint64_t word;
    std::memcpy(&word, source + i * 8, 8);
    std::atomic_ref<uint64_t>(words[i]).store(word, std::memory_order_release);
  }
}

inline void copy_from_shared(void* to, const void* shared, size_t bytes) {
  auto* words = static_cast<uint64_t*>(const_cast<void*>(shared));
  auto* target = static_cast<std::byte*>(to);
  for (size_t i = 0; i < bytes / 8; ++i) {
    const uint64_t word = std::atomic_ref<uint64_t>(words[i]).load(std::memory_order_acquire);
    std::memcpy(target + i * 8, &word, 8);
  }
}

}  // namespace rel
