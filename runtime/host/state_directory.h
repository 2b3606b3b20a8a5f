// The state directory of a release's host: one process at a time may own it.
// Input: a path. Output: a held lock, or an error that says who holds it or what to do.
// Owner: the process; the lock ends with it, however it ends.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace rel {

class StateDirectory {
 public:
  // Makes the directory if it is missing (its parent must exist), and takes DIR/lock.
  static Result<StateDirectory> open(const std::string& path);
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;
  ~StateDirectory();

  const std::string& path() const { return path_; }
  std::string journal_path() const { return path_ + "/journal.sqlite"; }
  // Makes names in the directory durable: call it after files were created.
  Status sync() const;

 private:
  StateDirectory(std::string path, int directory, int lock)
      : path_(std::move(path)), directory_(directory), lock_(lock) {}

  std::string path_;
  int directory_ = -1;
  int lock_ = -1;
};

}  // namespace rel
