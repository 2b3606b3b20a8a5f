#include "runtime/host/join_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/joins/join_record.h"

namespace rel {
namespace {

namespace fs = std::filesystem;

Error cannot(const char* what, const std::string& path) {
  return {fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

// Numbers of the files `STEM-N.log`, in order.
std::vector<uint64_t> numbers_of(const std::string& stem) {
  std::vector<uint64_t> numbers;
  const fs::path path(stem);
  const std::string prefix = path.filename().string() + "-";
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(path.parent_path(), failed)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".log")) continue;
    const std::string digits = name.substr(prefix.size(), name.size() - prefix.size() - 4);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) continue;
    numbers.push_back(std::stoull(digits));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

Result<JoinLog> JoinLog::open(const std::string& state_dir, int64_t release, std::string& before) {
  JoinLog log(fmt::format("{}/joins-{}", state_dir, release));
  for (const uint64_t number : numbers_of(log.stem_)) {
    const std::string path = log.path_of(number);
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file) text << file.rdbuf();
    if (!file || file.bad()) return cannot("read", path);
    const std::string bytes = std::move(text).str();
    // A crash may have cut the last batch; each process begins a file of its own.
    before += bytes.substr(0, whole_join_batches(bytes));
    log.total_ += bytes.size();
    log.files_.push_back({number, 0});
  }
  if (Status s = log.open_next(); !s) return s.error();
  return log;
}

JoinLog::JoinLog(JoinLog&& other) noexcept
    : stem_(std::move(other.stem_)),
      files_(std::move(other.files_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      total_(other.total_) {}

JoinLog::~JoinLog() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string JoinLog::path_of(uint64_t number) const {
  return fmt::format("{}-{}.log", stem_, number);
}

Status JoinLog::open_next() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  const uint64_t number = files_.empty() ? 1 : files_.back().number + 1;
  const std::string path = path_of(number);
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (descriptor_ < 0) return cannot("open", path);
  files_.push_back({number, 0});
  size_ = 0;
  return ok();
}

Status JoinLog::append(std::string_view bytes, int64_t now_ns, int64_t settled_ns) {
  if (descriptor_ < 0) return Error{stem_ + " is not open"};
  if (total_ + bytes.size() > limits::join_log_bytes_max) {
    return Error{fmt::format("{}-*.log would be larger than {} MiB", stem_,
                             limits::join_log_bytes_max >> 20)};
  }
  if (size_ > limits::join_log_file_bytes) {
    if (Status s = open_next(); !s) return s;
  }
  const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
  if (count != static_cast<ssize_t>(bytes.size())) {
    const Error error = cannot("write", path_of(files_.back().number));
    // A part of a batch would hide what comes after it.
    if (ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
      close(std::exchange(descriptor_, -1));
    }
    return error;
  }
  size_ += bytes.size();
  total_ += bytes.size();
  files_.back().newest_ns = std::max(files_.back().newest_ns, now_ns);
  // A file of an earlier process is older than everything this one has written.
  while (files_.size() > 1) {
    const int64_t newest_ns =
        files_.front().newest_ns != 0 ? files_.front().newest_ns : files_.back().newest_ns;
    if (newest_ns > settled_ns) break;
    const std::string path = path_of(files_.front().number);
    std::error_code failed;
    const uint64_t size = fs::file_size(path, failed);
    if (unlink(path.c_str()) != 0) break;
    total_ -= failed ? 0 : std::min(total_, size);
    files_.pop_front();
  }
  return ok();
}

}  // namespace rel
