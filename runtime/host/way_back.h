// What is done after the route went back: the actions of the policy in their stated order, then the
// quarantine's entry in the log. One action at a time, polled, never waited for.
// Every start and outcome is journaled first: an action with an outcome never runs again, one that
// was started without an outcome (the host died) runs again.
// Input: the decisions of the release. Output: entries and action records through `Journal`.
// Owner: the host.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/actuators/registry.h"
#include "runtime/base/result.h"
#include "runtime/host/host_time.h"
#include "runtime/journal/journal.h"

namespace rel {

class WayBack {
 public:
  // The host's side: the decisions so far, and the writing of entries and records together.
  struct Record {
    std::function<Result<std::vector<LoggedDecision>>()> read;
    std::function<Status(std::vector<JournalEntry>, std::vector<ActionRecord>)> write;
  };

  // Borrows plan, release and rules. `outcomes` are those of an earlier life.
  WayBack(const Plan& plan, const ReleaseRecord& release, const CommandRules& commands,
          std::string report_folder, std::vector<ActionRecord> outcomes);

  // Goes on from where it is; the decision that went back is on record. A failing journal is an
  // error, and the next call tries the same again.
  Status advance(const EngineState& state, HostTime now, const Record& record);
  // Everything is done and logged.
  bool finished() const { return finished_; }
  const std::vector<ActionRecord>& outcomes() const { return outcomes_; }

 private:
  Status start_next(const EngineState& state, HostTime now, const Record& record);
  Status start(ActionId id, const EngineState& state, HostTime now, const Record& record);
  Status settle_running(const EngineState& state, HostTime now, const Record& record);
  Status log_quarantine(const EngineState& state, HostTime now, const Record& record);
  JournalEntry entry(DecisionKind kind, ActionId action, const EngineState& state, HostTime now,
                     std::string because) const;
  ActionRecord* outcome_of(ActionId action);
  void keep(const ActionRecord& record);

  const Plan& plan_;
  const ReleaseRecord& release_;
  const CommandRules& commands_;
  std::string report_folder_;
  std::vector<ActionRecord> outcomes_;
  std::unique_ptr<RunningAction> running_;
  ActionId running_id_;
  bool finished_ = false;
};

}  // namespace rel
