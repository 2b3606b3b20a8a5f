#include "runtime/actuators/registry.h"

#include <utility>

#include "runtime/base/check.h"

namespace rel {
namespace {

class EndedAction : public RunningAction {
 public:
  EndedAction(ActionProgress progress, std::string detail)
      : progress_(progress), detail_(std::move(detail)) {}
  ActionProgress poll(int64_t) override { return progress_; }
  std::string detail() const override { return detail_; }

 private:
  ActionProgress progress_;
  std::string detail_;
};

}  // namespace

std::unique_ptr<RunningAction> ended_action(ActionProgress progress, std::string detail) {
  return std::make_unique<EndedAction>(progress, std::move(detail));
}

std::unique_ptr<RunningAction> refused_action(std::string why) {
  return ended_action(ActionProgress::refused, std::move(why));
}

bool needs_http(ActionKind kind) {
  switch (kind) {
    case ActionKind::command:
    case ActionKind::haproxy:
    case ActionKind::report: return false;
    case ActionKind::webhook:
    case ActionKind::mlflow_alias:
    case ActionKind::slack:
    case ActionKind::pagerduty:
    case ActionKind::alertmanager: return true;
  }
  return false;
}

std::unique_ptr<RunningAction> start_action(const ActionRequest& request,
                                            const Actuators& actuators, int64_t monotonic_ns) {
  if (actuators.world != nullptr) return actuators.world->start(request, monotonic_ns);
  if (needs_http(request.kind) && actuators.http == nullptr) {
    return refused_action("librel_http.so could not be loaded; install it beside relc, then "
                          "restart the sidecar");
  }
  const bool no_argument = request.arguments.empty() && request.kind != ActionKind::mlflow_alias;
  if (no_argument) return refused_action("the action does not say what or where");
  switch (request.kind) {
    case ActionKind::command: return start_command(request, actuators, monotonic_ns);
    case ActionKind::webhook: return start_webhook(request, actuators);
    case ActionKind::haproxy: return start_haproxy(request, actuators, monotonic_ns);
    case ActionKind::mlflow_alias: return start_mlflow(request, actuators);
    case ActionKind::slack: return start_slack(request, actuators);
    case ActionKind::pagerduty: return start_pagerduty(request, actuators);
    case ActionKind::alertmanager: return start_alertmanager(request, actuators);
    case ActionKind::report: return start_report(request);
  }
  REL_CHECK(false);
  return nullptr;
}

}  // namespace rel
