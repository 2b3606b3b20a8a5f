#include "runtime/base/process.h"

#include <signal.h>

#include <cerrno>

namespace rel {

bool process_alive(int32_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH); }

}  // namespace rel
