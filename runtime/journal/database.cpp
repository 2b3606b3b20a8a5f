#include "runtime/journal/database.h"

#include <sqlite3.h>

#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/check.h"

namespace rel {
namespace {

Error explain(int code, int system_error, const std::string& path, const char* text) {
  std::string cause = text;
  if (system_error != 0) cause += fmt::format(" ({})", std::strerror(system_error));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {fmt::format("the disk that holds {} is full; free space there", path)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {fmt::format("{} is damaged: {}; restore it from a backup, or move it away: a state "
                          "directory without a journal starts at the baseline",
                          path, cause)};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return {fmt::format("cannot open {} for writing: {}; the state directory must exist and be "
                          "writable by this user",
                          path, cause)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {fmt::format("{} is locked by another process; stop it first", path)};
    case SQLITE_IOERR:
      return {fmt::format("reading or writing {} failed: {}; check the disk and its file system",
                          path, cause)};
    default:  // rel: codes of SQLite
      return {fmt::format("{}: {} (sqlite code {})", path, cause, code)};
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      handle_(std::exchange(other.handle_, nullptr)),
      bind_result_(other.bind_result_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(handle_, other.handle_);
  std::swap(bind_result_, other.bind_result_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int parameter, int64_t value) {
  const int result = sqlite3_bind_int64(handle_, parameter, value);
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
  return *this;
}

// An empty view may have no address, and SQLite reads a null address as NULL.
Statement& Statement::bind_text(int parameter, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  const int result = sqlite3_bind_text64(handle_, parameter, data, value.size(), SQLITE_STATIC,
                                         SQLITE_UTF8);
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  const int result =
      sqlite3_bind_blob64(handle_, parameter, data, value.size(), SQLITE_STATIC);
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  const int result = sqlite3_bind_null(handle_, parameter);
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_result_ != SQLITE_OK) {
    const Error error = database_->failure();
    reset();
    return error;
  }
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  // The error text belongs to this step; resetting the statement may replace it.
  if (result != SQLITE_DONE) {
    const Error error = database_->failure();
    reset();
    return error;
  }
  reset();
  return false;
}

Status Statement::run() {
  Result<bool> row = step();
  if (!row) return row.error();
  REL_CHECK(!*row);
  return ok();
}

void Statement::reset() {
  sqlite3_reset(handle_);
  bind_result_ = SQLITE_OK;
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, const std::string& vfs,
                                                 DatabaseMode mode) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
  flags |= mode == DatabaseMode::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                        : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (handle == nullptr) return Error{fmt::format("{}: out of memory", path)};
  std::unique_ptr<Database> database(new Database(handle, path));
  if (result != SQLITE_OK) return database->failure();
  // A reader may hold a lock for the moment of a checkpoint.
  constexpr int busy_milliseconds = 1000;
  sqlite3_busy_timeout(handle, busy_milliseconds);
  return database;
}

Database::~Database() { sqlite3_close_v2(handle_); }

Status Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return ok();
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (result != SQLITE_OK) return failure();
  return Statement(this, handle);
}

Result<int64_t> Database::query_integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  Result<bool> row = statement->step();
  if (!row) return row.error();
  if (!*row) return Error{fmt::format("{}: no answer to `{}`", path_, sql)};
  return statement->integer(0);
}

Result<std::string> Database::query_text(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  Result<bool> row = statement->step();
  if (!row) return row.error();
  if (!*row) return Error{fmt::format("{}: no answer to `{}`", path_, sql)};
  return std::string(statement->text(0));
}

Error Database::failure() const {
  return explain(sqlite3_extended_errcode(handle_), sqlite3_system_errno(handle_), path_,
                 sqlite3_errmsg(handle_));
}

Error damaged(const Database& database, std::string_view what) {
  return {fmt::format("{} is damaged: {}; restore it from a backup, or move it away: a state "
                      "directory without a journal starts at the baseline",
                      database.path(), what)};
}

}  // namespace rel
