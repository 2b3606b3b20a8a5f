// The gateway's clock. Time of day is taken once and carried on by the monotonic clock, so that it
// never jumps under a running release and agrees between a master and the workers it forks; it is
// not nginx's cached time, which stands still within one turn of the event loop.
#pragma once

#include <cstdint>

namespace rel::gateway {

// CLOCK_MONOTONIC, nanoseconds.
int64_t monotonic_ns();

// Nanoseconds since the Unix epoch. The first call in a process fixes the difference between the
// two clocks; the master makes it before it forks.
int64_t now_ns();

}  // namespace rel::gateway
