// How a release stands and what it decided, as JSON for programs and the control socket.
// Input: the host's parts. Output: one line of JSON. Owner: the host; no other place makes them.
#pragma once

#include <string>

#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"
#include "runtime/runtime.h"

namespace rel {

class Host;

// An object: release, phase, stage, share, clocks, triggers, aggregates, counters, journal.
std::string status_json(Host& host);

// An array, in the order of the frame: {"expr","arm","cell","value","unit","samples","unknown"}.
std::string aggregates_json(const Runtime& runtime);

// A logged decision in the form of the decision log, with the host's own sentence where it has one.
std::string logged_json(const Plan& plan, const JournalEntry& entry);
// ... and for people.
std::string logged_line(const Plan& plan, const JournalEntry& entry);

}  // namespace rel
