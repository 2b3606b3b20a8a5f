#include "runtime/journal/journal.h"

#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "runtime/base/check.h"
#include "runtime/journal/database.h"
#include "runtime/journal/record.h"
#include "runtime/journal/release_rows.h"
#include "runtime/journal/schema.h"
#include "runtime/journal/way_back_rows.h"

namespace rel {
namespace {

int64_t decision_checksum(int64_t release, int64_t sequence, std::string_view bytes,
                          const JournalEntry& entry) {
  return RowChecksum()
      .add(release)
      .add(sequence)
      .add(bytes)
      .add(entry.because)
      .add(entry.frame)
      .add(static_cast<int64_t>(entry.raise))
      .add(entry.actor)
      .value();
}

int64_t raise_checksum(int64_t release, const RaiseRecord& record) {
  const Raise& raise = record.raise;
  return RowChecksum()
      .add(release)
      .add(static_cast<int64_t>(raise.id))
      .add(static_cast<int64_t>(raise.kind))
      .add(raise.stage.value)
      .add(raise.step)
      .add(static_cast<int64_t>(record.outcome))
      .value();
}

int64_t action_checksum(int64_t release, const ActionRecord& record) {
  return RowChecksum()
      .add(release)
      .add(record.action.value)
      .add(static_cast<int64_t>(record.round))
      .add(static_cast<int64_t>(record.status))
      .add(record.attempts)
      .add(record.first_ns)
      .add(record.time_ns)
      .add(record.due_ns)
      .add(record.detail)
      .value();
}

void bind_number_or_null(Statement& statement, int parameter, uint64_t number) {
  if (number == 0) {
    statement.bind_null(parameter);
  } else {
    statement.bind(parameter, static_cast<int64_t>(number));
  }
}

// A transaction that is undone unless it was committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database) {
    if (Status s = database.execute("BEGIN IMMEDIATE"); !s) return s.error();
    return Transaction(&database);
  }
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    // A failed commit may have rolled back by itself; then this has nothing left to do.
    if (database_ != nullptr) (void)database_->execute("ROLLBACK");
  }

  Status commit() {
    Status s = database_->execute("COMMIT");
    if (s) database_ = nullptr;
    return s;
  }

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace

struct Journal::Parts {
  std::unique_ptr<Database> database;
  std::optional<HandTable> hands;
  std::optional<ProbeTable> probes;
  // What each tick of a busy host uses, prepared once.
  Statement insert_decision;
  Statement find_decision;
  Statement last_sequence;
  Statement put_state;
  Statement put_evidence;
  Statement put_raise;
  Statement put_action;

  Status prepare();
  Status add_entry(int64_t release, const JournalEntry& entry);
  Result<bool> already_logged(int64_t release, const Decision& decision);
  Status add_state(int64_t release, const Plan& plan, const EngineState& state);
  Status add_evidence(int64_t release, std::span<const uint64_t> words);
  Result<std::vector<uint64_t>> evidence(int64_t release);
  Status add_raise(int64_t release, const RaiseRecord& record);
  Status add_action(int64_t release, const ActionRecord& action);
  Status add_quarantine(const QuarantineRecord& record);
  Status clear_quarantine(std::string_view candidate);
  Status add_cooldown(const CooldownRecord& record);
  Result<std::optional<RaiseRecord>> last_raise(int64_t release);
};

Journal::Journal() : parts_(std::make_unique<Parts>()) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(const JournalOptions& options) {
  const DatabaseMode mode = options.mode == JournalMode::own         ? DatabaseMode::create
                            : options.mode == JournalMode::read_only ? DatabaseMode::read_only
                                                                     : DatabaseMode::salvage;
  Result<std::unique_ptr<Database>> database = Database::open(options.path, options.vfs, mode);
  if (!database) return database.error();
  if (Status s = prepare_schema(**database, mode); !s) return s.error();
  std::unique_ptr<Journal> journal(new Journal());
  journal->parts_->database = std::move(*database);
  journal->parts_->hands.emplace(*journal->parts_->database);
  journal->parts_->probes.emplace(*journal->parts_->database);
  if (Status s = journal->parts_->prepare(); !s) return s.error();
  return journal;
}

Status Journal::Parts::prepare() {
  const std::pair<Statement*, std::string_view> statements[] = {
      {&insert_decision, "INSERT INTO decisions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&find_decision, "SELECT decision FROM decisions WHERE release=? AND engine_id=?"},
      {&last_sequence, "SELECT coalesce(max(sequence), 0) FROM decisions WHERE release=?"},
      {&put_state, "INSERT OR REPLACE INTO states VALUES(?, ?, ?)"},
      {&put_evidence, "INSERT OR REPLACE INTO evidence VALUES(?, ?, ?)"},
      {&put_raise, "INSERT OR REPLACE INTO raises VALUES(?, ?, ?, ?, ?, ?, ?)"},
      {&put_action, "INSERT OR REPLACE INTO actions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
  };
  for (const auto& [statement, sql] : statements) {
    Result<Statement> prepared = database->prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return ok();
}

// -- releases

Result<std::optional<ReleaseRecord>> Journal::find_release(std::string_view name,
                                                           uint64_t plan_hash) {
  Result<Statement> find = parts_->database->prepare(
      fmt::format("{} WHERE name=? AND plan_hash=? AND superseded_ns=0 ORDER BY id DESC LIMIT 1",
                  release_columns));
  if (!find) return find.error();
  find->bind_text(1, name).bind(2, static_cast<int64_t>(plan_hash));
  return read_release(*parts_->database, *find);
}

Result<std::vector<ReleaseRecord>> Journal::releases() {
  Result<Statement> all =
      parts_->database->prepare(fmt::format("{} ORDER BY id", release_columns));
  if (!all) return all.error();
  return rows_of<ReleaseRecord>([&] { return read_release(*parts_->database, *all); });
}

Result<ReleaseRecord> Journal::begin_release(const Plan& plan, int64_t now_ns) {
  Database& database = *parts_->database;
  ReleaseRecord r;
  r.name = plan.release;
  r.model = plan.model;
  r.candidate = candidate_identity(plan);
  r.plan_hash = plan_hash(plan);
  r.begun_ns = now_ns;
  r.plan = save_plan(plan);

  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  Result<Statement> supersede = database.prepare(
      "UPDATE releases SET superseded_ns=? WHERE name=? AND superseded_ns=0");
  if (!supersede) return supersede.error();
  if (Status s = supersede->bind(1, now_ns).bind_text(2, r.name).run(); !s) return s.error();
  Result<Statement> insert = database.prepare(
      "INSERT INTO releases VALUES(NULL, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING id");
  if (!insert) return insert.error();
  insert->bind_text(1, r.name).bind_text(2, r.model).bind_text(3, r.candidate);
  insert->bind(4, static_cast<int64_t>(r.plan_hash)).bind(5, r.begun_ns);
  insert->bind_blob(6, r.plan).bind(7, release_checksum(r));
  Result<bool> row = insert->step();
  if (!row) return row.error();
  REL_CHECK(*row);
  r.id = insert->integer(0);
  insert->reset();
  if (Status s = transaction->commit(); !s) return s.error();
  return r;
}

// -- writing

Status Journal::record(int64_t release, const Plan& plan, const JournalBatch& batch) {
  Result<Transaction> transaction = Transaction::begin(*parts_->database);
  if (!transaction) return transaction.error();
  if (batch.edit != nullptr) {
    if (Status s = pin_release(*parts_->database, release, plan, *batch.edit); !s) return s;
  }
  for (const JournalEntry& entry : batch.entries) {
    if (Status s = parts_->add_entry(release, entry); !s) return s;
  }
  if (batch.state != nullptr) {
    if (Status s = parts_->add_state(release, plan, *batch.state); !s) return s;
  }
  if (!batch.evidence.empty()) {
    if (Status s = parts_->add_evidence(release, batch.evidence); !s) return s;
  }
  for (const RaiseRecord& raise : batch.raises) {
    if (Status s = parts_->add_raise(release, raise); !s) return s;
  }
  for (const ActionRecord& action : batch.actions) {
    if (Status s = parts_->add_action(release, action); !s) return s;
  }
  if (batch.acknowledgement != nullptr) {
    if (Status s = put_acknowledgement(*parts_->database, release, *batch.acknowledgement); !s) {
      return s;
    }
  }
  if (batch.quarantine != nullptr) {
    if (Status s = parts_->add_quarantine(*batch.quarantine); !s) return s;
  }
  if (batch.cooldown != nullptr) {
    if (Status s = parts_->add_cooldown(*batch.cooldown); !s) return s;
  }
  for (const ProbeRecord& probe : batch.probes) {
    if (Status s = parts_->probes->put(probe); !s) return s;
  }
  if (batch.order != nullptr) {
    if (Status s = parts_->hands->put(*batch.order); !s) return s;
  }
  if (!batch.cleared.empty()) {
    if (Status s = parts_->clear_quarantine(batch.cleared); !s) return s;
  }
  if (batch.sample != nullptr) {
    const auto thin = batch.thin_series ? SeriesThinning::halve : SeriesThinning::none;
    if (Status s = put_sample(*parts_->database, release, *batch.sample, thin); !s) return s;
  }
  return transaction->commit();
}

// A number that is there already must name the same decision: two different ones would mean that
// the engine went on from a state older than its journal.
Result<bool> Journal::Parts::already_logged(int64_t release, const Decision& decision) {
  find_decision.bind(1, release).bind(2, static_cast<int64_t>(decision.id));
  Result<bool> row = find_decision.step();
  if (!row) return row.error();
  if (!*row) return false;
  Result<Decision> known = decode_decision(find_decision.blob(0));
  find_decision.reset();
  if (!known) return damaged(*database, known.error().message);
  if (known->kind != decision.kind || known->time_ns != decision.time_ns) {
    return Error{fmt::format("{}: decision {} is in the journal with another content; the mapping "
                             "of the gateway is older than the journal, restart the sidecar",
                             database->path(), decision.id)};
  }
  return true;
}

Status Journal::Parts::add_entry(int64_t release, const JournalEntry& entry) {
  const Decision& decision = entry.decision;
  if (decision.id != 0) {
    Result<bool> known = already_logged(release, decision);
    if (!known) return known.error();
    if (*known) return ok();
  }
  Result<bool> row = last_sequence.bind(1, release).step();
  if (!row) return row.error();
  REL_CHECK(*row);
  const int64_t sequence = last_sequence.integer(0) + 1;
  last_sequence.reset();
  const std::string bytes = encode_decision(decision);
  insert_decision.bind(1, release).bind(2, sequence);
  bind_number_or_null(insert_decision, 3, decision.id);
  bind_number_or_null(insert_decision, 4, entry.raise);
  insert_decision.bind_blob(5, bytes).bind_text(6, entry.because).bind_text(7, entry.frame);
  insert_decision.bind_text(8, entry.actor);
  insert_decision.bind(9, decision_checksum(release, sequence, bytes, entry));
  return insert_decision.run();
}

Status Journal::Parts::add_state(int64_t release, const Plan& plan, const EngineState& state) {
  const std::string bytes = encode_state(plan, state);
  put_state.bind(1, release).bind_blob(2, bytes);
  put_state.bind(3, RowChecksum().add(release).add(bytes).value());
  return put_state.run();
}

Status Journal::Parts::add_evidence(int64_t release, std::span<const uint64_t> words) {
  const std::string_view bytes(reinterpret_cast<const char*>(words.data()), words.size_bytes());
  put_evidence.bind(1, release).bind_blob(2, bytes);
  put_evidence.bind(3, RowChecksum().add(release).add(bytes).value());
  return put_evidence.run();
}

Status Journal::Parts::add_raise(int64_t release, const RaiseRecord& record) {
  const Raise& raise = record.raise;
  put_raise.bind(1, release).bind(2, static_cast<int64_t>(raise.id));
  put_raise.bind(3, static_cast<int64_t>(raise.kind)).bind(4, raise.stage.value);
  put_raise.bind(5, raise.step).bind(6, static_cast<int64_t>(record.outcome));
  put_raise.bind(7, raise_checksum(release, record));
  return put_raise.run();
}

Status Journal::Parts::add_action(int64_t release, const ActionRecord& action) {
  put_action.bind(1, release).bind(2, action.action.value);
  put_action.bind(3, static_cast<int64_t>(action.round));
  put_action.bind(4, static_cast<int64_t>(action.status)).bind(5, action.attempts);
  put_action.bind(6, action.first_ns).bind(7, action.time_ns).bind(8, action.due_ns);
  put_action.bind_text(9, action.detail).bind(10, action_checksum(release, action));
  return put_action.run();
}

Status Journal::Parts::add_quarantine(const QuarantineRecord& record) {
  Result<Statement> put = database->prepare("INSERT OR IGNORE INTO quarantine VALUES(?, ?, ?)");
  if (!put) return put.error();
  put->bind_text(1, record.candidate).bind_text(2, record.release).bind(3, record.since_ns);
  return put->run();
}

Status Journal::Parts::clear_quarantine(std::string_view candidate) {
  Result<Statement> clear = database->prepare("DELETE FROM quarantine WHERE candidate=?");
  if (!clear) return clear.error();
  return clear->bind_text(1, candidate).run();
}

Status Journal::Parts::add_cooldown(const CooldownRecord& record) {
  // A later rollback of the same model never shortens a cooldown that runs.
  Result<Statement> put = database->prepare(
      "INSERT INTO cooldowns VALUES(?, ?, ?) ON CONFLICT(model) DO UPDATE SET "
      "release=excluded.release, until_ns=excluded.until_ns "
      "WHERE excluded.until_ns > cooldowns.until_ns");
  if (!put) return put.error();
  put->bind_text(1, record.model).bind_text(2, record.release).bind(3, record.until_ns);
  return put->run();
}

// -- reading

Result<std::optional<RaiseRecord>> Journal::Parts::last_raise(int64_t release) {
  Result<Statement> find = database->prepare(
      "SELECT raise_id, kind, stage, step, outcome, checksum FROM raises WHERE release=? "
      "ORDER BY raise_id DESC LIMIT 1");
  if (!find) return find.error();
  Result<bool> row = find->bind(1, release).step();
  if (!row) return row.error();
  if (!*row) return std::optional<RaiseRecord>();
  RaiseRecord record;
  record.raise.id = static_cast<uint64_t>(find->integer(0));
  record.raise.kind = static_cast<RaiseKind>(find->integer(1));
  record.raise.stage = StageId{static_cast<uint32_t>(find->integer(2))};
  record.raise.step = static_cast<uint32_t>(find->integer(3));
  record.outcome = static_cast<RaiseOutcome>(find->integer(4));
  if (find->integer(5) != raise_checksum(release, record)) {
    return damaged(*database, fmt::format("the record of raise {} was changed", record.raise.id));
  }
  return std::optional(record);
}

Result<std::vector<uint64_t>> Journal::Parts::evidence(int64_t release) {
  Result<Statement> find =
      database->prepare("SELECT words, checksum FROM evidence WHERE release=?");
  if (!find) return find.error();
  Result<bool> row = find->bind(1, release).step();
  if (!row) return row.error();
  std::vector<uint64_t> words;
  if (!*row) return words;
  const std::string_view bytes = find->blob(0);
  const bool sound = bytes.size() % sizeof(uint64_t) == 0 &&
                     find->integer(1) == RowChecksum().add(release).add(bytes).value();
  if (!sound) return damaged(*database, "the evidence of the release was changed");
  words.resize(bytes.size() / sizeof(uint64_t));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

Result<std::optional<JournaledState>> Journal::state(int64_t release, const Plan& plan) {
  Database& database = *parts_->database;
  Result<Statement> find =
      database.prepare("SELECT state, checksum FROM states WHERE release=?");
  if (!find) return find.error();
  Result<bool> row = find->bind(1, release).step();
  if (!row) return row.error();
  if (!*row) return std::optional<JournaledState>();
  const std::string_view bytes = find->blob(0);
  if (find->integer(1) != RowChecksum().add(release).add(bytes).value()) {
    return damaged(database, "the state of the release was changed");
  }
  Result<EngineState> state = decode_state(plan, bytes);
  if (!state) return damaged(database, state.error().message);
  JournaledState journaled;
  journaled.state = *state;

  Result<std::optional<RaiseRecord>> raise = parts_->last_raise(release);
  if (!raise) return raise.error();
  journaled.raise = *raise;
  Result<std::vector<uint64_t>> evidence = parts_->evidence(release);
  if (!evidence) return evidence.error();
  journaled.evidence = std::move(*evidence);
  Result<Statement> last = database.prepare(
      "SELECT coalesce(max(engine_id), 0) FROM decisions WHERE release=?");
  if (!last) return last.error();
  row = last->bind(1, release).step();
  if (!row) return row.error();
  journaled.last_decision_id = static_cast<uint64_t>(last->integer(0));
  return std::optional(journaled);
}

Result<std::vector<LoggedDecision>> Journal::decisions(int64_t release, int64_t after,
                                                       size_t limit) {
  Database& database = *parts_->database;
  Result<Statement> read = database.prepare(
      "SELECT sequence, decision, because, frame, raise_id, checksum, actor FROM decisions AS d "
      "WHERE release=? AND sequence>? AND NOT EXISTS (SELECT 1 FROM raises AS r WHERE "
      "r.release=d.release AND r.raise_id=d.raise_id AND r.outcome=?) ORDER BY sequence LIMIT ?");
  if (!read) return read.error();
  read->bind(1, release).bind(2, after);
  read->bind(3, static_cast<int64_t>(RaiseOutcome::taken_back));
  read->bind(4, static_cast<int64_t>(limit));
  std::vector<LoggedDecision> logged;
  while (true) {
    Result<bool> row = read->step();
    if (!row) return row.error();
    if (!*row) return logged;
    LoggedDecision one;
    one.sequence = read->integer(0);
    one.entry.because = read->text(2);
    one.entry.frame = read->text(3);
    one.entry.raise = static_cast<uint64_t>(read->integer(4));
    one.entry.actor = read->text(6);
    const std::string_view bytes = read->blob(1);
    Result<Decision> decision = decode_decision(bytes);
    if (!decision ||
        read->integer(5) != decision_checksum(release, one.sequence, bytes, one.entry)) {
      return damaged(database, fmt::format("decision {} was changed", one.sequence));
    }
    one.entry.decision = *decision;
    logged.push_back(std::move(one));
  }
}

Result<int64_t> Journal::last_decision(int64_t release) {
  Result<Statement> find = parts_->database->prepare(
      "SELECT coalesce(max(sequence), 0) FROM decisions WHERE release=?");
  if (!find) return find.error();
  Result<bool> row = find->bind(1, release).step();
  if (!row) return row.error();
  return find->integer(0);
}

Result<std::vector<ActionRecord>> Journal::actions(int64_t release) {
  Result<Statement> read = parts_->database->prepare(
      "SELECT action, round, status, attempts, first_ns, time_ns, due_ns, detail, checksum "
      "FROM actions WHERE release=? ORDER BY round, action");
  if (!read) return read.error();
  read->bind(1, release);
  std::vector<ActionRecord> records;
  while (true) {
    Result<bool> row = read->step();
    if (!row) return row.error();
    if (!*row) return records;
    ActionRecord record;
    record.action = ActionId{static_cast<uint32_t>(read->integer(0))};
    record.round = static_cast<ActionRound>(read->integer(1));
    record.status = static_cast<ActionStatus>(read->integer(2));
    record.attempts = static_cast<uint32_t>(read->integer(3));
    record.first_ns = read->integer(4);
    record.time_ns = read->integer(5);
    record.due_ns = read->integer(6);
    record.detail = read->text(7);
    if (read->integer(8) != action_checksum(release, record) ||
        record.round > ActionRound::over || record.status > ActionStatus::skipped) {
      return damaged(*parts_->database,
                     fmt::format("the record of action {} was changed", record.action.value));
    }
    records.push_back(std::move(record));
  }
}

Result<std::optional<Acknowledgement>> Journal::acknowledged(int64_t release, uint64_t epoch) {
  return find_acknowledgement(*parts_->database, release, epoch);
}
Result<std::vector<EditRecord>> Journal::edits(int64_t release) {
  return read_edits(*parts_->database, release);
}
Result<std::vector<SeriesPoint>> Journal::series(int64_t release, const Plan& plan) {
  return read_series(*parts_->database, release, plan);
}
Result<std::optional<RehearsalRecord>> Journal::last_rehearsal(std::string_view model) {
  return find_rehearsal(*parts_->database, model);
}
Status Journal::add_rehearsal(int64_t release, std::string_view model,
                              const RehearsalRecord& record) {
  return put_rehearsal(*parts_->database, release, model, record);
}

Result<std::optional<QuarantineRecord>> Journal::quarantined(std::string_view candidate) {
  Result<Statement> find = parts_->database->prepare(
      "SELECT release, since_ns FROM quarantine WHERE candidate=?");
  if (!find) return find.error();
  Result<bool> row = find->bind_text(1, candidate).step();
  if (!row) return row.error();
  if (!*row) return std::optional<QuarantineRecord>();
  return std::optional(QuarantineRecord{.candidate = std::string(candidate),
                                        .release = std::string(find->text(0)),
                                        .since_ns = find->integer(1)});
}

Result<std::optional<CooldownRecord>> Journal::cooldown(std::string_view model) {
  Result<Statement> find = parts_->database->prepare(
      "SELECT release, until_ns FROM cooldowns WHERE model=?");
  if (!find) return find.error();
  Result<bool> row = find->bind_text(1, model).step();
  if (!row) return row.error();
  if (!*row) return std::optional<CooldownRecord>();
  return std::optional(CooldownRecord{.model = std::string(model),
                                      .release = std::string(find->text(0)),
                                      .until_ns = find->integer(1)});
}

HandTable& Journal::hands() { return *parts_->hands; }
ProbeTable& Journal::probes() { return *parts_->probes; }

std::string_view candidate_identity(const Plan& plan) {
  const std::string_view digest = plan.text(plan.candidate.digest);
  return digest.empty() ? plan.text(plan.candidate.text) : digest;
}

}  // namespace rel
