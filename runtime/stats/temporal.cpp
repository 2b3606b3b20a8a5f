// Keeping the last verdict, and hysteresis.
#include "runtime/stats/temporal.h"

namespace rel::stats {

Verdict update_keep_last(KeepLast& state, Verdict input, int64_t keep_ns, int64_t now_ns) {
  if (!is_unknown(input)) {
    state.last = input;
    state.known_ns = now_ns;
    return input;
  }
  const bool kept = !is_unknown(state.last) && now_ns - state.known_ns <= keep_ns;
  return kept ? state.last : input;
}

Latch update_latch(Latch state, Verdict condition, Verdict sustained, Verdict cleared) {
  if (state == Latch::firing) {
    if (cleared != Verdict::is_true) return Latch::firing;
  } else if (sustained == Verdict::is_true) {
    return Latch::firing;
  }
  return condition == Verdict::is_true ? Latch::pending : Latch::idle;
}

}  // namespace rel::stats
