// How conditions are read over time: `for`, counted checks, hysteresis, and keeping the last known
// verdict. All of it is three-valued; unknown is never taken for false.
// Input: the verdict of the condition at each tick. Output: the verdict of the whole.
// Owner of the memory: EngineState; it starts anew with each stage. Pure; nothing allocates.
#pragma once

#include "runtime/stage/engine.h"

namespace rel {

// The time of a tick, and of the beginning of its stage: checks are counted from there.
struct TickTime {
  int64_t now_ns = 0;
  int64_t stage_entered_ns = 0;
};

// `for` over a closed window [t-D, t]: false if a tick in it was false; true if every tick of it
// was true; otherwise unknown (ticks before the stage started are `insufficient`).
Verdict update_held(SustainState& state, Verdict input, int64_t duration_ns, int64_t now_ns);

constexpr bool is_counted(SustainKind kind) {
  return kind >= SustainKind::consecutive && kind <= SustainKind::failures_within;
}

// Counted kinds. Check k is made at the first tick at or after k times `duration_ns` from the start
// of the stage, k = 1, 2, 3 ...; between checks the verdict stands. A check that no tick was there
// for is unknown.
// consecutive: false if one of the last N was false, true if all were true.
// of_last: true if N of the last M were true, false if they cannot be any more, whatever the
// unknown ones and those before the stage would have been.
// failures: false and true change sides for good when N is exceeded; before that, unknown while the
// last check is, and before the first.
Verdict update_checks(const Sustain& sustain, SustainState& state, Verdict input,
                      const TickTime& time);

// `until`: closes when `input` is true, opens when `until` is; unknown changes nothing. True while
// closed; else the verdict of `input`, which at the tick of opening is not true yet.
Verdict update_latch(SustainState& state, Verdict input, Verdict until);

// `keep last D`: an unknown verdict is the last known one while that is at most D old.
Verdict update_keep(SustainState& state, Verdict input, int64_t keep_ns, int64_t now_ns);

// Any kind. `until` is read by a latch only.
Verdict update_sustain(const Sustain& sustain, SustainState& state, Verdict input, Verdict until,
                       const TickTime& time);

// What a clock gap leaves of it: time that nobody watched does not count. Checks that were made
// stand, and so does what was closed.
void forget_watched(const Sustain& sustain, SustainState& state);

}  // namespace rel
