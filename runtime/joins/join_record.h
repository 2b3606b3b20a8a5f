// What joins were told, as bytes: a restart tells it again and has what waited.
// Input: requests, labels, how far was matured, stages. Output: batches of records, each with its
// length and checksum, so that a torn end is seen. Little endian. Owner: EventJoins writes,
// host/join_log.h keeps the bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/ingest/label.h"
#include "runtime/ingest/observation.h"
#include "runtime/plan/plan.h"

namespace rel {

class JoinRecorder {
 public:
  // Of an observation only the values of `metrics` (a bit a row) are kept.
  JoinRecorder(const Plan& plan, uint32_t metrics)
      : segments_(plan.segments.size()), metrics_(metrics) {}

  void request(const Observation& request);
  void label(const LabelEvent& label);
  void matured(int64_t now_ns);
  void stage(StageId stage);

  // The batch since the last call, appended; nothing when nothing was told.
  void take(std::string& bytes);

 private:
  size_t segments_;
  uint32_t metrics_;
  std::string records_;
};

struct JoinReader {
  std::function<void(Observation&)> request;
  std::function<void(const LabelEvent&)> label;
  std::function<void(int64_t now_ns)> matured;
  std::function<void(StageId stage)> stage;
};

// Bytes of whole batches from the front; the rest was torn off or is damaged.
size_t whole_join_batches(std::string_view bytes);
// Tells a reader every record of whole batches.
void read_join_batches(const Plan& plan, std::string_view bytes, const JoinReader& reader);

}  // namespace rel
