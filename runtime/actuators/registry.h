// What the host does in the world: one file an actuator in this folder, listed here. Steps of the
// way back, their probes and hooks of stages all go through start_action().
// Input: a request (kind, arguments, key, facts) and what the host allows. Output: a running action
// that is polled, never waited for; its outcome and a bounded text for the journal. Owner: host.
// To add one: a file, a row in start_action() and an ActionKind in the plan.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/actuators/rules.h"
#include "runtime/http/http.h"
#include "runtime/plan/plan.h"

namespace rel {

struct ReportFacts;

// What programs and people are told with an action.
struct ActionFacts {
  std::string release;
  std::string model;
  std::string owner;
  std::string candidate;  // its identity
  std::string baseline;
  std::string stage;
  std::string event;    // "rolled_back", "withdrawn", "stage_entered" ...: a kind of decision
  std::string summary;  // one sentence: what happened, and why
  uint64_t epoch = 0;
  int64_t time_ns = 0;  // of the event
  int64_t end_ns = 0;   // not 0: the event is over since; a page or an alert is resolved
  std::string incident;  // the same for every message about one event: release, run and epoch
  std::string subject_kind;  // of a revert: what goes back ...
  std::string subject;
  std::string version;  // ... and to which version
  std::string report_folder;
  uint32_t share_millionths = 0;  // of the candidate, for what routes
};

enum class ActionMode : uint8_t {
  act,
  probe,  // a dry run: whether the action could be carried out now; changes nothing
};

struct ActionRequest {
  ActionKind kind = ActionKind::command;
  ActionMode mode = ActionMode::act;
  std::vector<std::string> arguments;
  std::string key;       // of idempotency: the same at every try of one step
  uint32_t attempt = 1;  // try number, from 1
  ActionFacts facts;
  int64_t now_ns = 0;
  const ReportFacts* report = nullptr;  // what a report is about; borrowed while it starts
};

class ActionWorld;

// What actions are carried out with. Borrowed for as long as they run.
struct Actuators {
  const ActuatorRules& rules;
  HttpClient* http = nullptr;    // null: librel_http.so is not there
  ActionWorld* world = nullptr;  // null: the real one
};

enum class ActionProgress : uint8_t {
  running,
  done,
  failed,   // it may succeed when it is tried again
  refused,  // it cannot succeed as things are configured: no use in trying again
};

class RunningAction {
 public:
  virtual ~RunningAction() = default;
  // Looks once, never waits. `monotonic_ns` is the host's steady clock.
  virtual ActionProgress poll(int64_t monotonic_ns) = 0;
  // What came of it, for the journal and for people; complete once it has ended.
  virtual std::string detail() const = 0;
};

// Where actions take place. A simulation hands one in: then nothing runs, is sent or written.
class ActionWorld {
 public:
  virtual ~ActionWorld() = default;
  virtual std::unique_ptr<RunningAction> start(const ActionRequest& request,
                                               int64_t monotonic_ns) = 0;
};

// Starts an action. What cannot be started comes back as an action that was refused, with the
// remedy in its detail, so that whatever follows goes on.
std::unique_ptr<RunningAction> start_action(const ActionRequest& request,
                                            const Actuators& actuators, int64_t monotonic_ns);

// Whether a kind is carried out over HTTP, so that a host needs librel_http.so.
bool needs_http(ActionKind kind);

// -- one a file
std::unique_ptr<RunningAction> start_command(const ActionRequest& request,
                                             const Actuators& actuators, int64_t monotonic_ns);
std::unique_ptr<RunningAction> start_webhook(const ActionRequest& request,
                                             const Actuators& actuators);
std::unique_ptr<RunningAction> start_haproxy(const ActionRequest& request,
                                             const Actuators& actuators, int64_t monotonic_ns);
std::unique_ptr<RunningAction> start_mlflow(const ActionRequest& request,
                                            const Actuators& actuators);
std::unique_ptr<RunningAction> start_slack(const ActionRequest& request,
                                           const Actuators& actuators);
std::unique_ptr<RunningAction> start_pagerduty(const ActionRequest& request,
                                               const Actuators& actuators);
std::unique_ptr<RunningAction> start_alertmanager(const ActionRequest& request,
                                                  const Actuators& actuators);
std::unique_ptr<RunningAction> start_report(const ActionRequest& request);

// An action that ended when it was started.
std::unique_ptr<RunningAction> ended_action(ActionProgress progress, std::string detail);
std::unique_ptr<RunningAction> refused_action(std::string why);

}  // namespace rel
