// The one release a command works on: a policy file compiled, or a built plan loaded.
// Input: a path and what to compile. Output: its plan, or an error after the diagnostics were
// printed. Owner: the command.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/plan/plan.h"

namespace rel::cli {

struct PolicyFile {
  std::string path;
  std::string release;      // empty: the only one of the file
  double time_scale = 1.0;  // of step, soak, at least and at most times
};

// Diagnostics of a policy go to standard error; the error then says how many releases there are,
// or that the policy has errors.
Result<Plan> load_policy_file(const PolicyFile& file);

}  // namespace rel::cli
