#include "runtime/actuators/replace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/core.h>

namespace rel {
namespace {

Error failure(const std::filesystem::path& path, int code) {
  return {fmt::format("cannot write {}: {}; make room or mend its permissions", path.string(),
                      std::strerror(code))};
}

Status write_all(int file, const std::string& text, const std::filesystem::path& path) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(path, errno);
    written += static_cast<size_t>(count);
  }
  return fsync(file) == 0 ? ok() : failure(path, errno);
}

}  // namespace

Status replace_file(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const std::string draft = path.string() + ".draft";
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0) return failure(draft, errno);
  Status written = write_all(file, text, draft);
  close(file);
  if (!written) return written;
  if (rename(draft.c_str(), path.c_str()) != 0) return failure(path, errno);
  return ok();
}

}  // namespace rel
