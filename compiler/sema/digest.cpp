#include "compiler/sema/digest.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/base/sha256.h"

namespace rel::sema {

namespace {

Error cannot_read(const std::string& path, const char* why) {
  return Error{fmt::format("cannot read `{}`: {}", path, why)};
}

Result<std::string> digest_of(int descriptor, const std::string& path) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return cannot_read(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return cannot_read(path, "it is not a regular file");
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return cannot_read(path, "it is empty");
  // Mapped rather than read: model files may be larger than memory.
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (bytes == MAP_FAILED) return cannot_read(path, std::strerror(errno));
  std::string digest = "sha256:" + sha256_hex({static_cast<const char*>(bytes), size});
  munmap(bytes, size);
  return digest;
}

}  // namespace

Result<std::string> file_digest(const std::string& path) {
  // Not blocking: a named pipe is refused, not waited for.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return cannot_read(path, std::strerror(errno));
  Result<std::string> digest = digest_of(descriptor, path);
  close(descriptor);
  return digest;
}

}  // namespace rel::sema
