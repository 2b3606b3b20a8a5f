// What came of a rehearsal that was ordered: its probes, one a line.
// Input: a client of the running host. Output: printed lines; whether every probe passed.
// Waits at most the given time.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/host/control_client.h"

namespace rel::cli {

// `before` is the time of the rehearsal that was the latest one before the order; may be empty.
Result<bool> await_rehearsal(ControlClient& client, const std::string& release,
                             const std::string& before, double wait_s);

// The time of the latest rehearsal; empty when there is none.
Result<std::string> last_rehearsal_time(ControlClient& client, const std::string& release);

}  // namespace rel::cli
