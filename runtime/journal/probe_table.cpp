#include "runtime/journal/probe_table.h"

#include <utility>

#include <fmt/core.h>

#include "runtime/journal/record.h"

namespace rel {
namespace {

int64_t checksum_of(const ProbeRecord& r) {
  return RowChecksum()
      .add(r.release)
      .add(r.gate)
      .add(r.time_ns)
      .add(r.passed ? 1 : 0)
      .add(r.asked)
      .add(r.answered)
      .value();
}

}  // namespace

Status ProbeTable::put(const ProbeRecord& r) {
  Result<Statement> put =
      database_.prepare("INSERT OR REPLACE INTO probes VALUES(?, ?, ?, ?, ?, ?, ?)");
  if (!put) return put.error();
  put->bind(1, r.release).bind(2, r.gate).bind(3, r.time_ns).bind(4, r.passed ? 1 : 0);
  put->bind_text(5, r.asked).bind_text(6, r.answered).bind(7, checksum_of(r));
  return put->run();
}

Result<std::vector<ProbeRecord>> ProbeTable::all(int64_t release) {
  Result<Statement> read = database_.prepare(
      "SELECT gate, time_ns, passed, asked, answered, checksum FROM probes WHERE release=? "
      "ORDER BY time_ns, gate");
  if (!read) return read.error();
  read->bind(1, release);
  std::vector<ProbeRecord> records;
  while (true) {
    Result<bool> row = read->step();
    if (!row) return row.error();
    if (!*row) return records;
    ProbeRecord r{.release = release};
    r.gate = static_cast<uint32_t>(read->integer(0));
    r.time_ns = read->integer(1);
    r.passed = read->integer(2) != 0;
    r.asked = read->text(3);
    r.answered = read->text(4);
    if (read->integer(5) != checksum_of(r)) {
      return Error{fmt::format("{} is damaged: the evidence of a checklist was changed",
                               database_.path())};
    }
    records.push_back(std::move(r));
  }
}

}  // namespace rel
