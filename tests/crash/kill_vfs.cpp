#include "tests/crash/kill_vfs.h"

#include <signal.h>
#include <unistd.h>


#include "tests/vfs_methods.h"

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

struct Calls {
  static int close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
  static int read(sqlite3_file* f, void* to, int count, sqlite3_int64 offset) {
    return real(f)->pMethods->xRead(real(f), to, count, offset);
  }
  static int write(sqlite3_file* f, const void* from, int count, sqlite3_int64 offset) {
    pass();
    const int half = count / 2;
    const auto* bytes = static_cast<const char*>(from);
    int result = real(f)->pMethods->xWrite(real(f), bytes, half, offset);
    if (result != SQLITE_OK) return result;
    pass();
    return real(f)->pMethods->xWrite(real(f), bytes + half, count - half, offset + half);
  }
  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    pass();
    return real(f)->pMethods->xTruncate(real(f), size);
  }
  static int sync(sqlite3_file*, int) {
    pass();
    return SQLITE_OK;
  }
  static int file_size(sqlite3_file* f, sqlite3_int64* size) {
    return real(f)->pMethods->xFileSize(real(f), size);
  }
  static int lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
  static int unlock(sqlite3_file* f, int level) {
    return real(f)->pMethods->xUnlock(real(f), level);
  }
  static int check_lock(sqlite3_file* f, int* locked) {
    return real(f)->pMethods->xCheckReservedLock(real(f), locked);
  }
  static int file_control(sqlite3_file* f, int op, void* argument) {
    return real(f)->pMethods->xFileControl(real(f), op, argument);
  }
  static int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
  static int device_characteristics(sqlite3_file* f) {
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
  }
  static int map_shared(sqlite3_file* f, int region, int size, int extend,
                        void volatile** address) {
    return real(f)->pMethods->xShmMap(real(f), region, size, extend, address);
  }
  static int lock_shared(sqlite3_file* f, int offset, int count, int flags) {
    return real(f)->pMethods->xShmLock(real(f), offset, count, flags);
  }
  static void shared_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
  static int unmap_shared(sqlite3_file* f, int remove) {
    return real(f)->pMethods->xShmUnmap(real(f), remove);
  }
};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out) {
  f->pMethods = nullptr;
  const int result = platform(vfs)->xOpen(platform(vfs), name, real(f), flags, out);
  if (real(f)->pMethods != nullptr) f->pMethods = &io_methods<Calls>;
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
    const size_t file_bytes = sizeof(OpenFile) + static_cast<size_t>(below->szOsFile);
    wrapper = vfs_over(*below, kill_vfs, below, file_bytes);
    wrapper.xOpen = open_file;
    wrapper.xDelete = delete_file;
    sqlite3_vfs_register(&wrapper, 0);
  }
  return &counter.passed;
}

}  // namespace rel::test
