// What becomes of an edited policy while its release runs: the release is pinned to the plan it
// began with.
// Input: the journal, the edited plan. Output: why it is not taken up, change by change; empty when
// nothing of that name runs under another plan. Owner: `relc run`.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

Result<std::string> explain_edit(Journal& journal, const Plan& edited);

}  // namespace rel
