#include "runtime/sources/line_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "runtime/base/limits.h"

namespace rel {

namespace {
constexpr size_t block_bytes = 256 * 1024;
}

void LineReader::Close::operator()(std::FILE* file) const {
  if (file != stdin) std::fclose(file);
}

LineReader::LineReader(std::string path, std::FILE* file)
    : path_(std::move(path)), file_(file), block_(block_bytes) {}

Result<LineReader> LineReader::open(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (!file) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  return LineReader(path, file);
}

bool LineReader::fill() {
  at_ = 0;
  end_ = std::fread(block_.data(), 1, block_.size(), file_.get());
  if (end_ == 0 && std::ferror(file_.get())) error_ = errno;
  return end_ > 0;
}

std::optional<std::string_view> LineReader::next() {
  line_.clear();
  bool some = false;
  while (at_ < end_ || fill()) {
    some = true;
    const char* begin = block_.data() + at_;
    const char* limit = block_.data() + end_;
    const char* newline = std::find(begin, limit, '\n');
    const size_t room = limits::event_bytes_max + 1 - line_.size();
    line_.append(begin, std::min(room, static_cast<size_t>(newline - begin)));
    at_ = static_cast<size_t>(newline - block_.data());
    if (newline == limit) continue;
    ++at_;
    break;
  }
  if (!some) return std::nullopt;
  ++number_;
  return line_;
}

Status LineReader::status() const {
  if (error_ == 0) return ok();
  return Error{fmt::format("cannot read {}: {}", path_, std::strerror(error_))};
}

}  // namespace rel
