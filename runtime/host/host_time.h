// The two clocks of a host at one moment, handed to whatever needs them.
#pragma once

#include <cstdint>

namespace rel {

struct HostTime {
  int64_t now_ns = 0;     // the release's clock: nanoseconds since the Unix epoch, never set back
  int64_t steady_ns = 0;  // CLOCK_MONOTONIC, for durations
};

// `now` is CLOCK_REALTIME at its construction, advanced by CLOCK_MONOTONIC: setting the system's
// clock neither stretches nor shortens a soak.
class HostClock {
 public:
  HostClock();
  HostTime read() const;

 private:
  int64_t base_ns_ = 0;  // real time minus monotonic time
};

}  // namespace rel
