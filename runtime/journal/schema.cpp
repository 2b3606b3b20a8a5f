#include "runtime/journal/schema.h"

#include <string>

#include <fmt/core.h>

#include "runtime/journal/record.h"

namespace rel {
namespace {

constexpr int64_t application_id = 0x52454c43;  // "RELC"
constexpr int64_t format_version = 4;

// Every row that recovery relies on carries a checksum over its own columns.
constexpr const char* create_tables = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE releases(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, model TEXT NOT NULL, candidate TEXT NOT NULL,
  plan_hash INTEGER NOT NULL, begun_ns INTEGER NOT NULL, superseded_ns INTEGER NOT NULL,
  plan BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE TABLE decisions(
  release INTEGER NOT NULL, sequence INTEGER NOT NULL, engine_id INTEGER, raise_id INTEGER,
  decision BLOB NOT NULL, because TEXT NOT NULL, frame TEXT NOT NULL, actor TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY(release, sequence), UNIQUE(release, engine_id)) STRICT, WITHOUT ROWID;
CREATE TABLE states(
  release INTEGER PRIMARY KEY, state BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE TABLE evidence(
  release INTEGER PRIMARY KEY, words BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE TABLE raises(
  release INTEGER NOT NULL, raise_id INTEGER NOT NULL, kind INTEGER NOT NULL,
  stage INTEGER NOT NULL, step INTEGER NOT NULL, outcome INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY(release, raise_id)) STRICT, WITHOUT ROWID;
CREATE TABLE actions(
  release INTEGER NOT NULL, action INTEGER NOT NULL, round INTEGER NOT NULL,
  status INTEGER NOT NULL, attempts INTEGER NOT NULL, first_ns INTEGER NOT NULL,
  time_ns INTEGER NOT NULL, due_ns INTEGER NOT NULL, detail TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY(release, action, round)) STRICT, WITHOUT ROWID;
CREATE TABLE series(
  release INTEGER NOT NULL, time_ns INTEGER NOT NULL, point BLOB NOT NULL,
  PRIMARY KEY(release, time_ns)) STRICT, WITHOUT ROWID;
CREATE TABLE rehearsals(
  id INTEGER PRIMARY KEY, model TEXT NOT NULL, release INTEGER NOT NULL, time_ns INTEGER NOT NULL,
  passed INTEGER NOT NULL, who TEXT NOT NULL, detail TEXT NOT NULL,
  checksum INTEGER NOT NULL) STRICT;
CREATE TABLE acknowledgements(
  release INTEGER NOT NULL, epoch INTEGER NOT NULL, time_ns INTEGER NOT NULL, who TEXT NOT NULL,
  why TEXT NOT NULL, checksum INTEGER NOT NULL,
  PRIMARY KEY(release, epoch)) STRICT, WITHOUT ROWID;
CREATE TABLE hands(
  sequence INTEGER PRIMARY KEY, release INTEGER NOT NULL, key TEXT NOT NULL UNIQUE,
  verb TEXT NOT NULL, argument TEXT NOT NULL, actor TEXT NOT NULL, why TEXT NOT NULL,
  time_ns INTEGER NOT NULL, outcome INTEGER NOT NULL, detail TEXT NOT NULL,
  command BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE TABLE probes(
  release INTEGER NOT NULL, gate INTEGER NOT NULL, time_ns INTEGER NOT NULL,
  passed INTEGER NOT NULL, asked TEXT NOT NULL, answered TEXT NOT NULL,
  checksum INTEGER NOT NULL, PRIMARY KEY(release, gate, time_ns)) STRICT, WITHOUT ROWID;
CREATE TABLE edits(
  release INTEGER NOT NULL, last_sequence INTEGER NOT NULL, time_ns INTEGER NOT NULL,
  who TEXT NOT NULL, why TEXT NOT NULL, changes TEXT NOT NULL, former_plan BLOB NOT NULL,
  checksum INTEGER NOT NULL, PRIMARY KEY(release, last_sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine(
  candidate TEXT PRIMARY KEY, release TEXT NOT NULL, since_ns INTEGER NOT NULL) STRICT;
CREATE TABLE cooldowns(
  model TEXT PRIMARY KEY, release TEXT NOT NULL, until_ns INTEGER NOT NULL) STRICT;
)sql";

Status create_schema(Database& database) {
  const std::string script = fmt::format(
      "BEGIN IMMEDIATE; PRAGMA application_id={}; PRAGMA user_version={}; {} "
      "INSERT INTO meta VALUES('layout', '{}'); COMMIT;",
      application_id, format_version, create_tables, layout_text());
  Status created = database.execute(script.c_str());
  // A script that failed half way leaves its transaction open; the first error is the one to say.
  if (!created) (void)database.execute("ROLLBACK");
  return created;
}

Status use_write_ahead_log(Database& database) {
  Result<std::string> mode = database.query_text("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") {
    return Error{fmt::format("{}: its file system cannot keep a write-ahead log; put the state "
                             "directory on a local disk",
                             database.path())};
  }
  return database.execute("PRAGMA synchronous=FULL");
}

Status check_identity(Database& database) {
  Result<int64_t> id = database.query_integer("PRAGMA application_id");
  if (!id) return id.error();
  if (*id != application_id) {
    return Error{fmt::format("{} is not a journal of relc; move it out of the state directory",
                             database.path())};
  }
  Result<int64_t> version = database.query_integer("PRAGMA user_version");
  if (!version) return version.error();
  Result<std::string> layout = database.query_text("SELECT value FROM meta WHERE key='layout'");
  if (!layout) return layout.error();
  if (*version != format_version || *layout != layout_text()) {
    return Error{fmt::format("{} was written by another version of relc (format {}, {}); go on "
                             "with that version, or move the file away to start at the baseline",
                             database.path(), *version, *layout)};
  }
  return ok();
}

Status check_soundness(Database& database) {
  Result<std::string> answer = database.query_text("PRAGMA quick_check(1)");
  if (!answer) return answer.error();
  if (*answer == "ok") return ok();
  return Error{fmt::format("{} is damaged: {}; restore it from a backup, or move it away: a state "
                           "directory without a journal starts at the baseline",
                           database.path(), *answer)};
}

// What a process before us wrote and could not synchronise may be in the page cache and not on
// disk, where it counts as clean: no later fsync would write it, and records appended behind it
// would be lost with it. Every page of the log is therefore written anew, into the database, and
// the log begun again, before anything is appended.
Status settle_log(Database& database) {
  Result<int64_t> busy = database.query_integer("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!busy) return busy.error();
  if (*busy == 0) return ok();
  return Error{fmt::format("{} is being read by another program, which keeps its log from being "
                           "settled; end that program and start again",
                           database.path())};
}

}  // namespace

Status prepare_schema(Database& database, DatabaseMode mode) {
  if (Status s = database.execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON"); !s) {
    return s;
  }
  // The first reads of the file: whatever is not a database is refused here.
  Result<int64_t> tables = database.query_integer("SELECT count(*) FROM sqlite_master");
  if (!tables) return tables.error();
  if (mode == DatabaseMode::create) {
    if (Status s = use_write_ahead_log(database); !s) return s;
    if (*tables == 0) {
      if (Status s = create_schema(database); !s) return s;
    }
  }
  if (Status s = check_identity(database); !s) return s;
  if (mode == DatabaseMode::salvage) return ok();
  if (Status s = check_soundness(database); !s) return s;
  return mode == DatabaseMode::create ? settle_log(database) : ok();
}

}  // namespace rel
