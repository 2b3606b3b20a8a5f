// Lowering: from a typed policy to the Plan of one of its releases.
// Input: a policy without errors. Output: a plan that verify_plan accepts, or none when it would
// exceed a limit; that is reported with the limit's name.
#pragma once

#include <optional>

#include "compiler/diagnostics/diagnostic.h"
#include "compiler/sema/typed.h"
#include "runtime/plan/plan.h"

namespace rel {

// `time_scale` multiplies step durations, soak, at least and at most; nothing else.
std::optional<Plan> lower(const Sources& sources, const sema::TypedPolicy& policy,
                          const sema::TypedRelease& release, double time_scale,
                          Diagnostics& diagnostics);

}  // namespace rel
