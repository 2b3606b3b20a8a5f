// Entries of the journal as text: the decision log for programs and for people.
// Input: an entry and the plan of its release. Output: one line without its end. What the host
// said about a decision of its own (an action, a quarantine) stands where the engine's sentence is.
#pragma once

#include <string>

#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

// The object of the decision log; see decision_json.
std::string logged_json(const Plan& plan, const JournalEntry& entry);

// Time, kind, stage, share and reason; see decision_line.
std::string logged_line(const Plan& plan, const JournalEntry& entry);

}  // namespace rel
