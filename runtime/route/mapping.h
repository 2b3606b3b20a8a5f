// The shared memory as a file: DIR/gateway.map of a gateway, DIR/host.map of a host of its own. It
// outlives kill -9 of every process; what it holds is void after a boot.
// Input: a path, the size and the plan's hash. Output: zeroed or inherited memory, mapped shared.
// Owner: whoever opened it; unmapped when the Mapping goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "runtime/base/result.h"

namespace rel {

enum class MappingAge : uint8_t {
  fresh,      // no file, one of another boot, or one that was replaced
  inherited,  // the state of processes of this boot
};

enum class OtherPlan : uint8_t {
  refuse,   // a file of another plan is an error
  replace,  // it is replaced: its processes keep theirs, new ones begin at the baseline
};

struct MappingRequest {
  std::string path;
  size_t size = 0;  // of the state: Runtime::shared_size(plan)
  uint64_t plan_hash = 0;
  OtherPlan other_plan = OtherPlan::refuse;
};

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  std::span<std::byte> memory() const { return memory_; }
  MappingAge age() const { return age_; }

 private:
  friend Result<Mapping> open_mapping(const MappingRequest& request);
  std::span<std::byte> file_;    // all of it
  std::span<std::byte> memory_;  // the state, 64-byte aligned
  MappingAge age_ = MappingAge::fresh;
};

// Opens the file or makes it (0600, never through a symbolic link). A new file is complete before
// it gets its name, and its blocks are reserved, so that a full disk is an error here and not a
// signal in a gateway later. Processes may open it at once.
Result<Mapping> open_mapping(const MappingRequest& request);

// What open_mapping() would find.
enum class MappingUse : uint8_t {
  none,                // no file, or one of another boot: a fresh one would be made
  same_plan,
  other_plan_ended,    // may be replaced
  other_plan_running,  // replacing it would make a running release jump
};

// Reads only: nothing is made, locked or changed. An error says why open_mapping() would fail.
Result<MappingUse> look_at_mapping(const MappingRequest& request);

// The hash of the plan whose state a file holds. Nothing: no file, one of another boot, or one that
// is not a state. Reads only.
std::optional<uint64_t> look_at_plan(const std::string& path);

// Lets a state go on under another plan, of the same form, that takes the place of `former`: its
// processes keep the plan they have, those that open it next bring the other one. A file of neither
// plan, of another boot, or none is left as it is.
Status adopt_plan(const MappingRequest& request, uint64_t former);

// How far the release of a file is, whatever its plan.
enum class MappedPhase : uint8_t {
  idle,  // not begun, no file, or one of another boot
  running,
  ended,
};

// Reads only. A file that cannot be read has not begun: open_mapping() says what is wrong with it.
MappedPhase look_at_phase(const std::string& path);

// Identity of this boot of the machine: /proc/sys/kernel/random/boot_id.
Result<std::string> boot_id();

}  // namespace rel
