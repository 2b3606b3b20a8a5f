// SQLite's own VFS, with a counter in front: at the chosen operation the process kills itself, as
// kill -9 would, before it, or in the middle of a write. Its name is `relc-kill`.
#pragma once

#include <cstdint>

namespace rel::test {

inline constexpr const char* kill_vfs = "relc-kill";

// Registers it and chooses the point, from 1; 0: none. Returns the counter of points passed.
// Synchronisation is not carried out: killing a process does not lose what it wrote.
const uint64_t* arm_kill_vfs(uint64_t point);

}  // namespace rel::test
