#include "compiler/lints/analysis/triggers.h"

namespace rel::lints {

void for_each_trigger(
    const sema::TypedRelease& release,
    const std::function<void(const sema::TypedTrigger&, const sema::TypedStage* stage)>& act) {
  for (const sema::TypedTrigger& trigger : release.triggers)
    if (!trigger.implied) act(trigger, nullptr);
  for (const sema::TypedStage& stage : release.stages)
    for (const sema::TypedTrigger& trigger : stage.triggers)
      if (!trigger.implied) act(trigger, &stage);
}

bool any_of(const sema::TypedPolicy& policy, sema::TypedId condition,
            const std::function<bool(const sema::TypedExpr&)>& is_such) {
  if (condition.is_none()) return false;
  const sema::TypedExpr& expr = policy[condition];
  return is_such(expr) || any_of(policy, expr.left, is_such) || any_of(policy, expr.right, is_such);
}

std::string_view noun_of(TriggerAction action) {
  switch (action) {
    case TriggerAction::rollback:
      return "rollback";
    case TriggerAction::hold:
      return "hold";
    case TriggerAction::alert:
      return "alert";
    case TriggerAction::promote:
      return "promotion";
    case TriggerAction::step:
      return "step";
  }
  return {};
}

}  // namespace rel::lints
