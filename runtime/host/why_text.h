// What decided: a decision of a release as a paragraph for people.
// Input: the plan and the decision log. Output: text that ends with a newline. Owner: the caller.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

// The index of the decision that `wanted` names: a number of the log (`7`), the last one of a kind
// (`rolled_back`), or when it is empty the last one that says where the release stands.
Result<size_t> find_decision(std::span<const LoggedDecision> log, std::string_view wanted);

// Says what happened and when, by which rule of the policy, on which numbers of both arms, for how
// long the condition held, who ordered it, what it did to the share, and what followed.
std::string why_text(const Plan& plan, std::span<const LoggedDecision> log, size_t index);

}  // namespace rel
