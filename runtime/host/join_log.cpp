#include "runtime/host/join_log.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/joins/join_record.h"

namespace rel {
namespace {

namespace fs = std::filesystem;

// Numbers of the files `STEM-N.log`, in order.
Result<std::vector<uint64_t>> numbers_of(const std::string& stem) {
  std::vector<uint64_t> numbers;
  const fs::path path(stem);
  const std::string prefix = path.filename().string() + "-";
  std::error_code failed;
  fs::directory_iterator entry(path.parent_path(), failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".log")) continue;
    const std::string_view digits =
        std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - 4);
    uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    // Another name is not one of ours.
    if (error != std::errc() || end != digits.data() + digits.size()) continue;
    numbers.push_back(number);
  }
  if (failed) {
    return Error{fmt::format("cannot list {}: {}", path.parent_path().string(), failed.message())};
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

Result<JoinLog> JoinLog::open(const std::string& state_dir, int64_t release, std::string& before) {
  JoinLog log(fmt::format("{}/joins-{}", state_dir, release));
  const Result<std::vector<uint64_t>> numbers = numbers_of(log.stem_);
  if (!numbers) return numbers.error();
  for (const uint64_t number : *numbers) {
    Result<std::string> bytes = read_whole(log.path_of(number));
    if (!bytes) return bytes.error();
    // A crash may have cut the last batch; each process begins a file of its own.
    before += bytes->substr(0, whole_join_batches(*bytes));
    log.total_ += bytes->size();
    log.files_.push_back({number, 0});
  }
  if (Status s = log.open_next(); !s) return s.error();
  return log;
}

std::string JoinLog::path_of(uint64_t number) const {
  return fmt::format("{}-{}.log", stem_, number);
}

Status JoinLog::open_next() {
  const uint64_t number = files_.empty() ? 1 : files_.back().number + 1;
  Result<AppendFile> next = AppendFile::open(path_of(number), AppendTo::a_new_file);
  if (!next) return next.error();
  file_ = std::move(*next);
  files_.push_back({number, 0});
  return ok();
}

Status JoinLog::append(std::string_view bytes, int64_t now_ns, int64_t settled_ns) {
  if (total_ + bytes.size() > limits::join_log_bytes_max) {
    return Error{fmt::format("{}-*.log would be larger than {} MiB", stem_,
                             limits::join_log_bytes_max >> 20)};
  }
  if (file_.size() > limits::join_log_file_bytes) {
    if (Status s = open_next(); !s) return s;
  }
  if (Status s = file_.append(bytes); !s) return s;
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
