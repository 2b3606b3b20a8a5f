// The journal: what a release decided, where it stands and what was done about it, on disk.
// SQLite in WAL mode with full synchronisation: when record() has returned without an error, its
// batch survives a crash of the process, of the system and of the power supply.
// Input: batches of the host. Output: the records a restart, `relc history` and reports read.
// Owner: the one host that holds the state directory's lock; readers open it read-only.
//
// A batch is one transaction: decisions, the state after them, the raise they permit and the
// outcome of actions become durable together or not at all. Decisions of the engine carry its
// number, and writing a number again changes nothing, so redelivery after a crash is harmless.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/journal/edit_table.h"
#include "runtime/journal/hand_table.h"
#include "runtime/journal/probe_table.h"
#include "runtime/plan/plan.h"
#include "runtime/plot/series.h"
#include "runtime/stage/decision.h"
#include "runtime/stage/engine.h"

namespace rel {

// One run of one plan. `candidate` is the identity that quarantine knows.
struct ReleaseRecord {
  int64_t id = 0;
  std::string name;
  std::string model;
  std::string candidate;
  uint64_t plan_hash = 0;
  int64_t begun_ns = 0;
  int64_t superseded_ns = 0;  // 0: still the one of its name
  std::string plan;           // save_plan: what is needed to show its decisions again
};

// A decision as it is logged. Decision::id 0: made by the host (an action, a quarantine).
struct JournalEntry {
  Decision decision;
  std::string because;  // replaces the sentence made from the decision; empty: nothing to add
  std::string frame;    // json of all aggregates at that moment, for reports; may be empty
  uint64_t raise = 0;   // the raise it announces; 0: none
  std::string actor;    // the person who ordered it; empty: nobody did
};

struct LoggedDecision {
  int64_t sequence = 0;  // 1, 2, 3 ... within the release
  JournalEntry entry;
};

enum class ActionStatus : uint8_t {
  started,  // being done; after a crash: its outcome is not known
  done,
  failed,   // for good
  waiting,  // a try failed, the next is due at `due_ns`
  skipped,  // not needed any more
};

// What one action of the plan is done for; each is a step of its own.
enum class ActionRound : uint8_t {
  first,
  again,  // tells that steps failed, or writes the report anew with all that came after it
  over,   // resolves a page or an alert once somebody has acknowledged it
};

struct ActionRecord {
  ActionId action;
  ActionRound round = ActionRound::first;
  ActionStatus status = ActionStatus::started;
  uint32_t attempts = 0;
  int64_t first_ns = 0;  // start of the first try: the deadline counts from here
  int64_t time_ns = 0;   // of this status
  int64_t due_ns = 0;    // of the next try, while waiting
  std::string detail;

  bool is_final() const {
    return status == ActionStatus::done || status == ActionStatus::failed ||
           status == ActionStatus::skipped;
  }
};

// Somebody took notice of a way back. One a release and epoch; the first stands.
struct Acknowledgement {
  uint64_t epoch = 0;
  int64_t time_ns = 0;
  std::string who;
  std::string why;
};

struct QuarantineRecord {
  std::string candidate;
  std::string release;
  int64_t since_ns = 0;
};

struct CooldownRecord {
  std::string model;
  std::string release;
  int64_t until_ns = 0;
};

// A raise is permitted once it is on disk. The engine may still take it back before it acts on the
// permission (a hold or a rollback came between); then its decisions never happened.
enum class RaiseOutcome : uint8_t { permitted, took_effect, taken_back };

struct RaiseRecord {
  Raise raise;
  RaiseOutcome outcome = RaiseOutcome::permitted;
};

// Where a release stands according to the disk.
struct JournaledState {
  EngineState state;
  uint64_t last_decision_id = 0;  // of the engine; 0: none
  std::optional<RaiseRecord> raise;  // the latest that is durable
  std::vector<uint64_t> evidence;    // Runtime::evidence_checkpoint at that state
};

// What becomes durable together. Borrowed for the call.
struct JournalBatch {
  std::span<const JournalEntry> entries;
  const EngineState* state = nullptr;
  std::span<const uint64_t> evidence;  // beside the state; empty: what is there stays
  std::span<const RaiseRecord> raises;
  std::span<const ActionRecord> actions;
  const QuarantineRecord* quarantine = nullptr;
  const CooldownRecord* cooldown = nullptr;
  std::span<const ProbeRecord> probes;
  const HandRecord* order = nullptr;  // that the host itself carries out
  const EditRecord* edit = nullptr;  // the plan of the call takes the place of the former one
  std::string_view cleared;  // this candidate is no longer quarantined; empty: nobody
  const Acknowledgement* acknowledgement = nullptr;
  const SeriesPoint* sample = nullptr;
  bool thin_series = false;  // after the sample: drop every second one
};

// The way back was tried without doing it: every probe, or the first that failed.
struct RehearsalRecord {
  int64_t time_ns = 0;
  bool passed = false;
  std::string who;     // empty: the host itself, before a stage
  std::string detail;  // a line a step
};

enum class JournalMode : uint8_t {
  own,
  read_only,
  salvage,  // read-only, and a damaged file is opened as well
};

struct JournalOptions {
  std::string path;
  std::string vfs;  // empty: the platform's
  JournalMode mode = JournalMode::own;
};

class Journal {
 public:
  // Creates the file if there is none (mode `own`). Refuses a file that is not a journal, is
  // damaged, or was written with another layout; each error says what to do.
  static Result<std::unique_ptr<Journal>> open(const JournalOptions& options);
  ~Journal();

  // -- releases
  Result<std::optional<ReleaseRecord>> find_release(std::string_view name, uint64_t plan_hash);
  Result<std::vector<ReleaseRecord>> releases();  // oldest first, with their plans
  // Writes the record of a new run and supersedes what has the same name. Durable on return.
  Result<ReleaseRecord> begin_release(const Plan& plan, int64_t now_ns);

  // -- writing
  Status record(int64_t release, const Plan& plan, const JournalBatch& batch);

  // -- reading; a row whose checksum does not fit is an error, never skipped
  Result<std::optional<JournaledState>> state(int64_t release, const Plan& plan);
  // Decisions after `sequence`, oldest first, at most `limit`. Those of a raise that was taken back
  // are left out.
  Result<std::vector<LoggedDecision>> decisions(int64_t release, int64_t after, size_t limit);
  Result<int64_t> last_decision(int64_t release);  // its sequence; 0: none
  Result<std::vector<ActionRecord>> actions(int64_t release);
  Result<std::optional<Acknowledgement>> acknowledged(int64_t release, uint64_t epoch);
  // Edits that were taken up, oldest first.
  Result<std::vector<EditRecord>> edits(int64_t release);
  // Samples of the release, oldest first.
  Result<std::vector<SeriesPoint>> series(int64_t release, const Plan& plan);
  // The latest rehearsal of any release of the model.
  Result<std::optional<RehearsalRecord>> last_rehearsal(std::string_view model);
  Status add_rehearsal(int64_t release, std::string_view model, const RehearsalRecord& record);
  Result<std::optional<QuarantineRecord>> quarantined(std::string_view candidate);
  Result<std::optional<CooldownRecord>> cooldown(std::string_view model);

  // What people ordered.
  HandTable& hands();
  // What the points of the checklist answered.
  ProbeTable& probes();

 private:
  Journal();
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The identity of a plan's candidate: its digest, or its reference when that is all there is.
std::string_view candidate_identity(const Plan& plan);

}  // namespace rel
