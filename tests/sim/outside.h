// The things that a way back acts on, as a simulation has them: they work, are slow, refuse, do
// half of it, answer too late, or lie.
// Input: requests of the host. Output: answers in virtual time; what was asked, to the oracle.
// Owner: a member of the world; what is done to them outlives hosts and power cuts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "runtime/actuators/registry.h"
#include "tests/sim/scenario.h"
#include "tests/sim/way_back_oracle.h"

namespace rel::sim {

class Outside : public ActionWorld {
 public:
  Outside(const Plan& plan, const Scenario& scenario, WayBackOracle& oracle);

  std::unique_ptr<RunningAction> start(const ActionRequest& request, int64_t monotonic_ns) override;
  // From now on probes fail, or pass.
  void set_ready(bool ready) { ready_ = ready; }

  // Tries by the mood they met; probes that failed.
  const std::array<uint64_t, moods>& tries() const { return tries_; }
  uint64_t probes_failed() const { return probes_failed_; }

 private:
  class Running;
  uint32_t action_of(const ActionRequest& request) const;
  Mood mood_of(uint32_t action) const;
  void carry_out(uint32_t action, const ActionRequest& request);

  const Plan& plan_;
  const Scenario& scenario_;
  WayBackOracle& oracle_;
  Random random_;
  bool ready_ = true;
  std::set<std::string> half_done_;  // keys
  std::array<uint64_t, moods> tries_ = {};
  uint64_t probes_failed_ = 0;
};

}  // namespace rel::sim
