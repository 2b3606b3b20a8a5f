#include "runtime/host/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

namespace rel {
namespace {

Error cannot(const char* what, const std::string& path, int code) {
  const char* remedy = "";
  if (code == ENOSPC || code == EDQUOT) remedy = "; free space on its disk";
  if (code == EACCES || code == EPERM) remedy = "; give this user write access to it";
  if (code == ENOENT) remedy = "; make its parent directory first";
  if (code == ENOTDIR) remedy = "; --state must name a directory";
  if (code == EROFS) remedy = "; choose a directory on a writable file system";
  if (code == ELOOP) remedy = "; it must not be a symbolic link";
  return {fmt::format("cannot {} {}: {}{}", what, path, std::strerror(code), remedy)};
}

// Who wrote the lock file last; it is only a hint for the message.
std::string holder_of(int lock) {
  char text[32] = {};
  const ssize_t count = pread(lock, text, sizeof text - 1, 0);
  const std::string pid = count > 0 ? std::string(text, static_cast<size_t>(count)) : "";
  if (pid.empty() || pid.find_first_not_of("0123456789\n") != std::string::npos) {
    return "another process";
  }
  return "process " + pid.substr(0, pid.find('\n'));
}

Status write_holder(int lock, const std::string& path) {
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(lock, 0) != 0) return cannot("write", path, errno);
  const ssize_t count = pwrite(lock, pid.data(), pid.size(), 0);
  if (count < 0) return cannot("write", path, errno);
  if (static_cast<size_t>(count) != pid.size()) return cannot("write", path, ENOSPC);
  return ok();
}

}  // namespace

Result<StateDirectory> StateDirectory::open(const std::string& path) {
  if (mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return cannot("make", path, errno);
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return cannot("open", path, errno);
  StateDirectory opened(path, directory, -1);
  const std::string lock_path = path + "/lock";
  opened.lock_ = openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (opened.lock_ < 0) return cannot("open", lock_path, errno);
  if (flock(opened.lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return cannot("lock", lock_path, errno);
    return Error{fmt::format("{} is in use by {}; stop that one, or give --state another directory",
                             path, holder_of(opened.lock_))};
  }
  if (Status s = write_holder(opened.lock_, lock_path); !s) return s.error();
  return opened;
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      directory_(std::exchange(other.directory_, -1)),
      lock_(std::exchange(other.lock_, -1)) {}

StateDirectory::~StateDirectory() {
  if (lock_ >= 0) close(lock_);
  if (directory_ >= 0) close(directory_);
}

Status StateDirectory::sync() const {
  return fsync(directory_) == 0 ? ok() : cannot("write", path_, errno);
}

}  // namespace rel
