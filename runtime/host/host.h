// The host of a release: keeps the journal of what the gateway decides, permits what raises
// exposure once it is on disk, does what the policy says after the way back, and tells how things
// stand.
// Input: a Runtime (in a gateway's mapping or of this process), a journal, the time. Output:
// journal records, permissions, actions, status. Owner: `relc run`, which calls step() every few
// milliseconds. Nothing here waits for anything but the journal's disk.
//
// A journal that fails never stops a rollback: the gateway has it in memory, and its decisions stay
// in the ring until the disk comes back. It stops every increase.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/actuators/registry.h"
#include "runtime/base/result.h"
#include "runtime/host/authority.h"
#include "runtime/host/checklist.h"
#include "runtime/host/hand_book.h"
#include "runtime/host/host_time.h"
#include "runtime/host/recovery.h"
#include "runtime/host/plan_history.h"
#include "runtime/host/rehearsal.h"
#include "runtime/host/route_follower.h"
#include "runtime/host/stage_hooks.h"
#include "runtime/host/tick_log.h"
#include "runtime/host/way_back.h"
#include "runtime/host/world_probes.h"
#include "runtime/journal/journal.h"
#include "runtime/runtime.h"

namespace rel {

// Whether a stage waits until the way back has been probed.
enum class ProbeWayBack : uint8_t { on_demand, before_stages };

struct HostSettings {
  std::string state_dir;  // empty: ticks are not recorded (nothing but the journal is written)
  ActuatorRules actuators;
  HttpClient* http = nullptr;    // null: actions over HTTP are refused; borrowed
  ActionWorld* world = nullptr;  // null: actions act on the real one; borrowed
  ProbeWayBack probes = ProbeWayBack::on_demand;
  ControlRules control;
  ReadModelCard read_card;    // empty: no model card can be read
  std::string policy_folder;  // what paths of the policy are relative to
  // Called with every decision once it is durable.
  std::function<void(const JournalEntry&)> logged;
};

class Host {
 public:
  // Recovers: puts runtime and journal into agreement, or begins the release. Borrows runtime and
  // journal. An error means that the journal cannot be used.
  static Result<std::unique_ptr<Host>> open(Runtime& runtime, Journal& journal,
                                            HostSettings settings, HostTime now);

  // One pass: heartbeat, decisions to the journal, permission of a raise, the way back.
  void step(HostTime now);

  // -- hands
  HandBook& hands() { return *hands_; }
  // Clears the candidate's quarantine, in the name of who ordered it; a release that it kept from
  // starting starts. Gives the order its number; durable on return, as everything of it.
  Status unquarantine(HandRecord& order, int64_t now_ns);
  // An approval or a review: it counts from now on. The numbers of the stage are kept with it.
  Status answer_gate(HandRecord& order, DecisionKind kind, int64_t now_ns);
  const Checklist& checklist() const { return *checklist_; }

  // -- looking
  const Plan& plan() const { return runtime_.plan(); }
  Runtime& runtime() { return runtime_; }
  const ReleaseRecord& release() const { return release_; }
  // The plans it has run under; the last is plan().
  const PlanHistory& plans() const { return *plans_; }
  EngineState state() const { return runtime_.engine_state(); }
  // Why the release does not start, with the remedy; empty when nothing is in its way.
  const std::string& blocked() const { return blocked_; }
  // The last failure of the journal; empty while it works.
  const std::string& journal_error() const { return journal_error_; }
  // What recovery had to do; empty when both memories agreed.
  const std::string& recovery_note() const { return recovery_note_; }
  Journal& journal() { return journal_; }
  const ControlRules& control_rules() const { return settings_.control; }
  const std::vector<ActionRecord>& actions() const { return way_back_->outcomes(); }
  const std::string& report_folder() const { return report_folder_; }
  // Proxies beside the gateway, and the share each has.
  std::vector<RouteFollower::Proxy> proxies() const { return follower_->proxies(); }

  // -- hands
  // Somebody has taken notice of the way back: nothing escalates any more, pages and alerts are
  // resolved. Durable on return; an error says why not. The first acknowledgement stands.
  Status acknowledge(const std::string& who, const std::string& why, HostTime now);
  // Probes the way back now; last_rehearsal() has the outcome once is_rehearsing() ends.
  void rehearse(const std::string& who, HostTime now) { rehearsal_->begin(who, now); }
  bool is_rehearsing() const { return rehearsal_->is_running(); }
  const std::optional<RehearsalRecord>& last_rehearsal() const { return rehearsed_; }
  const std::optional<Acknowledgement>& acknowledgement() const {
    return way_back_->acknowledgement();
  }

  // -- the end
  // The release has come to an end and everything after it is done and durable.
  bool settled() const { return settled_; }

 private:
  Host(Runtime& runtime, Journal& journal, HostSettings settings);
  Status recover(HostTime now);
  Status check_may_start(HostTime now);
  Status begin_release(int64_t now_ns);
  void prepare_way_back(std::vector<ActionRecord> actions);
  Status resume_way_back(uint64_t epoch);
  bool waits_for_restore(const EngineState& state);
  struct Pass;
  bool read_ring(Pass& pass);
  void sort_decisions(Pass& pass, HostTime now);
  void name_hand(JournalEntry& entry);
  Status carry_out(HandRecord& order, JournalEntry& entry, std::string_view cleared);
  void keep_ticks(HostTime now);
  void read_checklist(HostTime now);
  void keep_gates_open(Pass& pass, HostTime now);
  void settle_last_raise(Pass& pass);
  void keep_journal(HostTime now);
  bool snapshot_is_due(const Pass& pass) const;
  SeriesPoint take_sample(const EngineState& state, HostTime now) const;
  // With what a failed candidate leads to.
  Status write(JournalBatch batch);
  void journal_failed(const Pass& pass, std::string why);
  void go_back(HostTime now);
  void carry_out_hooks(HostTime now);
  void end_after_hook(const EngineState& state, HostTime now);
  WriteSteps step_writer();
  bool way_back_is_ready(const Pass& pass, HostTime now);
  void take_rehearsal(HostTime now);

  Runtime& runtime_;
  Journal& journal_;
  HostSettings settings_;
  ReleaseRecord release_;
  std::optional<PlanHistory> plans_;
  std::string report_folder_;
  std::string blocked_;
  std::string journal_error_;
  std::string recovery_note_;
  std::unique_ptr<WayBack> way_back_;
  std::unique_ptr<StageHooks> hooks_;
  bool hook_ends_release_ = false;  // ordered
  std::optional<HandBook> hands_;
  std::unique_ptr<RouteFollower> follower_;
  std::unique_ptr<WorldProbes> world_;
  std::unique_ptr<Rehearsal> rehearsal_;
  std::optional<RehearsalRecord> rehearsed_;  // the latest
  bool told_not_ready_ = false;
  std::optional<TickLog> tick_log_;
  std::string recorded_;                  // ticks on their way to their log
  int64_t next_record_ns_ = 0;            // steady clock
  std::optional<Checklist> checklist_;
  int64_t next_reading_ns_ = 0;           // steady clock
  std::optional<EngineState> restoring_;  // handed to the runtime, not yet in force
  std::optional<RaiseRecord> raise_;      // the latest in the journal
  std::optional<SeriesPace> pace_;        // of the samples
  uint64_t last_journaled_ = 0;           // decision of the engine
  uint64_t last_seen_ = 0;                // ... that was taken from the ring, journaled or void
  Phase journaled_phase_ = Phase::idle;
  int64_t last_snapshot_ns_ = 0;          // steady clock
  int64_t retry_at_ns_ = 0;               // steady clock, after a failure of the journal
  int torn_passes_ = 0;                   // ring and state did not agree so often in a row
  bool settled_ = false;
};

}  // namespace rel
