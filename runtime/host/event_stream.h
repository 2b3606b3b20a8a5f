// The gateway's part of a host of its own: a thread that reads event lines, observes them and ticks
// the runtime, so that neither waits for the journal's disk.
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

#include "runtime/base/result.h"
#include "runtime/host/host_time.h"
#include "runtime/runtime.h"
#include "runtime/sources/event_decoder.h"

namespace rel {

enum class StreamEnd : uint8_t {
  complete,  // a file that was read to its end: nothing more is expected
  lost,      // a stream that broke off: from then on the source fails
};

struct EventStreamSettings {
  int descriptor = -1;  // borrowed
  StreamEnd end = StreamEnd::complete;
  // Called from the thread with the number of a refused line, from 1, and the reason.
  std::function<void(uint64_t line, const std::string& reason)> refused;
};

class EventStream {
 public:
  static Result<std::unique_ptr<EventStream>> start(Runtime& runtime, const HostClock& clock,
                                                    EventStreamSettings settings);
  ~EventStream();

  // The input has ended and a tick has seen all of it.
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  EventCounters counters() const;

 private:
  EventStream(Runtime& runtime, const HostClock& clock, EventStreamSettings settings,
              uint32_t shard, int wake);
  void run();
  void read_block();
  void take_lines();
  void take_line(std::string_view line);
  void end_of_input();
  void tick_if_due();

  Runtime& runtime_;
  HostClock clock_;
  EventStreamSettings settings_;
  uint32_t shard_;
  int wake_;  // eventfd: stop
  EventDecoder decoder_;
  mutable std::mutex counters_mutex_;
  EventCounters counters_;
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
