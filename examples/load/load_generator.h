// An open-loop HTTP load: requests leave at their paced time whether or not earlier ones were
// answered, over keep-alive connections to 127.0.0.1. Input: rate, duration, traffic. Output: one
// record a request, in the order of completion.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "examples/load/traffic.h"

namespace example {

enum class Arm : uint8_t { unknown, baseline, candidate };

struct Record {
  int64_t sent_ns = 0;  // Unix time, when the request was written
  int64_t latency_ns = 0;
  uint32_t user = 0;
  const char* region = "";
  Arm arm = Arm::unknown;  // as X-Release-Variant of the response says
  int status = 0;          // 0: no response (closed, reset or timed out)
};

struct LoadOptions {
  uint16_t port = 0;
  double rate = 1200;  // requests a second
  double duration_s = 10;
  uint32_t users = 20000;
  uint64_t seed = 7;
  double timeout_ms = 5000;
  uint32_t connections_max = 768;
  std::string out;
};

struct LoadResult {
  std::vector<Record> records;
  double seconds = 0;          // first request to the end of sending
  int64_t latest_send_ns = 0;  // most a request left after its paced time
  uint64_t retried = 0;        // sent again: an idle connection had been closed by the server
};

// Sends until the duration is over or SIGTERM or SIGINT comes, then waits for what is under way.
// `started` is called when the first request has left. Throws std::runtime_error.
LoadResult run_load(const LoadOptions& options, const std::function<void()>& started);

}  // namespace example
