// Rows of the table of releases: reading one, and pinning a release to another plan. Part of the
// journal, which owns the database.
// Input: statements and records. Output: the same, checked.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/journal/database.h"
#include "runtime/journal/journal.h"

namespace rel {

// What read_release() reads; conditions follow.
inline constexpr std::string_view release_columns =
    "SELECT id, name, model, candidate, plan_hash, begun_ns, superseded_ns, plan, checksum "
    "FROM releases";

int64_t release_checksum(const ReleaseRecord& record);

// The next row; nothing at the end.
Result<std::optional<ReleaseRecord>> read_release(const Database& database, Statement& statement);

// From now on the release runs under this plan; part of a transaction. Its records of actions are
// taken out, to be written anew: their rows may have moved.
Status pin_release(Database& database, int64_t release, const Plan& plan, const EditRecord& edit);

}  // namespace rel
