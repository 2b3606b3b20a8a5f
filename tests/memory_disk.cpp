#include "tests/memory_disk.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "tests/vfs_methods.h"

namespace rel::test {
namespace {

using File = MemoryDisk::File;

struct OpenFile {
  sqlite3_file base;
  MemoryDisk* disk;
  File* file;
};

OpenFile* opened(sqlite3_file* file) { return reinterpret_cast<OpenFile*>(file); }

// Faults that any operation may meet; the others are of writes or of synchronisation.
bool fails_always(DiskFault fault) {
  return fault == DiskFault::power_off || fault == DiskFault::io_error;
}

void apply_change(std::string& content, const MemoryDisk::Change& change) {
  if (change.truncation) {
    content.resize(change.offset, '\0');
    return;
  }
  if (content.size() < change.offset + change.bytes.size()) {
    content.resize(change.offset + change.bytes.size(), '\0');
  }
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

struct Calls {
  static int read(sqlite3_file* handle, void* to, int count, sqlite3_int64 offset) {
    const std::string& content = opened(handle)->file->current;
    const auto at = static_cast<size_t>(offset);
    const size_t there = at >= content.size() ? 0 : std::min<size_t>(count, content.size() - at);
    std::memcpy(to, content.data() + std::min(at, content.size()), there);
    if (there == static_cast<size_t>(count)) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + there, 0, static_cast<size_t>(count) - there);
    return SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* handle, const void* from, int count, sqlite3_int64 offset) {
    OpenFile* o = opened(handle);
    return o->disk->write(*o->file, static_cast<const char*>(from), static_cast<size_t>(count),
                          static_cast<uint64_t>(offset));
  }
  static int truncate(sqlite3_file* handle, sqlite3_int64 size) {
    return opened(handle)->disk->truncate(*opened(handle)->file, static_cast<uint64_t>(size));
  }
  static int sync(sqlite3_file* handle, int) {
    return opened(handle)->disk->sync(*opened(handle)->file);
  }
  static int file_size(sqlite3_file* handle, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(opened(handle)->file->current.size());
    return SQLITE_OK;
  }

  // One process at a time: there is nobody to lock out.
  static int close(sqlite3_file*) { return SQLITE_OK; }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int unlock(sqlite3_file*, int) { return SQLITE_OK; }
  static int check_lock(sqlite3_file*, int* locked) {
    *locked = 0;
    return SQLITE_OK;
  }
  static int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  // What the unix VFS promises: a torn write changes no byte outside of its own range.
  static int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int map_shared(sqlite3_file* handle, int region, int size, int extend,
                        void volatile** address) {
    auto& regions = opened(handle)->file->shared_regions;
    *address = nullptr;
    if (static_cast<size_t>(region) >= regions.size()) {
      if (!extend) return SQLITE_OK;
      regions.resize(static_cast<size_t>(region) + 1);
    }
    auto& memory = regions[static_cast<size_t>(region)];
    if (memory == nullptr) memory = std::make_unique<char[]>(static_cast<size_t>(size));
    *address = memory.get();
    return SQLITE_OK;
  }
  static int lock_shared(sqlite3_file*, int, int, int) { return SQLITE_OK; }
  static void shared_barrier(sqlite3_file*) {}
  static int unmap_shared(sqlite3_file* handle, int remove) {
    if (remove) opened(handle)->file->shared_regions.clear();
    return SQLITE_OK;
  }
};

MemoryDisk* disk_of(sqlite3_vfs* vfs) { return static_cast<MemoryDisk*>(vfs->pAppData); }

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags, int* out) {
  MemoryDisk* disk = disk_of(vfs);
  handle->pMethods = nullptr;
  if (disk->is_off()) return SQLITE_IOERR;
  File* file = disk->find(name);
  if (file == nullptr && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  opened(handle)->disk = disk;
  opened(handle)->file = file != nullptr ? file : &disk->make(name);
  handle->pMethods = &io_methods<Calls>;
  if (out != nullptr) *out = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int) { return disk_of(vfs)->remove(name); }

int access_file(sqlite3_vfs* vfs, const char* name, int, int* answer) {
  const File* file = disk_of(vfs)->find(name);
  *answer = file != nullptr && !file->current.empty();
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int count, char* out) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<char>(disk_of(vfs)->next_random() >> 56);
  return count;
}

// 2026-03-01T12:00:00Z as a Julian day: no decision depends on the journal's own clock.
int current_time(sqlite3_vfs*, double* days) {
  *days = 2461101.0;
  return SQLITE_OK;
}

sqlite3_vfs* registered = nullptr;

}  // namespace

MemoryDisk::MemoryDisk() {
  registered = new sqlite3_vfs(vfs_over(*sqlite3_vfs_find(nullptr), vfs, this, sizeof(OpenFile)));
  registered->xOpen = open_file;
  registered->xDelete = delete_file;
  registered->xRandomness = randomness;
  registered->xCurrentTime = current_time;
  registered->xAccess = access_file;
  registered->xFullPathname = full_path;
  sqlite3_vfs_register(registered, 0);
}

MemoryDisk::~MemoryDisk() {
  sqlite3_vfs_unregister(registered);
  delete registered;
  registered = nullptr;
}

void MemoryDisk::fail_at(uint64_t operation, DiskFault fault) {
  fail_at_ = operation;
  fault_ = fault;
}

void MemoryDisk::heal() {
  fault_ = DiskFault::none;
  fail_at_ = 0;
}

void MemoryDisk::forget_process(const std::string& prefix) {
  heal();
  for (auto& [name, file] : files_) {
    if (name.starts_with(prefix)) file.shared_regions.clear();
  }
}

void MemoryDisk::crash(uint64_t seed, size_t granularity) {
  heal();
  std::mt19937_64 random(seed);
  for (auto& [name, file] : files_) {
    std::string content = file.durable;
    // Three kinds of crash: nothing of the rest arrived, all of it, or some pieces.
    const uint64_t mode = random() % 3;
    for (const Change& change : file.pending) {
      if (change.truncation) {
        if (mode == 1 || (mode == 2 && random() % 2 == 0)) apply_change(content, change);
        continue;
      }
      for (size_t at = 0; at < change.bytes.size(); at += granularity) {
        if (mode == 0 || (mode == 2 && random() % 2 == 0)) continue;
        const size_t offset = change.offset + at;
        apply_change(content, {.offset = offset, .bytes = change.bytes.substr(at, granularity)});
      }
    }
    file.durable = content;
    file.current = content;
    file.pending.clear();
    file.shared_regions.clear();
  }
}

MemoryDisk::File* MemoryDisk::find(const std::string& name) {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second;
}

MemoryDisk::File& MemoryDisk::make(const std::string& name) { return files_[name]; }

MemoryDisk::Fate MemoryDisk::count(DiskFault* fault) {
  ++operations_;
  *fault = fault_;
  switch (fault_) {
    case DiskFault::none: return Fate::works;
    case DiskFault::power_off:
    case DiskFault::sync_forever:
    case DiskFault::no_space: return operations_ >= fail_at_ ? Fate::fails : Fate::works;
    case DiskFault::sync_once:
    case DiskFault::io_error:
    case DiskFault::short_write: return operations_ == fail_at_ ? Fate::fails : Fate::works;
  }
  return Fate::works;
}

int MemoryDisk::remove(const std::string& name) {
  DiskFault fault{};
  if (count(&fault) == Fate::fails && fails_always(fault)) {
    return SQLITE_IOERR_DELETE;
  }
  // Files may still be open by name; an emptied one is as good as gone.
  if (File* file = find(name)) *file = File{};
  return SQLITE_OK;
}

int MemoryDisk::write(File& file, const char* bytes, size_t count_bytes, uint64_t offset) {
  DiskFault fault{};
  Change change{.offset = offset, .bytes = std::string(bytes, count_bytes)};
  if (count(&fault) == Fate::fails) {
    const bool grows = offset + count_bytes > file.current.size();
    if (fault == DiskFault::io_error) return SQLITE_IOERR_WRITE;
    if (fault == DiskFault::no_space && grows) return SQLITE_FULL;
    if (fault == DiskFault::power_off || fault == DiskFault::short_write) {
      // The first half arrives; with the power off even that is not sure, which crash() decides.
      change.bytes.resize(count_bytes / 2);
      apply_change(file.current, change);
      file.pending.push_back(std::move(change));
      return fault == DiskFault::power_off ? SQLITE_IOERR_WRITE : SQLITE_FULL;
    }
  }
  apply_change(file.current, change);
  file.pending.push_back(std::move(change));
  return SQLITE_OK;
}

int MemoryDisk::truncate(File& file, uint64_t size) {
  DiskFault fault{};
  if (count(&fault) == Fate::fails && fails_always(fault)) {
    return SQLITE_IOERR_TRUNCATE;
  }
  Change change{.truncation = true, .offset = size};
  apply_change(file.current, change);
  file.pending.push_back(std::move(change));
  return SQLITE_OK;
}

// As ext4 and XFS do it: after a failed fsync the pages count as clean, so that what they held is
// on disk only if it is written anew.
int MemoryDisk::sync(File& file) {
  DiskFault fault{};
  if (count(&fault) == Fate::fails) {
    if (fails_always(fault)) return SQLITE_IOERR_FSYNC;
    if (fault == DiskFault::sync_once || fault == DiskFault::sync_forever) {
      file.pending.clear();
      return SQLITE_IOERR_FSYNC;
    }
  }
  for (const Change& change : file.pending) apply_change(file.durable, change);
  file.pending.clear();
  return SQLITE_OK;
}

}  // namespace rel::test
