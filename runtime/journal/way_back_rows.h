// Rows about the way back that are neither decisions nor actions: who acknowledged it, when it was
// rehearsed, and the samples its report draws. Part of the journal, which owns the database.
#pragma once

#include "runtime/journal/database.h"
#include "runtime/journal/journal.h"

namespace rel {

// The first acknowledgement of a release and epoch stands.
Status put_acknowledgement(Database& database, int64_t release, const Acknowledgement& record);
Result<std::optional<Acknowledgement>> find_acknowledgement(Database& database, int64_t release,
                                                            uint64_t epoch);

enum class SeriesThinning : uint8_t { none, halve };
Status put_sample(Database& database, int64_t release, const SeriesPoint& point,
                  SeriesThinning thinning);
Result<std::vector<SeriesPoint>> read_series(Database& database, int64_t release,
                                             const Plan& plan);

Status put_rehearsal(Database& database, int64_t release, std::string_view model,
                     const RehearsalRecord& record);
Result<std::optional<RehearsalRecord>> find_rehearsal(Database& database, std::string_view model);

}  // namespace rel
