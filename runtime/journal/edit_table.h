// Edits of a release that runs, as the journal keeps them: who, why, and the plan that was in force
// before. Part of the journal, which owns the database.
// Input: an edit that is taken up. Output: the release pinned to the new plan; the former plans.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/journal/database.h"

namespace rel {

struct EditRecord {
  int64_t last_sequence = 0;  // of the last decision under the former plan; put_edit() finds it
  int64_t time_ns = 0;
  std::string who;
  std::string why;
  std::string changes;      // a line each
  std::string former_plan;  // saved
};

// Writes the edit. Part of a transaction that pins the release to the edited plan.
Status put_edit(Database& database, int64_t release, const EditRecord& record);
// Of a release, oldest first.
Result<std::vector<EditRecord>> read_edits(Database& database, int64_t release);

}  // namespace rel
