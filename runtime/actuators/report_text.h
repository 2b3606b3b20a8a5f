// The report of a release that went back, as Markdown and as one HTML page. Pure: facts in, text
// out. Input: the plan, the run, its decisions and samples, what the way back did. Output: whole
// documents; the page needs nothing beside itself.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"
#include "runtime/plot/series.h"

namespace rel {

struct ReportFacts {
  const Plan& plan;
  const ReleaseRecord& release;
  std::span<const LoggedDecision> timeline;  // oldest first
  std::span<const ActionRecord> outcomes;    // of the way back, so far
  std::span<const SeriesPoint> series;       // how its numbers went
  std::optional<Acknowledgement> acknowledgement;
  // By segment of the plan: requests that carry none of its values. Empty: not counted.
  std::span<const uint64_t> requests_other = {};
  int64_t now_ns = 0;
  std::string_view layout;  // the policy's template; empty: ours
};

std::string report_markdown(const ReportFacts& facts);
std::string report_html(const ReportFacts& facts);

}  // namespace rel
