// A single-threaded HTTP/1.1 server on loopback that can answer later: a slow model is a response
// with a delay, not a thread that sleeps. Input: a handler. Output: its answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace example {

struct Request {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::string_view body;
};

struct Response {
  int status = 200;
  std::string headers;  // whole lines, each ended by \r\n
  std::string body;     // JSON
  std::chrono::nanoseconds delay{0};
};

using Handler = std::function<Response(const Request&)>;

// Listens on 127.0.0.1:`port` (0: a free one), calls `ready` with the port and serves until SIGTERM
// or SIGINT. Throws std::runtime_error when the port cannot be had.
void serve(uint16_t port, const std::function<void(uint16_t)>& ready, const Handler& handler);

}  // namespace example
