// One release of a simulated gateway: three workers and a sidecar on one mapping, the things its
// way back acts on, and the oracle that watches it. A release set has several.
// Input: a plan, what goes wrong. Output: facts for the oracle. Owner: the world.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/host/host.h"
#include "tests/sim/oracle.h"
#include "tests/sim/outside.h"
#include "tests/sim/processes.h"
#include "tests/sim/requests.h"
#include "tests/sim/surroundings.h"

namespace rel::sim {

class Member {
 public:
  Member(const Plan& plan, const PolicyFacts& facts, const Scenario& scenario,
         Surroundings& around, Random& random);
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // Before anything starts: which others it goes on and comes back with.
  void begin(std::vector<const Mapping*> peers);

  // -- troubles
  Worker& worker(uint64_t detail) { return workers_[detail % workers_.size()]; }
  std::vector<Worker>& workers() { return workers_; }
  void lose_power();
  void kill_sidecar();
  void disturbed(Disturbance what);
  void set_source_failing(bool failing);

  // -- one tick, in this order
  void serve(const Weather& weather);
  void evaluate();
  // Starts the sidecar, or lets it have its turn.
  void host(bool wanted);
  // What is in force now, to the oracle.
  void look();
  void dark_tick() { oracle_.dark_tick(); }

  // -- at the end
  void end();

  const Plan& plan() const { return plan_; }
  Mapping& mapping() { return mapping_; }
  Host* host() { return host_.get(); }
  Oracle& oracle() { return oracle_; }
  Outside& outside() { return outside_; }
  Requests& requests() { return requests_; }
  const EngineState& state() const { return state_; }
  std::string journal_name() const { return plan_.release + ".db"; }

 private:
  void start_sidecar();
  bool read_back(Journal& journal, Host& host);
  void ask_panel();
  void check_counters(const Runtime& runtime);

  const Plan& plan_;
  const Scenario& scenario_;
  Surroundings& around_;
  Random& random_;
  Oracle oracle_;
  Outside outside_;
  Mapping mapping_;
  std::vector<Worker> workers_;
  Requests requests_;
  std::unique_ptr<Runtime> view_;  // the sidecar's
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Host> host_;
  TickFacts facts_;
  EngineState state_;
};

}  // namespace rel::sim
