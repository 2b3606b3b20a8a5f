// The two temporal modifiers of STATS that are not `for` (stage/engine.h has update_sustain):
// keeping the last known verdict for a while, and hysteresis between two sustained conditions.
// Input: a verdict a tick. Output: a verdict, or a state.
// Owner: the stage machine; plain memory.
#pragma once

#include <cstdint>

#include "runtime/base/verdict.h"

namespace rel::stats {

// `keep last D`: an unknown verdict is replaced by the last known one for at most D after it.
struct KeepLast {
  Verdict last = Verdict::no_data;
  uint8_t reserved[7] = {};
  int64_t known_ns = 0;
};
Verdict update_keep_last(KeepLast& state, Verdict input, int64_t keep_ns, int64_t now_ns);

// `when A for D1 until B for D2`: enters when A has been sustained, leaves when B has. Unknown
// never causes a transition.
enum class Latch : uint8_t {
  idle,
  pending,  // A is true, not yet for long enough
  firing,
};
Latch update_latch(Latch state, Verdict condition, Verdict sustained, Verdict cleared);

// Kleene's not, with the cause of an unknown kept.
constexpr Verdict negated(Verdict v) {
  if (is_unknown(v)) return v;
  return v == Verdict::is_true ? Verdict::is_false : Verdict::is_true;
}

}  // namespace rel::stats
