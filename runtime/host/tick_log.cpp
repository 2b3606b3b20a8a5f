#include "runtime/host/tick_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/stage/tick_record.h"

namespace rel {
namespace {

constexpr uint64_t file_bytes_max = limits::tick_log_bytes_max / 2;

Error cannot(const char* what, const std::string& path) {
  return {fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::string();
    return cannot("read", path);
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return cannot("read", path);
  return std::move(text).str();
}

// Bytes of the records that are whole; a crash may have cut the last one.
uint64_t whole_bytes(std::string_view bytes) {
  uint64_t at = 0;
  while (bytes.size() - at >= tick_record_head) {
    uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at, sizeof length);
    if (bytes.size() - at - tick_record_head < length) break;
    at += tick_record_head + length;
  }
  return at;
}

}  // namespace

std::string tick_log_path(const std::string& state_dir, int64_t release) {
  return fmt::format("{}/ticks-{}.log", state_dir, release);
}

Result<TickLog> TickLog::open(const std::string& state_dir, int64_t release) {
  TickLog log(tick_log_path(state_dir, release));
  Result<std::string> before = read_file(log.path_);
  if (!before) return before.error();
  if (Status s = log.open_file(); !s) return s.error();
  log.size_ = whole_bytes(*before);
  if (ftruncate(log.file_, static_cast<off_t>(log.size_)) != 0) return cannot("mend", log.path_);
  return log;
}

TickLog::TickLog(TickLog&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_) {}

TickLog::~TickLog() {
  if (file_ >= 0) close(file_);
}

Status TickLog::open_file() {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
  return file_ < 0 ? cannot("open", path_) : ok();
}

Status TickLog::turn_over() {
  if (rename(path_.c_str(), (path_ + ".old").c_str()) != 0) return cannot("rename", path_);
  close(std::exchange(file_, -1));
  size_ = 0;
  return open_file();
}

Status TickLog::append(std::string_view bytes) {
  if (file_ < 0) return Error{path_ + " is not open"};
  if (size_ + bytes.size() > file_bytes_max) {
    if (Status s = turn_over(); !s) return s;
  }
  const ssize_t count = write(file_, bytes.data(), bytes.size());
  if (count == static_cast<ssize_t>(bytes.size())) {
    size_ += bytes.size();
    return ok();
  }
  const Error error = cannot("write", path_);
  // A part of a record would hide what comes after it.
  if (ftruncate(file_, static_cast<off_t>(size_)) != 0) close(std::exchange(file_, -1));
  return error;
}

Result<std::string> read_tick_log(const std::string& state_dir, int64_t release) {
  const std::string path = tick_log_path(state_dir, release);
  Result<std::string> old = read_file(path + ".old");
  if (!old) return old.error();
  Result<std::string> recent = read_file(path);
  if (!recent) return recent.error();
  return *old + *recent;
}

}  // namespace rel
