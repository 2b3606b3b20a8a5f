// The actions of the way back after the route: one file each in this folder, listed here.
// Input: an action of a plan and what happened. Output: a running action that is polled, never
// waited for; its outcome and a bounded text for the journal. Owner: the host.
// To add one: a file, a row in start_action() and an ActionKind in the plan.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

// Which programs a policy may run, as the host's configuration says. Nothing by default.
struct CommandRules {
  std::vector<std::string> allowed;  // absolute paths
  int64_t timeout_ns = 30'000'000'000;
};

// Everything an action may look at. Borrowed while the action starts.
struct ActionContext {
  const Plan& plan;
  ActionId id;
  const ReleaseRecord& release;
  std::span<const LoggedDecision> timeline;  // oldest first, with what this way back did so far
  std::span<const ActionRecord> outcomes;    // of the actions before this one
  const CommandRules& commands;
  std::string report_folder;  // where reports of this run belong; made when needed
  int64_t now_ns = 0;
};

enum class ActionProgress : uint8_t { running, done, failed };

class RunningAction {
 public:
  virtual ~RunningAction() = default;
  // Looks once, never waits. `monotonic_ns` is the host's steady clock.
  virtual ActionProgress poll(int64_t monotonic_ns) = 0;
  // What came of it, for the journal and for people; complete once it is done or failed.
  virtual std::string detail() const = 0;
};

// Starts an action. What cannot be started comes back as an action that has failed, with the
// remedy in its detail, so that the rest of the way back goes on.
std::unique_ptr<RunningAction> start_action(const ActionContext& context, int64_t monotonic_ns);

// -- one a file
std::unique_ptr<RunningAction> start_command(const ActionContext& context, int64_t monotonic_ns);
std::unique_ptr<RunningAction> start_report(const ActionContext& context);

// An action that ended when it was started.
std::unique_ptr<RunningAction> ended_action(ActionProgress progress, std::string detail);

}  // namespace rel
