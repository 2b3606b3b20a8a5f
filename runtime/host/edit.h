// What becomes of an edited policy while its release runs: the release is pinned to the plan it
// began with, until an edit that is known to be safe is taken up in somebody's name.
// Input: the journal, the edited plan, who and why. Output: the release pinned to the edited plan,
// with a decision, an order and the former plan on record; or why not, change by change.
// Owner: `relc run`, before it opens the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/host/authority.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

// Why the edited policy is not what runs, and what can be done; empty when nothing of that name
// runs under another plan.
Result<std::string> explain_edit(Journal& journal, const Plan& edited);

struct EditOrder {
  Peer peer;
  std::string why;
  int64_t now_ns = 0;
};

// Takes up the edit: the changes it made, by name. None when nothing of that name runs under
// another plan. An error says which change is not safe, or that the peer may not; it is in the
// audit as well. Durable on return.
Result<std::vector<std::string>> take_up_edit(Journal& journal, const Plan& edited,
                                              const ControlRules& rules, const EditOrder& order);

}  // namespace rel
