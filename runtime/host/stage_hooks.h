// What is carried out around stages, and to tell somebody before the release: the hooks of a plan
// as journaled steps that gates wait for.
// Input: the state of the engine, which says what is due but for its gates. Output: entries and
// action records through `WriteSteps`, a reading for each gate of a hook, and what the failure of
// a hook asks of the release. Owner: the host, which carries that out. Nothing here waits.
//
// A hook runs when everything else its raise needs is met, in the order written, and once: its
// success is on record before its gate opens, and what is on record never runs again. A release
// that goes back stops its hooks; undoing them is the way back's.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/host/action_steps.h"
#include "runtime/host/gate_reading.h"

namespace rel {

class StageHooks {
 public:
  // `outcomes` are those of an earlier life.
  StageHooks(WayBackParts parts, std::vector<ActionRecord> outcomes)
      : parts_(parts), steps_(std::move(parts), std::move(outcomes)) {}

  // Goes on from where it is. `passed` are the gates as they were last read. True: a hook has come
  // to an end, its gate is worth reading again.
  Result<bool> advance(const EngineState& state, uint64_t passed, HostTime now,
                       const WriteSteps& write);
  GateReading read(GateId gate) const;

  struct Demand {
    HookFailure what = HookFailure::withdraw;
    std::string why;
    std::string key;  // the same for one failure, also after a crash
  };
  // The first hook that failed for good and whose failure ends the release.
  std::optional<Demand> demand(const EngineState& state) const;
  // Nothing more is to be carried out for a release in this state.
  bool finished(const EngineState& state) const;
  const std::vector<ActionRecord>& outcomes() const { return steps_.outcomes(); }

 private:
  const Hook& hook_of(WayBackStep step) const;
  bool is_open(const Hook& hook) const;
  bool is_wanted(const Hook& hook, const EngineState& state, uint64_t passed) const;
  std::optional<WayBackStep> due(const EngineState& state, uint64_t passed, HostTime now) const;
  Status start(WayBackStep step, const EngineState& state, HostTime now, const WriteSteps& write);
  Result<bool> settle(const EngineState& state, HostTime now, const WriteSteps& write);
  Status fail(const ActionSteps::Ended& ended, const EngineState& state, HostTime now,
              const WriteSteps& write);
  Result<bool> stop_all(HostTime now, const WriteSteps& write);

  WayBackParts parts_;
  ActionSteps steps_;
  std::set<uint32_t> told_;  // actions whose failure people were told of in this life
};

}  // namespace rel
