// SQLite, wrapped once: a connection and a prepared statement that report errors as Result.
// Input: a path and SQL of ours. Output: rows, or an Error that names the file and the remedy.
// Owner: the journal. Nothing else includes sqlite3.h, except tests that replace its VFS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rel {

class Database;

// A prepared statement. Text and blobs that are bound must live until the next step().
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1, as in SQL.
  Statement& bind(int parameter, int64_t value);
  Statement& bind_text(int parameter, std::string_view value);
  Statement& bind_blob(int parameter, std::string_view value);
  Statement& bind_null(int parameter);

  // True: a row is there to be read. False: done, and the statement is reset for its next use.
  Result<bool> step();
  // Runs a statement that gives no rows.
  Status run();
  void reset();

  // Columns count from 0; the views live until the next step().
  int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(const Database* database, sqlite3_stmt* handle)
      : database_(database), handle_(handle) {}

  const Database* database_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
  int bind_result_ = 0;  // first failure of a bind, reported by step()
};

// A row that is not what was written.
Error damaged(const Database& database, std::string_view what);

// All rows of a statement, oldest first: `next` reads one, or nothing at the end.
template <typename Row, typename Next>
Result<std::vector<Row>> rows_of(Next next) {
  std::vector<Row> rows;
  while (true) {
    Result<std::optional<Row>> row = next();
    if (!row) return row.error();
    if (!row->has_value()) return rows;
    rows.push_back(std::move(**row));
  }
}

enum class DatabaseMode { create, read_only, salvage };  // salvage: read-only, damaged or not

class Database {
 public:
  // `vfs` empty: the platform's. A path that is a symbolic link is refused.
  static Result<std::unique_ptr<Database>> open(const std::string& path, const std::string& vfs,
                                                DatabaseMode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Status execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  // The single integer or text a query gives.
  Result<int64_t> query_integer(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);

  // The failure of the last call as an Error: what, which file, what to do.
  Error failure() const;
  const std::string& path() const { return path_; }

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_ = nullptr;
  std::string path_;
};

}  // namespace rel
