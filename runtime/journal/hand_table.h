// The orders of people, as the journal keeps them: who, what, why, when, and what came of it.
// Refusals are kept as well: the table is the audit of the control socket.
// Input: records of the host. Output: the same, in their order. Owner: the journal, whose database
// it borrows; every call is a transaction of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/journal/database.h"
#include "runtime/stage/hand.h"

namespace rel {

enum class HandOutcome : uint8_t {
  accepted,  // on its way
  done,
  refused,
};

struct HandRecord {
  // Its sequence counts from 1 within the journal; kind none: the host carries it out itself.
  HandCommand command;
  int64_t release = 0;
  std::string key;       // idempotency: the same key is the same order
  std::string verb;      // `override`
  std::string argument;  // as given: the trigger and the end, the stage
  std::string actor;     // `alice`
  std::string why;
  int64_t time_ns = 0;
  HandOutcome outcome = HandOutcome::accepted;
  std::string detail;  // why it was refused
};

class HandTable {
 public:
  explicit HandTable(Database& database) : database_(database) {}

  // Writes the record, or its new outcome. Durable on return.
  Status put(const HandRecord& record);
  Result<std::optional<HandRecord>> with_sequence(uint64_t sequence);
  Result<std::optional<HandRecord>> with_key(std::string_view key);
  // Orders of a release whose outcome is `accepted`, oldest first.
  Result<std::vector<HandRecord>> open(int64_t release);
  // Approvals and reviews of a release that count, oldest first.
  Result<std::vector<HandRecord>> answers(int64_t release);
  // All of the journal after `sequence`, oldest first, at most `limit`.
  Result<std::vector<HandRecord>> after(uint64_t sequence, size_t limit);
  Result<uint64_t> last_sequence();

 private:
  Result<std::optional<HandRecord>> read_row(Statement& statement);
  Result<std::vector<HandRecord>> read_all(Statement& statement);

  Database& database_;
};

}  // namespace rel
