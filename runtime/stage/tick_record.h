// What one tick of the engine was given, as bytes: the frame as a difference to the tick before it,
// the host events, the time, and a checksum of the state it began with. With it the tick can be run
// again, bit for bit.
// Input: the evaluator, after it has published. Output: records; read back by a replay. Pure.
// Owner: whoever keeps the writer or the reader; a reader borrows the plan.
//
// A record is: length u32, XXH64 of what follows u64, then
//   flags u8 (1 whole, 2 the set is ready, 4 it went back), now_ns i64, state checksum u64,
//   whole only: the plan's hash u64, the state (encode_state), its length before it,
//   events: count, HostEvent bytes each; changes: count, then index, value, cause, samples each.
// Counts, lengths, indices and samples are variable-length numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/engine.h"

namespace rel {

inline constexpr size_t tick_record_head = 12;  // length and checksum

class TickWriter {
 public:
  explicit TickWriter(const Plan& plan);

  // The tick begins with this state; events follow in the order they are applied.
  void begin(const EngineState& state, int64_t now_ns);
  void event(const HostEvent& event);
  // The whole record, valid until the next call. `after` is the state the tick ended with: a tick
  // that does not begin with it is recorded whole.
  std::string_view finish(const EvidenceSource& frame, const SetPeers& peers,
                          const EngineState& after);
  // What was written last did not get to its reader: the next record is whole.
  void lost() { whole_due_ = true; }

 private:
  const Plan& plan_;
  uint64_t hash_;
  std::string bytes_;
  std::string events_;
  std::string before_;  // the state the tick began with, as bytes
  std::string after_;   // ... and the one the last tick ended with
  uint64_t event_count_ = 0;
  int64_t now_ns_ = 0;
  uint32_t since_whole_ = 0;
  bool whole_due_ = true;
  bool whole_ = true;
  std::vector<double> values_;
  std::vector<uint8_t> causes_;
  std::vector<uint64_t> samples_;
};

// One tick as it was recorded.
struct TickInput {
  bool whole = false;
  int64_t now_ns = 0;
  SetPeers peers;
  uint64_t state_checksum = 0;
  uint64_t plan_hash = 0;  // whole records only: what the evaluator ran with, until the next one
  EngineState state;       // whole records only
  std::vector<HostEvent> events;
};

class TickReader {
 public:
  // Any of the plans the release ran under: their states and frames have the same form.
  explicit TickReader(const Plan& plan);

  // Takes the first record off `bytes`. Nothing: not whole yet, at the end. An error: damaged.
  Result<bool> next(std::string_view& bytes, TickInput& tick);
  // The frame after the record that was read last.
  EvidenceSource frame() const { return {values_, causes_, samples_}; }

 private:
  const Plan& plan_;
  std::vector<double> values_;
  std::vector<uint8_t> causes_;
  std::vector<uint64_t> samples_;
};

}  // namespace rel
