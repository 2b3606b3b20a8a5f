// What became known of a request, a user or a session after the fact, bound to a metric of a plan.
// Built by the event decoder.
#pragma once

#include <cstdint>

namespace rel {

struct LabelEvent {
  int64_t time_ns = 0;  // since the Unix epoch
  // Hashes of what it is about: of the three the one that the metric is counted per; 0: none.
  uint64_t id = 0;
  uint64_t user = 0;
  uint64_t session = 0;
  uint32_t metric = 0;  // row of Plan::metrics
  double value = 0;     // base unit; flags are 0 or 1
};

}  // namespace rel
