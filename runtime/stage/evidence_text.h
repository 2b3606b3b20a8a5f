// What a statistical comparison found, in plain words.
// Input: a decision with the numbers of the test. Output: a part of its sentence.
#pragma once

#include <string>

#include "runtime/base/verdict.h"
#include "runtime/stage/decision.h"

namespace rel {

// `rate(candidate.failed) was 6.1% and rate(baseline.failed) 0.4%, more than 1.5 times it at 99%
// confidence (e-value 1,530, 100 needed; 1,203 and 118,230 samples)`. `evidence` is a number of the
// decision that belongs to `test`.
std::string finding_text(const Plan& plan, const Decision& decision, const EvidenceTest& test,
                         const Evidence& evidence);

// Why there is no verdict: `no data for "failed worse than baseline at 99% confidence"`.
std::string unknown_finding(const Plan& plan, const EvidenceTest& test, Cause cause);

}  // namespace rel
