// The report of a release that went back, as Markdown. Pure: facts in, text out.
// Input: the plan, the run, its decisions and what the way back did. Output: the whole document.
#pragma once

#include <span>
#include <string>

#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

struct ReportFacts {
  const Plan& plan;
  const ReleaseRecord& release;
  std::span<const LoggedDecision> timeline;  // oldest first
  std::span<const ActionRecord> outcomes;    // of the way back, so far
  int64_t now_ns = 0;
};

std::string report_text(const ReportFacts& facts);

}  // namespace rel
