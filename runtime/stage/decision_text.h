// Decisions as text: the decision log for programs and for people, in one place.
// Input: a decision and the plan it was made under. Output: one line without its end.
#pragma once

#include <string>
#include <string_view>

#include "runtime/plan/plan.h"
#include "runtime/stage/decision.h"
#include "runtime/stage/engine.h"

namespace rel {

std::string_view decision_kind_name(DecisionKind kind);  // `rolled_back`
std::string_view phase_name(Phase phase);                // `idle`, `running`, `rolled_back` ...
std::string_view cause_name(Cause cause);                // `no_data`; empty for none

// {"time","release","kind","stage","share","rule","because","actor","evidence":[{"expr","value",
// "unit","samples","unknown"}]}: share of one, values in base units.
std::string decision_json(const Plan& plan, const Decision& decision);

// Time, kind, stage, share and reason, for people.
std::string decision_line(const Plan& plan, const Decision& decision);

// The statement of the policy the decision applies, as written; empty when there is none.
std::string_view rule_text(const Plan& plan, const Decision& decision);

// One plain sentence without a full stop: `p99(candidate.latency) over 5s was 512ms, above 400ms,
// for 2s (1,024 samples)`.
std::string because_text(const Plan& plan, const Decision& decision);

// The expression of an aggregate with the segment value of a cell, as in decisions.
std::string aggregate_text(const Plan& plan, AggregateId aggregate, uint32_t cell);

}  // namespace rel
