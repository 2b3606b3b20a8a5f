#include "runtime/journal/way_back_rows.h"

#include <utility>

#include <fmt/core.h>

#include "runtime/journal/record.h"

namespace rel {
namespace {

int64_t checksum_of(int64_t release, const Acknowledgement& a) {
  return RowChecksum()
      .add(release)
      .add(static_cast<int64_t>(a.epoch))
      .add(a.time_ns)
      .add(a.who)
      .add(a.why)
      .value();
}

int64_t checksum_of(std::string_view model, const RehearsalRecord& r) {
  return RowChecksum()
      .add(model)
      .add(r.time_ns)
      .add(int64_t{r.passed})
      .add(r.who)
      .add(r.detail)
      .value();
}

Error changed(const Database& database, std::string_view what) {
  return {fmt::format("{} is damaged: {} was changed; restore it from a backup", database.path(),
                      what)};
}

}  // namespace

Status put_acknowledgement(Database& database, int64_t release, const Acknowledgement& record) {
  Result<Statement> put =
      database.prepare("INSERT OR IGNORE INTO acknowledgements VALUES(?, ?, ?, ?, ?, ?)");
  if (!put) return put.error();
  put->bind(1, release).bind(2, static_cast<int64_t>(record.epoch)).bind(3, record.time_ns);
  put->bind_text(4, record.who).bind_text(5, record.why);
  put->bind(6, checksum_of(release, record));
  return put->run();
}

Result<std::optional<Acknowledgement>> find_acknowledgement(Database& database, int64_t release,
                                                            uint64_t epoch) {
  Result<Statement> find = database.prepare(
      "SELECT time_ns, who, why, checksum FROM acknowledgements WHERE release=? AND epoch=?");
  if (!find) return find.error();
  Result<bool> row = find->bind(1, release).bind(2, static_cast<int64_t>(epoch)).step();
  if (!row) return row.error();
  if (!*row) return std::optional<Acknowledgement>();
  Acknowledgement found{.epoch = epoch,
                        .time_ns = find->integer(0),
                        .who = std::string(find->text(1)),
                        .why = std::string(find->text(2))};
  if (find->integer(3) != checksum_of(release, found)) {
    return changed(database, "the record of an acknowledgement");
  }
  return std::optional(std::move(found));
}

Status put_sample(Database& database, int64_t release, const SeriesPoint& point,
                  SeriesThinning thinning) {
  Result<Statement> put = database.prepare("INSERT OR REPLACE INTO series VALUES(?, ?, ?)");
  if (!put) return put.error();
  const std::string bytes = encode_series_point(point);
  put->bind(1, release).bind(2, point.time_ns).bind_blob(3, bytes);
  if (Status s = put->run(); !s || thinning == SeriesThinning::none) return s;
  Result<Statement> thin = database.prepare(
      "DELETE FROM series WHERE release=?1 AND time_ns IN (SELECT time_ns FROM (SELECT time_ns, "
      "row_number() OVER (ORDER BY time_ns) AS n FROM series WHERE release=?1) WHERE n % 2 = 0)");
  if (!thin) return thin.error();
  return thin->bind(1, release).run();
}

Result<std::vector<SeriesPoint>> read_series(Database& database, int64_t release,
                                             const Plan& plan) {
  Result<Statement> read =
      database.prepare("SELECT point FROM series WHERE release=? ORDER BY time_ns");
  if (!read) return read.error();
  read->bind(1, release);
  std::vector<SeriesPoint> points;
  while (true) {
    Result<bool> row = read->step();
    if (!row) return row.error();
    if (!*row) return points;
    Result<SeriesPoint> point = decode_series_point(plan, read->blob(0));
    if (!point) return changed(database, "a sample of the release");
    points.push_back(std::move(*point));
  }
}

Status put_rehearsal(Database& database, int64_t release, std::string_view model,
                     const RehearsalRecord& record) {
  Result<Statement> put =
      database.prepare("INSERT INTO rehearsals VALUES(NULL, ?, ?, ?, ?, ?, ?, ?)");
  if (!put) return put.error();
  put->bind_text(1, model).bind(2, release).bind(3, record.time_ns).bind(4, int64_t{record.passed});
  put->bind_text(5, record.who).bind_text(6, record.detail);
  put->bind(7, checksum_of(model, record));
  return put->run();
}

Result<std::optional<RehearsalRecord>> find_rehearsal(Database& database, std::string_view model) {
  Result<Statement> find = database.prepare(
      "SELECT time_ns, passed, who, detail, checksum FROM rehearsals WHERE model=? "
      "ORDER BY id DESC LIMIT 1");
  if (!find) return find.error();
  Result<bool> row = find->bind_text(1, model).step();
  if (!row) return row.error();
  if (!*row) return std::optional<RehearsalRecord>();
  RehearsalRecord found{.time_ns = find->integer(0),
                        .passed = find->integer(1) != 0,
                        .who = std::string(find->text(2)),
                        .detail = std::string(find->text(3))};
  if (find->integer(4) != checksum_of(model, found)) {
    return changed(database, "the record of a rehearsal");
  }
  return std::optional(std::move(found));
}

}  // namespace rel
