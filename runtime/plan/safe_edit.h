// Whether an edited plan may take the place of the one a release runs under: only where each
// change is one of a few that are known to be safe. All else is refused.
// Input: the plan that runs, the edited one. Output: the safe changes by name, and the others.
// Pure. Owner: whoever takes up the edit.
//
// A safe change keeps every row of the plan where it is, so that state, evidence and shared memory
// stay what they are, and makes the release no bolder: a limit that sends it back is met sooner,
// one that lets it go on later, a time or a number that it waits for is larger, somebody more is
// told.
#pragma once

#include <string>
#include <vector>

#include "runtime/plan/compare.h"
#include "runtime/plan/plan.h"

namespace rel {

struct EditJudgement {
  std::vector<std::string> safe;     // `tightened: rollback when ... (it was ...)`
  std::vector<PlanChange> refused;   // empty: the edit may be taken up
};

EditJudgement judge_edit(const Plan& running, const Plan& edited);

}  // namespace rel
