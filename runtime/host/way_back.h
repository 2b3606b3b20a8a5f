// What is done after the route went back in memory: the steps of the policy as a saga. Each is
// journaled before it is started and after it ended, tried again with growing pauses until its
// deadline, and resumed after a crash where it stood, with the key of its first try. A step whose
// success is on record never runs again. One that cannot succeed is told to the people the policy
// names and logged as an alert, and stops nothing after it.
// Input: the decisions of the release. Output: entries and action records through `Record`.
// Owner: the host. Nothing here waits: one action at a time is polled.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/host/action_steps.h"
#include "runtime/host/host_time.h"
#include "runtime/host/way_back_plan.h"
#include "runtime/journal/journal.h"

namespace rel {

class WayBack {
 public:
  // The host's side: the decisions so far, and the writing of entries and records together.
  struct Record {
    std::function<Result<std::vector<LoggedDecision>>()> read;
    std::function<Result<std::vector<SeriesPoint>>()> series;
    WriteSteps write;
    std::function<std::vector<uint64_t>()> requests_other;  // by segment; none: not counted
  };

  // `outcomes` are those of an earlier life.
  WayBack(WayBackParts parts, std::vector<ActionRecord> outcomes);

  // Goes on from where it is; the decision that went back is on record. A failing journal is an
  // error, and the next call tries the same again.
  Status advance(const EngineState& state, HostTime now, const Record& record);
  // Every step has an outcome and everything is logged. Escalations and ends of alerts may follow.
  bool finished() const { return finished_; }
  const std::vector<ActionRecord>& outcomes() const { return steps_.outcomes(); }
  // From now on nothing escalates, and what pages and alerts is resolved.
  void acknowledged(const Acknowledgement& by) { acknowledged_ = by; }
  const std::optional<Acknowledgement>& acknowledgement() const { return acknowledged_; }

 private:
  WayBackView view(const EngineState& state, HostTime now) const;
  Status learn_beginning(const Record& record);
  Status start(WayBackStep step, const EngineState& state, HostTime now, const Record& record);
  Status settle_running(const EngineState& state, HostTime now, const Record& record);
  Status finish(const EngineState& state, HostTime now, const Record& record);
  ActionRequest request_of(WayBackStep step, const EngineState& state, HostTime now) const;
  std::string what_failed() const;

  WayBackParts parts_;
  ActionSteps steps_;
  std::optional<Acknowledgement> acknowledged_;
  std::optional<JournalEntry> beginning_;  // the decision that went back
  int64_t began_ns_ = 0;  // ... by a clock that may have been set back since
  bool finished_ = false;
};

}  // namespace rel
