// Who was served what: the arm and the segments of one request, as joins remember them.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/ingest/observation.h"

namespace rel {

struct Served {
  LaneArm arm = LaneArm::baseline_live;
  uint8_t segment[limits::segments_max] = {};

  friend bool operator==(const Served&, const Served&) = default;
};

inline Served served_of(const Observation& observation) {
  Served served{.arm = observation.arm};
  for (size_t s = 0; s < limits::segments_max; ++s) served.segment[s] = observation.segment[s];
  return served;
}

// Whether a request is the first of its user in the release, and in its stage.
struct FirstIn {
  bool release = true;
  bool stage = true;
};

// A number that became known of an earlier request: counted at `time_ns` in the cell of that
// request, and not a request itself.
struct Derived {
  int64_t time_ns = 0;
  Served served;
  uint32_t metric = 0;
  double value = 0;
};

inline Observation observation_of(const Derived& derived) {
  Observation made;
  made.time_ns = derived.time_ns;
  made.arm = derived.served.arm;
  made.derived = 1;
  for (size_t s = 0; s < limits::segments_max; ++s) made.segment[s] = derived.served.segment[s];
  made.present = uint32_t{1} << derived.metric;
  made.value[derived.metric] = derived.value;
  return made;
}

// Every distinct one once, so that a table can keep it in two bytes.
class ServedCodes {
 public:
  static constexpr uint16_t none = 0xffff;

  // `none` when there are 65,535 of them already.
  uint16_t code(const Served& served);
  const Served& served(uint16_t code) const { return known_[code]; }

 private:
  std::vector<Served> known_;
};

}  // namespace rel
