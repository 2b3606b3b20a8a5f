// The gateway's part of a host of its own: a thread that reads event lines, observes them and ticks
// the runtime, so that neither waits for the journal's disk. Beside a gateway it only joins.
// Input: a descriptor of event lines. Output: observations and ticks in the Runtime, refused lines
// to `refused`. Owner: `relc run --events`; it ends with the object.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/host/host_time.h"
#include "runtime/joins/event_joins.h"
#include "runtime/runtime.h"
#include "runtime/sources/event_decoder.h"

namespace rel {

enum class StreamEnd : uint8_t {
  complete,  // a file that was read to its end: nothing more is expected
  lost,      // a stream that broke off: from then on the source fails
};

enum class StreamUse : uint8_t {
  everything,  // requests are counted, and the runtime is ticked
  joins,       // a gateway does both: only what it cannot know is added
};

struct EventStreamSettings {
  int descriptor = -1;  // borrowed
  StreamEnd end = StreamEnd::complete;
  // Called from the thread with the number of a refused line, from 1, and the reason.
  std::function<void(uint64_t line, const std::string& reason)> refused;
  StreamUse use = StreamUse::everything;
  // What joins had been told before a restart (host/join_log.h).
  std::string joins_before = {};
};

class EventStream {
 public:
  static Result<std::unique_ptr<EventStream>> start(Runtime& runtime, const HostClock& clock,
                                                    EventStreamSettings settings);
  ~EventStream();

  // The input has ended and a tick has seen all of it.
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  EventCounters counters() const;
  // What joins were told since the last call, appended. False: something was left out, because
  // nobody came for it in time.
  bool take_joins(std::string& bytes);
  int64_t joins_settled_ns(int64_t now_ns) const { return joins_.settled_ns(now_ns); }

 private:
  EventStream(Runtime& runtime, const HostClock& clock, EventStreamSettings settings,
              uint32_t shard, int wake);
  void run();
  void read_block();
  void take_lines();
  void take_line(std::string_view line);
  bool counts() const { return settings_.use == StreamUse::everything; }
  void set_failing(bool failing);
  void take_observation(const DecodedEvent& event);
  void give_mature(int64_t now_ns);
  void end_of_input();
  void tick_if_due();

  Runtime& runtime_;
  HostClock clock_;
  EventStreamSettings settings_;
  uint32_t shard_;
  int wake_;  // eventfd: stop
  EventDecoder decoder_;
  EventJoins joins_;
  std::vector<Observation> due_;  // room for what is mature
  mutable std::mutex counters_mutex_;  // of what follows
  EventCounters counters_;
  std::string joins_told_;
  bool joins_lost_ = false;
  std::string input_;
  uint64_t line_ = 0;
  bool skipping_ = false;    // the rest of a line that is too long
  bool input_open_ = true;
  int64_t next_tick_ns_ = 0;  // steady clock
  int64_t end_seen_ns_ = 0;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace rel
