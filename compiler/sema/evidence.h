// Numbers of evidence files in conditions: `evidence("eval/holdout.json").auc >= 0.92`,
// `spread(evidence("eval/fairness.json").recall by age_band) <= 3pp`,
// `evidence("eval/load.json").p99 in ms <= 80ms`. The file is read when the policy is compiled, and
// its digest goes into the plan; what it says does not change while a release runs.
//
// A number is found by its path of member names. `M by SEGMENT` is the object M.SEGMENT, with a
// number for every value that the policy declares for the segment. A number has no unit of its own:
// `in UNIT` gives it one, and without it, it is a plain number, or the ratio or difference of
// ratios that it is compared with.
//
// For who evaluates a condition of evidence alone (a point of `require`): check it with
// Conditions::check and ask the two functions below.
#pragma once

#include <optional>
#include <vector>

#include "compiler/sema/typed.h"

namespace rel::sema {

// Whether a checked condition holds. None: it reads more than constants and evidence.
std::optional<bool> evidence_verdict(const TypedPolicy& policy, TypedId condition);

// The rows of TypedPolicy::evidence that a checked condition reads, each once, in order.
std::vector<uint32_t> evidence_of(const TypedPolicy& policy, TypedId condition);

}  // namespace rel::sema
