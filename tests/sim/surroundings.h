// What all parts of a world share: its clock, its disk, and a hash of all that happened.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string>

#include "runtime/host/host_time.h"
#include "tests/memory_disk.h"
#include "tests/sim/policies.h"
#include "tests/sim/scenario.h"

namespace rel::sim {

inline constexpr int64_t start_ns = int64_t{1'772'366'400} * second_ns;  // 2026-03-01T12:00:00Z

struct Surroundings {
  test::MemoryDisk disk;
  test::DiskFault disk_fault = test::DiskFault::none;
  uint64_t disk_fault_at = 0;
  int tick = 0;
  int64_t now_ns = start_ns;
  uint64_t trace = 0;
  uint64_t durable = 0;  // decisions
  std::string log;

  HostTime time() const { return {now_ns, tick * tick_ns}; }
  bool disk_is_sound() const { return disk_fault == test::DiskFault::none; }
  void break_disk(test::DiskFault fault, uint64_t in_operations) {
    disk_fault = fault;
    disk_fault_at = disk.operations() + in_operations;
    disk.fail_at(disk_fault_at, fault);
  }
  void mend_disk() {
    disk.heal();
    disk_fault = test::DiskFault::none;
  }
  template <typename T>
  void note(const T& value) {
    trace = XXH64(&value, sizeof value, trace);
  }
};

}  // namespace rel::sim
