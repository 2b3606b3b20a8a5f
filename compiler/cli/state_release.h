// A release as the journal of a state directory has it, for commands that need no host.
// Input: the directory and a name. Output: the latest run of that name with its plan. Owner: the
// command.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel::cli {

struct StateRelease {
  std::unique_ptr<Journal> journal;  // read only
  ReleaseRecord record;
  Plan plan;
};

Result<StateRelease> read_state_release(const std::string& state, const std::string& name);

}  // namespace rel::cli
