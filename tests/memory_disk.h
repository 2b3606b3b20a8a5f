// A disk in memory behind SQLite's VFS, that fails where it is told to: what was not synchronised
// may be lost or torn, a failed synchronisation loses what it was for, space runs out, reads and
// writes fail. One at a time exists; its VFS is named `relc-memory`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rel::test {

enum class DiskFault : uint8_t {
  none,
  power_off,     // from the operation on, every one fails: the process is as good as dead
  sync_once,     // the synchronisation fails, and what it was for is forgotten, not retried
  sync_forever,  // ... and every later one
  no_space,      // writes that grow a file fail, from the operation on
  io_error,      // the operation fails, once
  short_write,   // half of a write arrives, then it fails as for want of space, once
};

class MemoryDisk {
 public:
  MemoryDisk();
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  static constexpr const char* vfs = "relc-memory";

  // Operations (writes, truncations, synchronisations, deletions) count from 1.
  void fail_at(uint64_t operation, DiskFault fault);
  void heal();
  uint64_t operations() const { return operations_; }
  bool is_off() const { return fault_ == DiskFault::power_off && operations_ >= fail_at_; }

  // Power comes back: each file holds what was synchronised, and of the rest, in pieces of
  // `granularity` bytes, what `seed` chooses. Everything volatile is gone.
  void crash(uint64_t seed, size_t granularity);

  // kill -9 of the only process with files of that name: its memory is gone, what it wrote is the
  // page cache's.
  void forget_process(const std::string& prefix = "");
  // What SQLite draws from is the same from here on for the same seed; its clock stands still.
  void seed_randomness(uint64_t seed) { random_ = seed; }
  uint64_t next_random() { return random_ += 0x9e3779b97f4a7c15; }

  // -- what the VFS calls
  struct Change {
    bool truncation = false;
    uint64_t offset = 0;  // or the new size
    std::string bytes;
  };
  struct File {
    std::string durable;
    std::string current;
    std::vector<Change> pending;
    std::vector<std::unique_ptr<char[]>> shared_regions;
  };
  File* find(const std::string& name);
  File& make(const std::string& name);
  int remove(const std::string& name);
  int write(File& file, const char* bytes, size_t count, uint64_t offset);
  int truncate(File& file, uint64_t size);
  int sync(File& file);

 private:
  enum class Fate : uint8_t { works, fails };
  Fate count(DiskFault* fault);

  std::map<std::string, File> files_;
  uint64_t operations_ = 0;
  uint64_t fail_at_ = 0;
  DiskFault fault_ = DiskFault::none;
  uint64_t random_ = 1;
};

}  // namespace rel::test
