#include "runtime/host/host_time.h"

#include <time.h>

namespace rel {
namespace {

int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

HostClock::HostClock() : base_ns_(read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC)) {}

HostTime HostClock::read() const {
  const int64_t steady_ns = read_clock(CLOCK_MONOTONIC);
  return {base_ns_ + steady_ns, steady_ns};
}

}  // namespace rel
