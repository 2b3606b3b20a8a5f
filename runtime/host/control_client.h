// The asking end of the control socket: `relc status` and its kin.
// Input: a socket's path, requests. Output: answers, or an error that says what to start. Waits at
// most the deadline. Owner: one command.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace rel {

class ControlClient {
 public:
  static Result<ControlClient> connect(const std::string& path);
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&&) = delete;
  ~ControlClient();

  // Sends one line, gives the line that comes back.
  Result<std::string> ask(std::string_view request);

 private:
  ControlClient(std::string path, int socket) : path_(std::move(path)), socket_(socket) {}

  std::string path_;
  int socket_ = -1;
  std::string input_;
};

}  // namespace rel
