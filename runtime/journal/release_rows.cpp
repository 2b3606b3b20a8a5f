#include "runtime/journal/release_rows.h"

#include <utility>

#include <fmt/core.h>

#include "runtime/base/check.h"
#include "runtime/journal/record.h"

namespace rel {

int64_t release_checksum(const ReleaseRecord& r) {
  return RowChecksum()
      .add(r.name)
      .add(r.model)
      .add(r.candidate)
      .add(static_cast<int64_t>(r.plan_hash))
      .add(r.begun_ns)
      .add(r.plan)
      .value();
}

Result<std::optional<ReleaseRecord>> read_release(const Database& database,
                                                   Statement& statement) {
  Result<bool> row = statement.step();
  if (!row) return row.error();
  if (!*row) return std::optional<ReleaseRecord>();
  ReleaseRecord r;
  r.id = statement.integer(0);
  r.name = statement.text(1);
  r.model = statement.text(2);
  r.candidate = statement.text(3);
  r.plan_hash = static_cast<uint64_t>(statement.integer(4));
  r.begun_ns = statement.integer(5);
  r.superseded_ns = statement.integer(6);
  r.plan = statement.blob(7);
  if (statement.integer(8) != release_checksum(r)) {
    return damaged(database, fmt::format("the record of release `{}` was changed", r.name));
  }
  return std::optional(std::move(r));
}

Status pin_release(Database& database, int64_t release, const Plan& plan,
                   const EditRecord& edit) {
  if (Status s = put_edit(database, release, edit); !s) return s;
  Result<Statement> find = database.prepare(fmt::format("{} WHERE id=?", release_columns));
  if (!find) return find.error();
  find->bind(1, release);
  Result<std::optional<ReleaseRecord>> record = read_release(database, *find);
  if (!record) return record.error();
  REL_CHECK(record->has_value());
  ReleaseRecord& pinned = **record;
  pinned.plan_hash = plan_hash(plan);
  pinned.plan = save_plan(plan);
  Result<Statement> put =
      database.prepare("UPDATE releases SET plan_hash=?, plan=?, checksum=? WHERE id=?");
  if (!put) return put.error();
  put->bind(1, static_cast<int64_t>(pinned.plan_hash)).bind_blob(2, pinned.plan);
  put->bind(3, release_checksum(pinned)).bind(4, release);
  if (Status s = put->run(); !s) return s;
  Result<Statement> clear = database.prepare("DELETE FROM actions WHERE release=?");
  if (!clear) return clear.error();
  return clear->bind(1, release).run();
}

}  // namespace rel
