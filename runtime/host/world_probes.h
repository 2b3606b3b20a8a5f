// Points of the checklist that are asked over HTTP: a page that answers, an alert rule that a
// Prometheus has loaded.
// Input: the plan's gates, which hosts may be asked. Output: a reading for each, with the status
// and the digest of what answered. Owner: the host, which polls; nothing here waits.
//
// Each is asked now and then, and anew before a raise: an answer that is not fresh permits nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/actuators/registry.h"
#include "runtime/host/gate_reading.h"
#include "runtime/host/host_time.h"
#include "runtime/plan/plan.h"

namespace rel {

class WorldProbes {
 public:
  WorldProbes(const Plan& plan, Actuators actuators);

  // Takes answers, asks where it is time. True: an answer has come.
  bool advance(HostTime now);
  // Whether each of these gates has an answer that is fresh; the others are asked anew.
  bool are_fresh(uint64_t gates, HostTime now);
  const GateReading& read(GateId gate) const;

 private:
  struct Probe {
    GateId gate;
    std::unique_ptr<HttpExchange> exchange;
    GateReading reading;
    int64_t answered_ns = 0;  // steady; 0: never
    int64_t next_ns = 0;      // steady
    bool answered = false;
  };
  void ask(Probe& probe, HostTime now);
  void take(Probe& probe, HostTime now);
  void answer(Probe& probe, GateReading reading, HostTime now) const;
  std::string url_of(const Gate& gate) const;

  const Plan& plan_;
  Actuators actuators_;
  std::vector<Probe> probes_;
};

}  // namespace rel
