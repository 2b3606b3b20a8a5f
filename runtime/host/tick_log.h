// The recorded ticks of a release on disk, beside the journal: two files of bounded size, the older
// of which is given up when the newer is full. They prove decisions, they do not carry them:
// nothing waits for them, and a disk that refuses them stops nothing.
// Input: bytes of the tick ring. Output: files. Owner: the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/host/append_file.h"

namespace rel {

// `DIR/ticks-ID.log`, and with `.old` at its end the file before it.
std::string tick_log_path(const std::string& state_dir, int64_t release);

class TickLog {
 public:
  // Goes on after the last whole record of an earlier life.
  static Result<TickLog> open(const std::string& state_dir, int64_t release);

  // An error is the disk's; what could not be written is lost to replay.
  Status append(std::string_view bytes);

 private:
  explicit TickLog(std::string path) : path_(std::move(path)) {}
  Status turn_over();

  std::string path_;
  AppendFile file_;
};

// Both files, the older first. Nothing there is no error: empty.
Result<std::string> read_tick_log(const std::string& state_dir, int64_t release);

}  // namespace rel
