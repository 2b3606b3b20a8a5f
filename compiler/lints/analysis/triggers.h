// The triggers of a release, for lints: what they read, and which acts where.
// Input: a typed release. Output: views of it.
#pragma once

#include <functional>
#include <string_view>

#include "compiler/sema/typed.h"

namespace rel::lints {

// Those written in the release and in its stages; `stage` is null for one of the release.
void for_each_trigger(
    const sema::TypedRelease& release,
    const std::function<void(const sema::TypedTrigger&, const sema::TypedStage* stage)>& act);

// Whether one expression of a condition is such, itself included.
bool any_of(const sema::TypedPolicy& policy, sema::TypedId condition,
            const std::function<bool(const sema::TypedExpr&)>& is_such);

// "rollback", "promotion": what is said of a trigger.
std::string_view noun_of(TriggerAction action);

}  // namespace rel::lints
