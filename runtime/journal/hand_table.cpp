#include "runtime/journal/hand_table.h"

#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/journal/record.h"

namespace rel {
namespace {

constexpr const char* columns =
    "SELECT sequence, release, key, verb, argument, actor, why, time_ns, outcome, detail, command, "
    "checksum FROM hands";

std::string_view bytes_of(const HandCommand& command) {
  return {reinterpret_cast<const char*>(&command), sizeof command};
}

int64_t checksum_of(const HandRecord& r) {
  return RowChecksum()
      .add(r.release)
      .add(r.key)
      .add(r.verb)
      .add(r.argument)
      .add(r.actor)
      .add(r.why)
      .add(r.time_ns)
      .add(static_cast<int64_t>(r.outcome))
      .add(r.detail)
      .add(bytes_of(r.command))
      .value();
}

}  // namespace

Status HandTable::put(const HandRecord& r) {
  Result<Statement> put = database_.prepare(
      "INSERT OR REPLACE INTO hands VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!put) return put.error();
  put->bind(1, static_cast<int64_t>(r.command.sequence)).bind(2, r.release);
  put->bind_text(3, r.key).bind_text(4, r.verb).bind_text(5, r.argument).bind_text(6, r.actor);
  put->bind_text(7, r.why).bind(8, r.time_ns).bind(9, static_cast<int64_t>(r.outcome));
  put->bind_text(10, r.detail).bind_blob(11, bytes_of(r.command)).bind(12, checksum_of(r));
  return put->run();
}

Result<std::optional<HandRecord>> HandTable::read_row(Statement& statement) {
  Result<bool> row = statement.step();
  if (!row) return row.error();
  if (!*row) return std::optional<HandRecord>();
  HandRecord r;
  r.release = statement.integer(1);
  r.key = statement.text(2);
  r.verb = statement.text(3);
  r.argument = statement.text(4);
  r.actor = statement.text(5);
  r.why = statement.text(6);
  r.time_ns = statement.integer(7);
  r.outcome = static_cast<HandOutcome>(statement.integer(8));
  r.detail = statement.text(9);
  const std::string_view command = statement.blob(10);
  const bool whole = command.size() == sizeof r.command;
  if (whole) std::memcpy(static_cast<void*>(&r.command), command.data(), command.size());
  const bool same = statement.integer(0) == static_cast<int64_t>(r.command.sequence);
  if (!whole || !same || statement.integer(11) != checksum_of(r)) {
    return damaged(database_, fmt::format("order {} was changed", statement.integer(0)));
  }
  return std::optional(std::move(r));
}

Result<std::vector<HandRecord>> HandTable::read_all(Statement& statement) {
  return rows_of<HandRecord>([&] { return read_row(statement); });
}

Result<std::optional<HandRecord>> HandTable::with_sequence(uint64_t sequence) {
  Result<Statement> find = database_.prepare(fmt::format("{} WHERE sequence=?", columns));
  if (!find) return find.error();
  find->bind(1, static_cast<int64_t>(sequence));
  return read_row(*find);
}

Result<std::optional<HandRecord>> HandTable::with_key(std::string_view key) {
  Result<Statement> find = database_.prepare(fmt::format("{} WHERE key=?", columns));
  if (!find) return find.error();
  find->bind_text(1, key);
  return read_row(*find);
}

Result<std::vector<HandRecord>> HandTable::open(int64_t release) {
  Result<Statement> find = database_.prepare(
      fmt::format("{} WHERE release=? AND outcome=? ORDER BY sequence", columns));
  if (!find) return find.error();
  find->bind(1, release).bind(2, static_cast<int64_t>(HandOutcome::accepted));
  return read_all(*find);
}

Result<std::vector<HandRecord>> HandTable::answers(int64_t release) {
  Result<Statement> find = database_.prepare(
      fmt::format("{} WHERE release=? AND outcome=? AND verb IN ('approve', 'review') "
                  "ORDER BY sequence",
                  columns));
  if (!find) return find.error();
  find->bind(1, release).bind(2, static_cast<int64_t>(HandOutcome::done));
  return read_all(*find);
}

Result<std::vector<HandRecord>> HandTable::after(uint64_t sequence, size_t limit) {
  Result<Statement> find = database_.prepare(
      fmt::format("{} WHERE sequence>? ORDER BY sequence LIMIT ?", columns));
  if (!find) return find.error();
  find->bind(1, static_cast<int64_t>(sequence)).bind(2, static_cast<int64_t>(limit));
  return read_all(*find);
}

Result<uint64_t> HandTable::last_sequence() {
  Result<int64_t> last = database_.query_integer("SELECT coalesce(max(sequence), 0) FROM hands");
  if (!last) return last.error();
  return static_cast<uint64_t>(*last);
}

}  // namespace rel
