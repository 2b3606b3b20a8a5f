#include "tests/crash/kill_vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstring>

namespace rel::test {
namespace {

struct Counter {
  uint64_t passed = 0;
  uint64_t kill_at = 0;
};
Counter counter;
sqlite3_vfs wrapper;

void pass() {
  if (++counter.passed == counter.kill_at) kill(getpid(), SIGKILL);
}

struct OpenFile {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_vfs* platform(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<OpenFile*>(file)->real(); }

int close_file(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int read_file(sqlite3_file* f, void* to, int count, sqlite3_int64 offset) {
  return real(f)->pMethods->xRead(real(f), to, count, offset);
}
int write_file(sqlite3_file* f, const void* from, int count, sqlite3_int64 offset) {
  pass();
  const int half = count / 2;
  const auto* bytes = static_cast<const char*>(from);
  int result = real(f)->pMethods->xWrite(real(f), bytes, half, offset);
  if (result != SQLITE_OK) return result;
  pass();
  return real(f)->pMethods->xWrite(real(f), bytes + half, count - half, offset + half);
}
int truncate_file(sqlite3_file* f, sqlite3_int64 size) {
  pass();
  return real(f)->pMethods->xTruncate(real(f), size);
}
int sync_file(sqlite3_file*, int) {
  pass();
  return SQLITE_OK;
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int lock_file(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int unlock_file(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int check_lock(sqlite3_file* f, int* locked) {
  return real(f)->pMethods->xCheckReservedLock(real(f), locked);
}
int file_control(sqlite3_file* f, int op, void* argument) {
  return real(f)->pMethods->xFileControl(real(f), op, argument);
}
int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int device_characteristics(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int map_shared(sqlite3_file* f, int region, int size, int extend, void volatile** address) {
  return real(f)->pMethods->xShmMap(real(f), region, size, extend, address);
}
int lock_shared(sqlite3_file* f, int offset, int count, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, count, flags);
}
void shared_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int unmap_shared(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = shared_barrier,
    .xShmUnmap = unmap_shared,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out) {
  f->pMethods = nullptr;
  const int result = platform(vfs)->xOpen(platform(vfs), name, real(f), flags, out);
  if (real(f)->pMethods != nullptr) f->pMethods = &methods;
  return result;
}
int delete_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  pass();
  return platform(vfs)->xDelete(platform(vfs), name, sync_directory);
}

}  // namespace

const uint64_t* arm_kill_vfs(uint64_t point) {
  counter = {.passed = 0, .kill_at = point};
  if (sqlite3_vfs_find(kill_vfs) == nullptr) {
    sqlite3_vfs* below = sqlite3_vfs_find(nullptr);
    wrapper = *below;
    wrapper.iVersion = 1;
    wrapper.pNext = nullptr;
    wrapper.zName = kill_vfs;
    wrapper.pAppData = below;
    wrapper.szOsFile = static_cast<int>(sizeof(OpenFile)) + below->szOsFile;
    wrapper.xOpen = open_file;
    wrapper.xDelete = delete_file;
    sqlite3_vfs_register(&wrapper, 0);
  }
  return &counter.passed;
}

}  // namespace rel::test
