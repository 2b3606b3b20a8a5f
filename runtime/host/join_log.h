// What waits to be joined, on disk: an append log of what joins were told, in files of a bounded
// size, the oldest of which goes when nothing in it can matter any more.
// Input: batches of runtime/joins/join_record.h. Output: the same after a restart. Owner: `relc
// run`. No decision waits for it, and it is not synced: it survives the process, and what a crash
// of the machine takes of its end are labels that are then missing.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/host/append_file.h"

namespace rel {

class JoinLog {
 public:
  // The files of a release in its state directory; `before` is what they hold.
  static Result<JoinLog> open(const std::string& state_dir, int64_t release, std::string& before);

  // `now_ns`: the newest time in the bytes; files with nothing after `settled_ns` go.
  Status append(std::string_view bytes, int64_t now_ns, int64_t settled_ns);

 private:
  struct File {
    uint64_t number = 0;
    int64_t newest_ns = 0;  // 0: of an earlier process, not known
  };

  explicit JoinLog(std::string stem) : stem_(std::move(stem)) {}
  std::string path_of(uint64_t number) const;
  Status open_next();

  std::string stem_;
  std::deque<File> files_;  // oldest first; the last one is open
  AppendFile file_;         // the last one
  uint64_t total_ = 0;
};

}  // namespace rel
