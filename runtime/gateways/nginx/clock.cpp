// The gateway's clock.
#include "runtime/gateways/nginx/clock.h"

#include <time.h>

namespace rel::gateway {
namespace {

int64_t read_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

int64_t monotonic_ns() { return read_ns(CLOCK_MONOTONIC); }

int64_t now_ns() {
  static const int64_t base = read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC);
  return base + monotonic_ns();
}

}  // namespace rel::gateway
