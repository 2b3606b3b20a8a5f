// Recorded ticks on their way from the evaluator to whoever keeps them: a ring of bytes in the
// shared memory. The evaluator never waits: what does not fit is left out, and counted.
// Input: records of tick_record.h. Output: their bytes, in order. Owner: the mapping.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/limits.h"

namespace rel {

// One writer, the evaluator that holds the lease; one reader, the owner of the journal.
struct alignas(64) TickRing {
  std::atomic<uint64_t> written;   // words ever appended
  std::atomic<uint64_t> taken;     // ... and taken by the reader
  std::atomic<uint64_t> left_out;  // records
  std::atomic<uint32_t> wanted;    // 1: somebody reads; otherwise nothing is recorded
  alignas(64) std::atomic<uint64_t> words[limits::tick_ring_bytes / 8];
};

// False: no room. A record is padded to whole words; its length is in its head.
bool append_tick(TickRing& ring, std::string_view record);

// Appends everything that is there to `bytes`, without the padding, and frees its room. A record
// that is not whole ends it: the evaluator died in it, and what follows begins anew.
void take_ticks(TickRing& ring, std::string& bytes);

}  // namespace rel
