// Writes the report of a release again, whatever it is doing: from its journal alone, with all that
// has come since.
// Input: a journal, the release and its plan. Output: Markdown and a page. Owner: `relc report`,
// and the host that is asked for one.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

// Where the reports of a run go: `STATE/reports/RELEASE-TIME`.
std::string report_folder_of(const std::string& state_dir, const Plan& plan,
                             const ReleaseRecord& release);

// In the layout of the policy's `report`, when it has one, and under its name in `folder`, or under
// `name` when that is not empty. What was written, in words.
Result<std::string> write_report_again(Journal& journal, const Plan& plan,
                                       const ReleaseRecord& release, const std::string& folder,
                                       const std::string& name, int64_t now_ns);

}  // namespace rel
