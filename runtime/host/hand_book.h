// The orders of people on their way: written down, handed to the engine one a lane, and told what
// became of them.
// Input: orders that the control socket has let through, the engine's state. Output: records of the
// journal, words in the runtime's mailbox. Owner: the host.
//
// What may raise exposure is on disk before it is posted; without a journal it is refused. What
// takes exposure away is posted at once, and written down as soon as the journal can.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/host/host_time.h"
#include "runtime/journal/journal.h"
#include "runtime/runtime.h"

namespace rel {

std::string_view hand_refusal_text(HandRefusal refusal);

class HandBook {
 public:
  // Borrows both. Goes on with the orders of an earlier life that had no outcome yet.
  static Result<HandBook> open(Runtime& runtime, HandTable& table, int64_t release);

  // Takes an order, or finds the one with the same key. `command.sequence` is given here. An order
  // that carries an outcome already (refused before it came here, or done by the host) is only
  // written down.
  Result<HandRecord> submit(HandRecord order);
  // The order with this key, when there is one. An error: the journal cannot be read.
  Result<std::optional<HandRecord>> with_key(std::string_view key);
  // The number of an order that the host carries out and writes down itself.
  uint64_t take_number() { return next_++; }
  // Posts what is next, settles what the engine has taken.
  void step(const EngineState& state);
  // The order behind a decision; nothing when the journal does not know it either.
  const HandRecord* find(uint64_t sequence);
  // From the moment a release has a record.
  void begin_release(int64_t release) { release_ = release; }
  // As the journal has it, or as it is about to be written.
  Result<std::optional<HandRecord>> look_up(uint64_t sequence);

 private:
  HandBook(Runtime& runtime, HandTable& table, int64_t release)
      : runtime_(&runtime), table_(&table), release_(release) {}
  void post_next();
  void settle(HandRecord& order, const EngineState& state);
  void write_down();

  struct Line {
    HandRecord order;
    bool written = false;  // with its present outcome
    bool posted = false;
    bool taken = false;    // by the engine
  };

  Runtime* runtime_;
  HandTable* table_;
  int64_t release_ = 0;
  uint64_t next_ = 1;
  std::vector<Line> lines_;   // without an outcome on disk
  HandRecord found_;          // the last one find() read from the journal
};

}  // namespace rel
