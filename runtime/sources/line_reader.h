// Lines of a file or of standard input, whatever their length, in bounded memory.
// Input: a path, `-` for standard input. Output: one line at a time without its end. Owner: the
// command that reads it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace rel {

class LineReader {
 public:
  static Result<LineReader> open(const std::string& path);

  // The next line; nothing at the end or when reading failed. A line longer than an event may be is
  // cut just beyond that, so that it is refused as too long. Valid until the next call.
  std::optional<std::string_view> next();
  uint64_t number() const { return number_; }  // of the line given last, from 1
  Status status() const;                       // why reading ended early, if it did

 private:
  struct Close {
    void operator()(std::FILE* file) const;
  };
  LineReader(std::string path, std::FILE* file);
  bool fill();

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<char> block_;
  size_t at_ = 0;
  size_t end_ = 0;
  std::string line_;
  uint64_t number_ = 0;
  int error_ = 0;
};

}  // namespace rel
