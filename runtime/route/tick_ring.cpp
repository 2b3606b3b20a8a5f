#include "runtime/route/tick_ring.h"

#include <algorithm>
#include <cstring>

namespace rel {
namespace {

constexpr uint64_t words_in_ring = limits::tick_ring_bytes / 8;
constexpr size_t length_bytes = 4;
constexpr size_t head_bytes = 12;

uint64_t words_of(uint64_t bytes) { return (bytes + 7) / 8; }

}  // namespace

bool append_tick(TickRing& ring, std::string_view record) {
  const uint64_t written = ring.written.load(std::memory_order_relaxed);
  const uint64_t taken = ring.taken.load(std::memory_order_acquire);
  const uint64_t words = words_of(record.size());
  if (written - taken + words > words_in_ring) {
    ring.left_out.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  for (uint64_t i = 0; i < words; ++i) {
    uint64_t word = 0;
    const size_t at = i * 8;
    std::memcpy(&word, record.data() + at, std::min<size_t>(8, record.size() - at));
    ring.words[(written + i) % words_in_ring].store(word, std::memory_order_relaxed);
  }
  ring.written.store(written + words, std::memory_order_release);
  return true;
}

void take_ticks(TickRing& ring, std::string& bytes) {
  const uint64_t written = ring.written.load(std::memory_order_acquire);
  uint64_t taken = ring.taken.load(std::memory_order_relaxed);
  // Memory of another making: nothing in it can be read.
  if (written < taken || written - taken > words_in_ring) taken = written;
  const auto word_at = [&](uint64_t index) {
    return ring.words[index % words_in_ring].load(std::memory_order_relaxed);
  };
  while (taken < written) {
    const uint64_t first = word_at(taken);
    uint32_t length = 0;
    std::memcpy(&length, &first, length_bytes);
    const uint64_t whole = head_bytes + uint64_t{length};
    const uint64_t words = words_of(whole);
    if (words > written - taken) {
      taken = written;
      break;
    }
    const size_t before = bytes.size();
    bytes.resize(before + words * 8);
    for (uint64_t i = 0; i < words; ++i) {
      const uint64_t word = word_at(taken + i);
      std::memcpy(bytes.data() + before + i * 8, &word, 8);
    }
    bytes.resize(before + whole);
    taken += words;
  }
  ring.taken.store(taken, std::memory_order_release);
}

}  // namespace rel
