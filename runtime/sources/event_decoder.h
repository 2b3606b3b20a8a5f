// Event lines to observations: one JSON object a line, alone or as `data` of a CloudEvents 1.0
// envelope, bound to the metrics and segments of one plan.
// Input: the bytes of one line. Output: an observation, a word about the source, or a reason why
// the line is refused; never an exception, never the end of the stream. Owner: the stream's reader.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/ingest/label.h"
#include "runtime/ingest/observation.h"
#include "runtime/plan/plan.h"

namespace rel {

enum class EventKind : uint8_t {
  blank,        // nothing but white space
  observation,  // `observation` is to be counted
  label,        // `label` is to be joined
  source,       // the source failed or came back: `source_ok`, and `reason` when it failed
  duplicate,    // the same (id, lane, variant) was counted within the horizon
  rejected,     // `reason` says what is wrong with the line
};

struct DecodedEvent {
  EventKind kind = EventKind::blank;
  bool source_ok = true;
  int64_t time_ns = 0;  // of every kind but blank and rejected
  Observation observation;
  LabelEvent label;
  std::string id;  // of an observation, as it was written; empty: none
  std::string reason;
};

struct EventCounters {
  uint64_t lines = 0;  // without blank ones
  uint64_t observations = 0;
  uint64_t source_events = 0;
  uint64_t duplicates = 0;
  uint64_t rejected = 0;
  uint64_t labels = 0;
  uint64_t unknown_fields = 0;   // fields that no metric or segment of the plan names
  uint64_t other_segments = 0;   // segment values outside their set, counted as `other`
  uint64_t without_id = 0;       // observations that cannot be recognised when they come twice
  uint64_t dedup_overflow = 0;   // ids forgotten before their horizon, for want of room
};

// Quantities are numbers in base units (seconds, bytes, shares of one) or strings with a unit
// ("12.3ms", "4kB", "93%"). `lane` is `live` when the line does not say. Keys of users and sessions
// leave it as hashes, salted with the release.
class EventDecoder {
 public:
  // Borrows the plan for its whole life.
  explicit EventDecoder(const Plan& plan);
  ~EventDecoder();
  EventDecoder(const EventDecoder&) = delete;
  EventDecoder& operator=(const EventDecoder&) = delete;

  // The result stays valid until the next call.
  const DecodedEvent& decode(std::string_view line);
  const EventCounters& counters() const;
  // The text behind the number of a category's value; empty: not known.
  std::string_view category_text(double number) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rel
