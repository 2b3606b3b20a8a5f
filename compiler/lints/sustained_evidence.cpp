// Why: the verdict of a statistical comparison, once true, stays true; `for` cannot make it surer,
// it only comes later. Avoid: `rollback when failed worse than baseline at 99% confidence for 5m`.
// Prefer: the comparison alone, with more confidence if it is to be surer.
#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

// Nothing but evidence: then `for` has nothing to wait out.
bool is_evidence(const sema::TypedPolicy& policy, sema::TypedId id) {
  const sema::TypedExpr& expr = policy[id];
  if (expr.op == Op::logical_and || expr.op == Op::logical_or) {
    return is_evidence(policy, expr.left) && is_evidence(policy, expr.right);
  }
  if (expr.op != Op::ge || policy[expr.left].op != Op::load) return false;
  const sema::TypedAggregate& read = policy.aggregates[policy[expr.left].aggregate];
  return read.test && read.fn == AggregateFn::evidence;
}

void judge(const sema::TypedPolicy& policy, sema::TypedId id, Diagnostics& diagnostics) {
  if (id.is_none()) return;
  const sema::TypedExpr& expr = policy[id];
  if (expr.op == Op::sustained && is_evidence(policy, expr.left)) {
    diagnostics
        .report(Code::sustained_evidence, expr.span, "`for` only delays this comparison")
        .with_note("its verdict, once true, stays true, and may be looked at at any time")
        .with_help("remove `for`; ask for more confidence if it is to be surer");
    return;
  }
  judge(policy, expr.left, diagnostics);
  judge(policy, expr.right, diagnostics);
}

}  // namespace

void sustained_evidence(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for (const sema::TypedTrigger& trigger : release.triggers) {
      judge(policy, trigger.when, diagnostics);
    }
    for (const sema::TypedStage& stage : release.stages) {
      for (const sema::TypedTrigger& trigger : stage.triggers) {
        judge(policy, trigger.when, diagnostics);
      }
    }
  }
}

}  // namespace rel::lints
