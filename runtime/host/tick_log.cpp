#include "runtime/host/tick_log.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/stage/tick_record.h"

namespace rel {
namespace {

constexpr uint64_t file_bytes_max = limits::tick_log_bytes_max / 2;

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
  Result<std::string> before = read_whole(log.path_);
  if (!before) return before.error();
  auto file = AppendFile::open(log.path_, AppendTo::whatever_is_there, whole_bytes(*before));
  if (!file) return file.error();
  log.file_ = std::move(*file);
  return log;
}

Status TickLog::turn_over() {
  if (rename(path_.c_str(), (path_ + ".old").c_str()) != 0) {
    return Error{fmt::format("cannot rename {}: {}", path_, std::strerror(errno))};
  }
  auto next = AppendFile::open(path_, AppendTo::a_new_file);
  if (!next) return next.error();
  file_ = std::move(*next);
  return ok();
}

Status TickLog::append(std::string_view bytes) {
  if (file_.size() + bytes.size() > file_bytes_max) {
    if (Status s = turn_over(); !s) return s;
  }
  return file_.append(bytes);
}

Result<std::string> read_tick_log(const std::string& state_dir, int64_t release) {
  const std::string path = tick_log_path(state_dir, release);
  Result<std::string> old = read_whole(path + ".old");
  if (!old) return old.error();
  Result<std::string> recent = read_whole(path);
  if (!recent) return recent.error();
  return *old + *recent;
}

}  // namespace rel
