// What a statistical comparison counts must be what is assigned. Where one user's requests stay on
// one arm they share its fate, and a test that takes them for independent fires on healthy
// candidates a third to half of the time.
#include <fmt/format.h>

#include "compiler/sema/context.h"

namespace rel::sema {

namespace {

// The first comparison below a condition.
const TypedComparison* find_test(const TypedPolicy& policy, TypedId id) {
  if (id.is_none()) return nullptr;
  const TypedExpr& expr = policy[id];
  if (expr.op == Op::load) {
    const std::optional<uint32_t> test = policy.aggregates[expr.aggregate].test;
    return test ? &policy.comparisons[*test] : nullptr;
  }
  const TypedComparison* left = find_test(policy, expr.left);
  return left != nullptr ? left : find_test(policy, expr.right);
}

void check(const Context& context, const TypedRelease& release, const TypedTrigger& trigger) {
  const TypedComparison* test = find_test(context.policy, trigger.when);
  if (test == nullptr) return;
  context.diagnostics
      .report(Code::unit_of_analysis, trigger.span,
              fmt::format("requests are compared, and `{}` is what is assigned",
                          release.sticky_by))
      .label(test->span, "takes requests for independent of each other")
      .with_note(fmt::format("the requests of one `{}` stay on one arm: such a test is wrong a "
                             "third to half of the time",
                             release.sticky_by))
      .with_help("compare numbers (`rate(failed) > rate(baseline.failed) + 2pp over 1h`), or "
                 "assign by request: remove `sticky by`");
}

}  // namespace

void check_unit_of_analysis(const Context& context, const TypedRelease& release) {
  if (release.sticky_by.empty() || release.sticky_by == "request") return;
  for (const TypedTrigger& trigger : release.triggers) check(context, release, trigger);
  for (const TypedStage& stage : release.stages) {
    for (const TypedTrigger& trigger : stage.triggers) check(context, release, trigger);
  }
}

}  // namespace rel::sema
