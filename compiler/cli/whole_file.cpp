// A draft beside the file, on disk before it takes the file's name.
#include "compiler/cli/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace rel::cli {
namespace {

Error cannot_write(const std::string& path, int number) {
  return Error{"cannot write `" + path + "`: " + std::strerror(number)};
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0;
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

}  // namespace

Status replace_file(const std::string& path, std::string_view text) {
  // The file a symbolic link names is replaced, not the link.
  const std::unique_ptr<char, Free> resolved{realpath(path.c_str(), nullptr)};
  struct stat before {};
  if (!resolved || stat(resolved.get(), &before) != 0) return cannot_write(path, errno);
  const std::string place = resolved.get();
  std::string draft = place + ".relc-XXXXXX";
  const int file = mkstemp(draft.data());
  if (file < 0) return cannot_write(path, errno);
  bool done = write_all(file, text) && fchmod(file, before.st_mode & 07777) == 0;
  int number = errno;
  if (close(file) != 0 && done) {
    done = false;
    number = errno;
  }
  if (done && std::rename(draft.c_str(), place.c_str()) == 0) return ok();
  if (done) number = errno;
  unlink(draft.c_str());
  return cannot_write(path, number);
}

}  // namespace rel::cli
