// When exposure may grow: the calendar windows of a plan, read with the time zones it carries.
// Input: a plan and a time. Output: whether a set of windows permits it, and when that may change.
// Pure: no clock, no zone database; the compiler has put the changes of each zone into the plan.
#pragma once

#include <cstdint>

#include "runtime/plan/plan.h"

namespace rel {

// Seconds that local time of the zone is ahead of UTC at a time (seconds since the Unix epoch).
int32_t zone_offset_s(const Plan& plan, ZoneId zone, int64_t at_s);

// Whether a time (nanoseconds since the Unix epoch) lies in a window, by the clock on its wall: an
// hour that is skipped is in no window, one that comes twice is in its window twice.
bool is_in_window(const Plan& plan, const IncreaseWindow& window, int64_t now_ns);

// No window: always. Otherwise in one that allows, and in none that excepts.
bool calendar_permits(const Plan& plan, Rows<IncreaseWindowId> windows, int64_t now_ns);

// A time after `now_ns` before which calendar_permits does not change its mind; it need not change
// it then. never (INT64_MAX) without windows.
int64_t next_calendar_change_ns(const Plan& plan, Rows<IncreaseWindowId> windows, int64_t now_ns);

}  // namespace rel
