// Trying the way back without doing it: every step is probed, in order. Commands exist and are
// allowed, `probed by` commands say that the earlier version is there, webhooks answer a dry run,
// channels and services have their secrets, proxies, registry and Alertmanager answer, reports can
// be written.
// Input: a plan and what its actions are carried out with. Output: a record, for the journal, the
// checklist and people. Owner: the host, which polls it; nothing waits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/actuators/registry.h"
#include "runtime/host/host_time.h"
#include "runtime/journal/journal.h"

namespace rel {

class Rehearsal {
 public:
  // Borrows the plan and what the actuators borrow.
  Rehearsal(const Plan& plan, Actuators actuators, std::string report_folder)
      : plan_(plan), actuators_(actuators), report_folder_(std::move(report_folder)) {}

  bool is_running() const { return running_; }
  // `who` empty: the host itself. One at a time: while one runs this does nothing.
  void begin(const std::string& who, HostTime now);
  // Goes on as far as is possible without waiting. The record, once, when every step was probed.
  std::optional<RehearsalRecord> poll(HostTime now);

 private:
  void start_next(HostTime now);
  void take(const RunningAction& ended, ActionProgress progress);

  const Plan& plan_;
  Actuators actuators_;
  std::string report_folder_;
  bool running_ = false;
  uint32_t next_ = 0;             // probe: two an action, its own and that of `probed by`
  std::unique_ptr<RunningAction> probe_;
  RehearsalRecord record_;
};

}  // namespace rel
