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

std::unique_ptr<RunningAction> start_action(const ActionContext& context, int64_t monotonic_ns) {
  REL_CHECK(context.id.value < context.plan.actions.size());
  switch (context.plan.actions[context.id.value].kind) {
    case ActionKind::notify_command:
      return start_command(context, monotonic_ns);
    case ActionKind::report:
      return start_report(context);
  }
  REL_CHECK(false);
  return nullptr;
}

}  // namespace rel
