#include "runtime/host/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/core.h>

namespace rel {
namespace {

Error cannot(const char* what, const std::string& path, int code) {
  return {fmt::format("cannot {} {}: {}; make room or mend its permissions", what, path,
                      std::strerror(code))};
}

}  // namespace

AppendFile::AppendFile(AppendFile&& other) noexcept { *this = std::move(other); }

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  return *this;
}

AppendFile::~AppendFile() {
  if (file_ >= 0) close(file_);
}

Result<AppendFile> AppendFile::open(std::string path, AppendTo what, uint64_t size) {
  AppendFile made;
  const int only_new = what == AppendTo::a_new_file ? O_EXCL : 0;
  made.file_ = ::open(path.c_str(),
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | only_new, 0640);
  if (made.file_ < 0) return cannot("open", path, errno);
  if (ftruncate(made.file_, static_cast<off_t>(size)) != 0) return cannot("mend", path, errno);
  made.path_ = std::move(path);
  made.size_ = size;
  return made;
}

Status AppendFile::append(std::string_view bytes) {
  if (file_ < 0) return Error{path_ + " is closed since a write to it failed"};
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = write(file_, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const Error error = cannot("write", path_, errno);
      if (ftruncate(file_, static_cast<off_t>(size_)) != 0) close(std::exchange(file_, -1));
      return error;
    }
    written += static_cast<size_t>(count);
  }
  size_ += bytes.size();
  return ok();
}

Result<std::string> read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::string();
    return cannot("read", path, errno);
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return cannot("read", path, errno);
  return std::move(text).str();
}

}  // namespace rel
