// The shared memory as a file of the state directory.
#include "runtime/route/mapping.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "runtime/route/release_set.h"
#include "runtime/route/shared_state.h"

namespace rel {
namespace {

constexpr size_t page = 4096;
constexpr char file_magic[8] = {'r', 'e', 'l', 'c', 'm', 'a', 'p', '1'};

// The first page of the file. What follows it is the Runtime's.
struct FileHeader {
  char magic[8];
  uint64_t size;
  uint64_t plan_hash;
  char boot[40];
};

Error failed(std::string_view doing, const std::string& path, int error, std::string_view remedy) {
  return Error{fmt::format("cannot {} {}: {}; {}", doing, path, std::strerror(error), remedy)};
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

Result<std::span<std::byte>> map_file(const File& file, size_t size, const std::string& path) {
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
  if (base == MAP_FAILED) return failed("map", path, errno, "is there enough address space?");
  return std::span(static_cast<std::byte*>(base), size);
}

FileHeader header_for(const MappingRequest& request, const std::string& boot) {
  FileHeader header{};
  std::memcpy(header.magic, file_magic, sizeof file_magic);
  header.size = page + request.size;
  header.plan_hash = request.plan_hash;
  std::memcpy(header.boot, boot.data(), std::min(boot.size(), sizeof header.boot - 1));
  return header;
}

// A whole file under a name of its own, then renamed: nobody ever opens half a file.
Result<std::span<std::byte>> make_file(const MappingRequest& request, const FileHeader& header) {
  const std::string fresh = fmt::format("{}.{}", request.path, getpid());
  unlink(fresh.c_str());  // left by a process of the same id that died here
  File file(open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return failed("create", fresh, errno, "check that the state directory exists and is writable");
  }
  const auto give_up = [&](Error error) {
    unlink(fresh.c_str());
    return error;
  };
  const int error = posix_fallocate(file.fd(), 0, static_cast<off_t>(header.size));
  if (error != 0) {
    return give_up(failed(fmt::format("reserve {} MiB for", (header.size >> 20) + 1), fresh, error,
                          "make room on that disk, or use another state directory"));
  }
  Result<std::span<std::byte>> mapped = map_file(file, header.size, fresh);
  if (!mapped) return give_up(mapped.error());
  std::memcpy(mapped->data(), &header, sizeof header);
  if (rename(fresh.c_str(), request.path.c_str()) != 0) {
    const int reason = errno;
    munmap(mapped->data(), mapped->size());
    return give_up(failed("name", request.path, reason, "check the state directory"));
  }
  return mapped;
}

// The file that is there, when it can be used; nothing, when it must be replaced.
Result<std::optional<std::span<std::byte>>> inherit_file(const MappingRequest& request,
                                                         const FileHeader& wanted) {
  using Inherited = std::optional<std::span<std::byte>>;
  File file(open(request.path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return Inherited{};
    return failed("open", request.path, errno,
                  "it must be a plain file that this user may read and write");
  }
  struct stat facts;
  if (fstat(file.fd(), &facts) != 0) return failed("look at", request.path, errno, "try again");
  if (!S_ISREG(facts.st_mode)) {
    return Error{fmt::format("{} is not a plain file; remove it", request.path)};
  }
  FileHeader present{};
  if (pread(file.fd(), &present, sizeof present, 0) != static_cast<ssize_t>(sizeof present) ||
      std::memcmp(present.magic, wanted.magic, sizeof present.magic) != 0) {
    return Error{fmt::format("{} is not a state of relc; remove it", request.path)};
  }
  if (std::memcmp(present.boot, wanted.boot, sizeof present.boot) != 0) return Inherited{};
  const bool same = present.plan_hash == wanted.plan_hash && present.size == wanted.size &&
                    static_cast<uint64_t>(facts.st_size) == present.size;
  if (!same) {
    if (request.other_plan == OtherPlan::replace) return Inherited{};
    return Error{fmt::format(
        "{} belongs to plan {:016x}, the policy given makes plan {:016x}; finish the running "
        "release first, or use another state directory",
        request.path, present.plan_hash, wanted.plan_hash)};
  }
  Result<std::span<std::byte>> mapped = map_file(file, wanted.size, request.path);
  if (!mapped) return mapped.error();
  return Inherited{*mapped};
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<Mapping> open_mapping(const MappingRequest& request) {
  Result<std::string> boot = boot_id();
  if (!boot) return boot.error();
  const FileHeader header = header_for(request, *boot);

  // One process at a time looks and makes; a lock on the directory leaves no file behind.
  const std::string directory = directory_of(request.path);
  File guard(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!guard.is_open()) {
    return failed("open the state directory", directory, errno, "create it first");
  }
  while (flock(guard.fd(), LOCK_EX) != 0) {
    if (errno != EINTR) return failed("lock", directory, errno, "is it on a local disk?");
  }

  Mapping mapping;
  Result<std::optional<std::span<std::byte>>> inherited = inherit_file(request, header);
  if (!inherited) return inherited.error();
  if (inherited->has_value()) {
    mapping.file_ = **inherited;
    mapping.age_ = MappingAge::inherited;
  } else {
    Result<std::span<std::byte>> made = make_file(request, header);
    if (!made) return made.error();
    mapping.file_ = *made;
  }
  mapping.memory_ = mapping.file_.subspan(page);
  return mapping;
}

namespace {

// A file may only be made where the directory lets this user.
Result<MappingUse> look_at_directory(const std::string& directory) {
  struct stat facts;
  if (stat(directory.c_str(), &facts) != 0) {
    return failed("open the state directory", directory, errno, "create it first");
  }
  if (!S_ISDIR(facts.st_mode)) {
    return Error{fmt::format("{} is not a directory; name another state directory", directory)};
  }
  if (access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
    return failed("use the state directory", directory, errno, "let this user read and write it");
  }
  return MappingUse::none;
}

}  // namespace

Result<MappingUse> look_at_mapping(const MappingRequest& request) {
  Result<std::string> boot = boot_id();
  if (!boot) return boot.error();
  const FileHeader wanted = header_for(request, *boot);
  File file(open(request.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return look_at_directory(directory_of(request.path));
    return failed("open", request.path, errno,
                  "it must be a plain file that this user may read and write");
  }
  FileHeader present{};
  if (pread(file.fd(), &present, sizeof present, 0) != static_cast<ssize_t>(sizeof present) ||
      std::memcmp(present.magic, wanted.magic, sizeof present.magic) != 0) {
    return Error{fmt::format("{} is not a state of relc; remove it", request.path)};
  }
  if (std::memcmp(present.boot, wanted.boot, sizeof present.boot) != 0) return MappingUse::none;
  if (present.plan_hash == wanted.plan_hash && present.size == wanted.size) {
    return MappingUse::same_plan;
  }
  uint32_t running = 0;
  constexpr size_t at = page + offsetof(SharedState, route) + offsetof(RouteBlock, running);
  if (pread(file.fd(), &running, sizeof running, at) != static_cast<ssize_t>(sizeof running)) {
    return Error{fmt::format("{} is not a whole state of relc; remove it", request.path)};
  }
  return running == 0 ? MappingUse::other_plan_ended : MappingUse::other_plan_running;
}

namespace {

// The header of a state of this boot.
std::optional<FileHeader> living_header(const File& file, const std::string& path) {
  const Result<std::string> boot = boot_id();
  if (!boot || !file.is_open()) return std::nullopt;
  const FileHeader wanted = header_for({.path = path}, *boot);
  FileHeader present{};
  if (pread(file.fd(), &present, sizeof present, 0) != static_cast<ssize_t>(sizeof present) ||
      std::memcmp(present.magic, wanted.magic, sizeof present.magic) != 0 ||
      std::memcmp(present.boot, wanted.boot, sizeof present.boot) != 0) {
    return std::nullopt;
  }
  return present;
}

}  // namespace

std::optional<uint64_t> look_at_plan(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const std::optional<FileHeader> present = living_header(file, path);
  return present ? std::optional<uint64_t>(present->plan_hash) : std::nullopt;
}

Status adopt_plan(const MappingRequest& request, uint64_t former) {
  const File file(open(request.path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  const std::optional<FileHeader> present = living_header(file, request.path);
  if (!present || present->plan_hash != former || present->size != page + request.size) return ok();
  // The state's own word first: what opens the file meanwhile is refused, and comes again.
  const uint64_t hash = request.plan_hash;
  const off_t words[] = {page + offsetof(SharedState, identity) +
                             offsetof(SharedIdentity, plan_hash),
                         offsetof(FileHeader, plan_hash)};
  for (const off_t at : words) {
    if (pwrite(file.fd(), &hash, sizeof hash, at) != static_cast<ssize_t>(sizeof hash)) {
      return failed("write", request.path, errno, "start again");
    }
  }
  return ok();
}

MappedPhase look_at_phase(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!living_header(file, path)) return MappedPhase::idle;
  uint64_t word = 0;
  constexpr size_t at = page + offsetof(SharedState, set_word);
  if (pread(file.fd(), &word, sizeof word, at) != static_cast<ssize_t>(sizeof word)) {
    return MappedPhase::idle;
  }
  switch (phase_of_set_word(word)) {
    case Phase::idle: return MappedPhase::idle;
    case Phase::running: return MappedPhase::running;
    case Phase::completed:
    case Phase::rolled_back:
    case Phase::withdrawn: return MappedPhase::ended;
  }
  return MappedPhase::idle;
}

Mapping::Mapping(Mapping&& other) noexcept
    : file_(std::exchange(other.file_, {})),
      memory_(std::exchange(other.memory_, {})),
      age_(other.age_) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(memory_, other.memory_);
  std::swap(age_, other.age_);
  return *this;
}

Mapping::~Mapping() {
  if (!file_.empty()) munmap(file_.data(), file_.size());
}

Result<std::string> boot_id() {
  constexpr char path[] = "/proc/sys/kernel/random/boot_id";
  File file(open(path, O_RDONLY | O_CLOEXEC));
  char text[40] = {};
  const ssize_t length = file.is_open() ? read(file.fd(), text, sizeof text - 1) : -1;
  if (length <= 0) return failed("read", path, errno, "is /proc mounted?");
  std::string id(text, static_cast<size_t>(length));
  if (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

}  // namespace rel
