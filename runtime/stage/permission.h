// Whether the calendar lets a raise happen now. Internal to stage/; the host asks for its status.
// Input: a plan, a state, where a raise leads. Output: yes or no, and when to ask again. Pure.
//
// A raise that gives the candidate more needs the windows of the release, of the stage it leads out
// of and of the stage it leads into. What gives it no more is never stopped, nor is the way back.
#pragma once

#include <cstdint>

#include "runtime/stage/engine.h"

namespace rel::stage {

bool is_permitted(const Plan& plan, const EngineState& state, const Raise& raise, int64_t now_ns);

// The raise the present state leads to, as far as the calendar is concerned; kind none: no more.
Raise next_raise(const Plan& plan, const EngineState& state);

// A time after `now_ns` before which is_permitted gives the same answer for the next raise.
// INT64_MAX when the calendar has no say.
int64_t next_calendar_ns(const Plan& plan, const EngineState& state, int64_t now_ns);

}  // namespace rel::stage
