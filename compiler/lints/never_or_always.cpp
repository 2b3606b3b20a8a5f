// Why: a rule that can never fire protects nothing, and one that always does says nothing.
// Avoid: `rollback when rate(failed) > 100%`, or `> 5% and ... < 2%` of the same number.
// Prefer: a limit inside of what the number can be.
#include <fmt/format.h>

#include "compiler/lints/analysis/interval.h"
#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

std::string_view range_note(const sema::TypedPolicy& policy, sema::TypedId comparison) {
  const auto limit = limit_of(policy, comparison);
  if (!limit) return {};
  const Interval range = range_of(policy, policy[comparison].left.is_none()
                                              ? comparison
                                              : policy[comparison].left);
  const Interval other = range_of(policy, policy[comparison].right);
  const Interval& number = range.is_point() ? other : range;
  if (number.low == 0 && number.high == 1) return "a share lies between 0% and 100%";
  return number.low == 0 ? "it is never below zero" : std::string_view{};
}

void report(const sema::TypedPolicy& policy, const sema::TypedTrigger& trigger,
            const Judgement& found, Diagnostics& diagnostics) {
  const bool never = found.truth == Truth::never;
  const bool gate =
      trigger.action == TriggerAction::promote || trigger.action == TriggerAction::step;
  Diagnostic& made = diagnostics.report(
      never ? Code::never_true : Code::always_true, trigger.span,
      fmt::format("this {} {}", noun_of(trigger.action),
                  never  ? "can never happen"
                  : gate ? "waits for nothing"
                         : "always happens"));
  const auto show = [&](sema::TypedId id, std::string text) {
    if (!id.is_none()) made.label(policy[id].span, std::move(text));
  };
  if (found.second.is_none()) {
    show(found.first, never ? "never true" : "always true");
    const std::string_view note = range_note(policy, found.first);
    if (!note.empty()) made.with_note(std::string(note));
  } else {
    show(found.first, "this");
    show(found.second, never ? "and this are never true together" : "or this is always true");
  }
  made.with_help(never ? "write a limit that can be reached"
                       : "write a limit that tells one case from another");
}

}  // namespace

void never_or_always(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for_each_trigger(release, [&](const sema::TypedTrigger& trigger, const sema::TypedStage*) {
      const Judgement found = judge(policy, trigger.when);
      if (found.truth != Truth::maybe) report(policy, trigger, found, diagnostics);
    });
  }
}

}  // namespace rel::lints
