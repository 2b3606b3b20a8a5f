// Actions of a plan as journaled steps: each is on record before it is started and after it ended,
// and has one key at all its tries, also those after a crash. A step whose success is on record
// never runs again.
// Input: which step is due, and what it is told. Output: entries and action records through
// `Write`. Owner: the way back or the hooks, which say what a failure leads to. One at a time is
// polled; nothing here waits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/actuators/registry.h"
#include "runtime/base/result.h"
#include "runtime/host/host_time.h"
#include "runtime/host/way_back_plan.h"
#include "runtime/journal/journal.h"

namespace rel {

// Borrowed but for the folder.
struct WayBackParts {
  const Plan& plan;
  const ReleaseRecord& release;
  Actuators actuators;
  std::string report_folder;
};

// Writes entries and records together; durable on return.
using WriteSteps =
    std::function<Status(const std::vector<JournalEntry>&, const std::vector<ActionRecord>&)>;

class ActionSteps {
 public:
  // `outcomes` are those of an earlier life.
  ActionSteps(WayBackParts parts, std::vector<ActionRecord> outcomes);

  const std::vector<ActionRecord>& outcomes() const { return outcomes_; }
  const ActionRecord* find(WayBackStep step) const { return find_record(outcomes_, step); }

  // Writes that a try of the step begins; `words` follow its name. The step is on record then, and
  // run() may start it.
  Status begin(WayBackStep step, std::string_view words, const EngineState& state, HostTime now,
               const WriteSteps& write);
  // What every request of the step has: kind, arguments, key and the facts of the plan.
  ActionRequest request_of(WayBackStep step, const EngineState& state, HostTime now) const;
  void run(WayBackStep step, const ActionRequest& request, HostTime now);

  bool is_running() const { return running_ != nullptr; }
  WayBackStep running() const { return running_step_; }
  // An action that has ended, and its record as it would be after it. What is not written by one
  // of the next four is given again at the next call.
  struct Ended {
    ActionRecord record;
    ActionProgress progress = ActionProgress::failed;
  };
  std::optional<Ended> poll(HostTime now) const;
  // Ends what runs, without waiting for it.
  Ended stop(std::string why, HostTime now) const;
  Status succeed(ActionRecord record, const EngineState& state, HostTime now,
                 const WriteSteps& write);
  Status try_again(ActionRecord record, int64_t due_ns, const std::vector<JournalEntry>& entries,
                   const WriteSteps& write);
  Status give_up(ActionRecord record, const std::vector<JournalEntry>& entries,
                 const WriteSteps& write);
  Status skip(WayBackStep step, std::string why, HostTime now, const WriteSteps& write);

  JournalEntry entry(DecisionKind kind, ActionId action, const EngineState& state, HostTime now,
                     std::string because) const;
  // That a step failed, and what it means for people.
  std::vector<JournalEntry> failure(const ActionRecord& record, const EngineState& state,
                                    HostTime now, std::string alert) const;

 private:
  Status put(const ActionRecord& record, const std::vector<JournalEntry>& entries,
             const WriteSteps& write);

  WayBackParts parts_;
  std::vector<ActionRecord> outcomes_;
  std::unique_ptr<RunningAction> running_;
  WayBackStep running_step_;
};

}  // namespace rel
