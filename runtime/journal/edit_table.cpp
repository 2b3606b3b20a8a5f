#include "runtime/journal/edit_table.h"

#include <optional>
#include <utility>

#include "runtime/journal/record.h"

namespace rel {
namespace {

int64_t checksum_of(int64_t release, const EditRecord& r) {
  return RowChecksum()
      .add(release)
      .add(r.last_sequence)
      .add(r.time_ns)
      .add(r.who)
      .add(r.why)
      .add(r.changes)
      .add(r.former_plan)
      .value();
}

Result<std::optional<EditRecord>> read_edit(const Database& database, Statement& statement,
                                            int64_t release) {
  Result<bool> row = statement.step();
  if (!row) return row.error();
  if (!*row) return std::optional<EditRecord>();
  EditRecord r;
  r.last_sequence = statement.integer(0);
  r.time_ns = statement.integer(1);
  r.who = statement.text(2);
  r.why = statement.text(3);
  r.changes = statement.text(4);
  r.former_plan = statement.blob(5);
  if (statement.integer(6) != checksum_of(release, r)) {
    return damaged(database, "the record of an edit was changed");
  }
  return std::optional(std::move(r));
}

}  // namespace

Status put_edit(Database& database, int64_t release, const EditRecord& record) {
  Result<Statement> last =
      database.prepare("SELECT coalesce(max(sequence), 0) FROM decisions WHERE release=?");
  if (!last) return last.error();
  Result<bool> row = last->bind(1, release).step();
  if (!row) return row.error();
  EditRecord made = record;
  made.last_sequence = last->integer(0);
  last->reset();
  Result<Statement> put = database.prepare("INSERT INTO edits VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  if (!put) return put.error();
  put->bind(1, release).bind(2, made.last_sequence).bind(3, made.time_ns);
  put->bind_text(4, made.who).bind_text(5, made.why).bind_text(6, made.changes);
  put->bind_blob(7, made.former_plan).bind(8, checksum_of(release, made));
  return put->run();
}

Result<std::vector<EditRecord>> read_edits(Database& database, int64_t release) {
  Result<Statement> read = database.prepare(
      "SELECT last_sequence, time_ns, who, why, changes, former_plan, checksum FROM edits "
      "WHERE release=? ORDER BY last_sequence");
  if (!read) return read.error();
  read->bind(1, release);
  return rows_of<EditRecord>([&] { return read_edit(database, *read, release); });
}

}  // namespace rel
