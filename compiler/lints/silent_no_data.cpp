// Why: no data holds a release, and a release that holds in silence waits until somebody wonders.
// Avoid: `no_data: hold` alone.
// Prefer: `no_data: hold up to 15m then alert`, or an alert on the number of requests.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lints/analysis/interval.h"
#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

constexpr size_t no_data = 1;  // row of TypedRelease::unknown

// `requests(candidate) < 10`: true when nothing comes.
bool sees_silence(const sema::TypedPolicy& policy, const sema::TypedTrigger& trigger) {
  if (trigger.action == TriggerAction::promote || trigger.action == TriggerAction::step ||
      trigger.when.is_none())
    return false;
  for (const sema::TypedId way : operands_of(policy, trigger.when, Op::logical_or)) {
    const auto limit = limit_of(policy, way);
    if (!limit || policy.aggregates[limit->aggregate].fn != AggregateFn::samples) continue;
    if (limit->allowed.low < 0) return true;
  }
  return false;
}

}  // namespace

void silent_no_data(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    if (!release.unknown[no_data]) continue;
    const sema::TypedUnknown& rule = *release.unknown[no_data];
    const bool silent = rule.action == UnknownAction::hold && rule.up_to.ns == 0;
    if (!silent) continue;
    bool seen = false;
    for_each_trigger(release, [&](const sema::TypedTrigger& trigger, const sema::TypedStage*) {
      seen = seen || sees_silence(policy, trigger);
    });
    if (seen) continue;
    diagnostics
        .report(Code::silent_no_data, rule.span,
                fmt::format("nobody is told when `{}` gets no data", release.name))
        .with_fix(rule.span, "no_data: hold up to 15m then alert",
                  "write `no_data: hold up to 15m then alert`", false);
  }
}

}  // namespace rel::lints
