// A file that only grows, by whole batches: one that cannot be written whole is taken back, because
// a part of it would hide what comes after it.
// Input: batches of bytes. Output: the file. Owner: a log of the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace rel {

enum class AppendTo : uint8_t { whatever_is_there, a_new_file };

class AppendFile {
 public:
  AppendFile() = default;
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  ~AppendFile();

  // A file that is there goes on behind its first `size` bytes; the rest of it goes.
  static Result<AppendFile> open(std::string path, AppendTo what, uint64_t size = 0);
  // An error is the disk's, and names what to do.
  Status append(std::string_view bytes);
  uint64_t size() const { return size_; }  // bytes

 private:
  std::string path_;
  int file_ = -1;
  uint64_t size_ = 0;
};

// All bytes of a file. Nothing there is no error: empty.
Result<std::string> read_whole(const std::string& path);

}  // namespace rel
