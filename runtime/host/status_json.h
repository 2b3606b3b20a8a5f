// How a release stands, as JSON for programs and the control socket.
// Input: the host's parts. Output: one line of JSON. Owner: the host; no other place makes them.
#pragma once

#include <string>

#include "runtime/runtime.h"

namespace rel {

class Host;

// An object: release, phase, stage, share, clocks, triggers, aggregates, counters, journal.
std::string status_json(Host& host);

// An array, in the order of the frame: {"expr","arm","cell","value","unit","samples","unknown"}.
std::string aggregates_json(const Runtime& runtime);

}  // namespace rel
