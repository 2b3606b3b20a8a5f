// The limits of a promotion against each way a rollback can be true. Windows are not compared: a
// number that promotes over the whole stage and rolls back over a minute is a contradiction, too.
#include "compiler/lints/analysis/contradiction.h"

#include "compiler/lints/analysis/interval.h"

namespace rel::lints {
namespace {

using sema::TypedId;
using sema::TypedPolicy;
using sema::TypedTrigger;

// Is `rollback` true whenever all of `promotion` is? The comparison of the promotion that says so.
std::optional<Contradiction> implies(const TypedPolicy& policy, const std::vector<Limit>& promotion,
                                     TypedId way) {
  Contradiction made;
  for (const TypedId leaf : operands_of(policy, way, Op::logical_and)) {
    const auto refused = limit_of(policy, leaf);
    if (!refused || refused->folded) return std::nullopt;
    bool implied = false;
    for (const Limit& each : promotion) {
      if (each.folded || !same_number(policy.aggregates[each.aggregate],
                                      policy.aggregates[refused->aggregate]))
        continue;
      if (!is_inside(each.allowed, refused->allowed)) continue;
      implied = true;
      made.promoting = each.comparison;
      made.refused = leaf;
    }
    if (!implied) return std::nullopt;
  }
  return made;
}

}  // namespace

std::optional<Contradiction> contradiction_of(const TypedPolicy& policy,
                                              const sema::TypedRelease& release,
                                              const sema::TypedStage& stage) {
  std::vector<const TypedTrigger*> rollbacks;
  for (const auto* list : {&release.triggers, &stage.triggers})
    for (const TypedTrigger& each : *list)
      if (each.action == TriggerAction::rollback && each.after.ns == 0) rollbacks.push_back(&each);
  for (const TypedTrigger& promotion : stage.triggers) {
    if (promotion.action != TriggerAction::promote || promotion.when.is_none()) continue;
    std::vector<Limit> limits;
    for (const TypedId leaf : operands_of(policy, promotion.when, Op::logical_and))
      if (const auto limit = limit_of(policy, leaf)) limits.push_back(*limit);
    for (const TypedTrigger* rollback : rollbacks) {
      if (rollback->when.is_none()) continue;
      for (const TypedId way : operands_of(policy, rollback->when, Op::logical_or)) {
        auto found = implies(policy, limits, way);
        if (!found) continue;
        found->promotion = &promotion;
        found->rollback = rollback;
        return found;
      }
    }
  }
  return std::nullopt;
}

}  // namespace rel::lints
