// Whether a process exists. Handed to the parts that take over from the dead, so that a simulation
// can have processes of its own.
#pragma once

#include <cstdint>

namespace rel {

using ProcessAlive = bool (*)(int32_t pid);

// A process of this machine that exists, whoever owns it.
bool process_alive(int32_t pid);

}  // namespace rel
