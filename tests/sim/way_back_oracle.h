// What must hold of the steps after a route went back, judged by what was asked of the things they
// act on and by what is on record: begun after its record only, in order, with one key, never after
// its outcome; what fails is told and stops nothing; everything has an outcome in the end.
// Input: calls of the outside, durable decisions, ticks. Output: complaints. Owner: the oracle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/actuators/registry.h"
#include "runtime/journal/journal.h"
#include "tests/sim/violation.h"

namespace rel::sim {

class WayBackOracle {
 public:
  WayBackOracle(const Plan& plan, Violation& violation);

  // -- what the outside sees
  void probed(uint32_t action, bool passed, int64_t now_ns);
  void begun(uint32_t action, const ActionRequest& request, int64_t steady_ns);
  void answered(uint32_t action, ActionProgress progress);
  // A proxy beside the gateway is asked for this share.
  void followed(uint32_t share);
  // ... and has it from now on.
  void proxy_has(uint32_t share) { proxy_share_ = share; }

  // -- what is on record
  void durable(const Decision& decision);
  // No more than this may go to the candidate.
  void permit(uint32_t share) { permitted_share_ = share; }
  // A stage begins that had to wait for the probes.
  void stage_begins(int64_t now_ns);

  // -- time
  void interrupted();  // a sidecar died, the disk failed, the clock jumped
  void restarted() { ++restarts_; }
  // `calm`: the sidecar runs, on a disk that works, with a clock that goes on.
  void after_tick(bool calm, int64_t steady_ns);
  // The host says that everything is done.
  void settled();

 private:
  struct Step {
    std::vector<std::string> keys;  // a key a round
    bool recorded = false;          // a start that nobody has seen begin yet
    bool closed = false;            // the present round has its outcome on record
    bool done = false;              // of the first round
    bool failed = false;            // ... or this
    bool alert_due = false;
    bool interrupted = false;
    ActionProgress answer = ActionProgress::running;
    int64_t first_steady_ns = 0;
    uint32_t tries = 0;     // of the present round
    int restarts_before = 0;
    bool probe_passed = false;
    int64_t probed_ns = 0;

    bool is_final() const { return done || failed; }
  };

  const Action& action_of(uint32_t action) const { return plan_.actions[action]; }
  std::string name_of(uint32_t action) const;
  bool tells(uint32_t action) const;
  bool takes_part(uint32_t action) const;
  void check_first_round(uint32_t action, int64_t steady_ns);
  void check_later_round(uint32_t action, const ActionRequest& request);
  void check_try(uint32_t action, int64_t steady_ns);
  void check_liveness();

  const Plan& plan_;
  Violation& violation_;
  std::vector<Step> steps_;
  bool back_ = false;
  bool withdrawn_ = false;
  bool acknowledged_ = false;
  int64_t back_steady_ns_ = 0;
  int64_t steady_ns_ = 0;
  int64_t answered_steady_ns_ = 0;
  int calm_ = 0;      // ticks in a row since the release went back
  int restarts_ = 0;  // of the sidecar
  int calm_needed_ = 0;
  uint32_t proxy_share_ = 0;
  uint32_t permitted_share_ = 0;
};

}  // namespace rel::sim
