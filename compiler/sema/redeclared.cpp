// Named triggers: each name once in its place, and a stage that declares a trigger of the release
// anew may only tighten it: it must fire whenever the release's would.
//
// That is shown, not guessed: by the form of the two conditions. What cannot be shown is refused.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/context.h"

namespace rel::sema {

namespace {

// How far a trigger goes when it is true.
int strength(TriggerAction action) {
  switch (action) {
    case TriggerAction::promote:
    case TriggerAction::step: return 0;
    case TriggerAction::alert: return 1;
    case TriggerAction::hold: return 2;
    case TriggerAction::rollback: return 3;
  }
  return 0;
}

class Implication {
 public:
  explicit Implication(const TypedPolicy& policy) : policy_(policy) {}

  // Whether `then` is true whenever `when` is. False also where it is not known.
  bool holds(TypedId when, TypedId then) const {
    const TypedExpr& a = policy_[when];
    const TypedExpr& b = policy_[then];
    if (a.op == Op::logical_or) return holds(a.left, then) && holds(a.right, then);
    if (b.op == Op::logical_and) return holds(when, b.left) && holds(when, b.right);
    if (b.op == Op::logical_or && (holds(when, b.left) || holds(when, b.right))) return true;
    if (a.op == Op::logical_and && (holds(a.left, then) || holds(a.right, then))) return true;
    if (is_held(a) && is_held(b)) {
      return b.duration_ns <= a.duration_ns && holds(a.left, b.left);
    }
    // What was true for a while is true now; what was true in checks, or is kept, need not be.
    if (is_held(a)) return holds(a.left, then);
    return is_stricter(a, b) || same(when, then);
  }

 private:
  static bool is_held(const TypedExpr& expr) {
    return expr.op == Op::sustained && expr.temporal == SustainKind::held;
  }
  static bool is_above(Op op) { return op == Op::gt || op == Op::ge; }
  static bool is_below(Op op) { return op == Op::lt || op == Op::le; }

  // Two comparisons of the same number with constants; `b` has the limit that is met sooner.
  bool is_stricter(const TypedExpr& a, const TypedExpr& b) const {
    const bool above = is_above(a.op) && is_above(b.op);
    const bool below = is_below(a.op) && is_below(b.op);
    if ((!above && !below) || !covers_cells(a, b) || !same(a.left, b.left)) return false;
    if (policy_[a.right].op != Op::constant || policy_[b.right].op != Op::constant) return false;
    const double limit_a = policy_[a.right].constant;
    const double limit_b = policy_[b.right].constant;
    if (limit_a == limit_b) return a.op == b.op || a.op == Op::gt || a.op == Op::lt;
    return above ? limit_b < limit_a : limit_b > limit_a;
  }

  static bool same_cells(const TypedExpr& a, const TypedExpr& b) {
    if (a.fold.has_value() != b.fold.has_value()) return false;
    return !a.fold || (same_parts(*a.fold, *b.fold) && a.fold->kind == b.fold->kind &&
                       a.fold->count == b.fold->count);
  }

  static bool same_parts(const TypedFold& a, const TypedFold& b) {
    return a.segments == b.segments && a.crossed == b.crossed;
  }

  // Whether a fold `b` is true whenever `a` is of the same parts: one is enough where several, or
  // each, were asked for.
  static bool covers_cells(const TypedExpr& a, const TypedExpr& b) {
    if (!a.fold || !b.fold || !same_parts(*a.fold, *b.fold)) return same_cells(a, b);
    if (a.fold->kind == FoldKind::every || b.fold->kind == FoldKind::any) return true;
    return a.fold->kind == FoldKind::at_least && b.fold->kind == FoldKind::at_least &&
           b.fold->count <= a.fold->count;
  }

  // The same number; fewer samples may be enough for `b`.
  bool same_aggregate(const TypedExpr& a, const TypedExpr& b) const {
    const TypedAggregate& x = policy_.aggregates[a.aggregate];
    const TypedAggregate& y = policy_.aggregates[b.aggregate];
    return x.fn == y.fn && x.arm == y.arm && x.metric == y.metric && x.quantile == y.quantile &&
           x.window.kind == y.window.kind && x.window.length_ns == y.window.length_ns &&
           x.window.requests == y.window.requests && y.samples_min <= x.samples_min;
  }

  bool same(TypedId left, TypedId right) const {
    if (left.is_none() || right.is_none()) return left == right;
    const TypedExpr& a = policy_[left];
    const TypedExpr& b = policy_[right];
    if (a.op != b.op || !same_cells(a, b)) return false;
    switch (a.op) {
      case Op::constant: return a.constant == b.constant;
      case Op::load: return same_aggregate(a, b);
      case Op::sustained:
        return a.temporal == b.temporal && a.count == b.count && a.of == b.of &&
               a.duration_ns == b.duration_ns && same(a.left, b.left) && same(a.right, b.right);
#define REL_ARITHMETIC(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
      case Op::neg:
      case Op::logical_and:
      case Op::logical_or:
      case Op::logical_not: return same(a.left, b.left) && same(a.right, b.right);
      case Op::certain:
      case Op::fold_any:
      case Op::fold_every:
      case Op::fold_at_least: return false;  // made by lowering only
    }
    return false;
  }

  const TypedPolicy& policy_;
};

// What makes `trigger` looser than the release's; empty when it is shown to be at least as tight.
std::string_view looseness(const Context& context, const TypedTrigger& release,
                           const TypedTrigger& trigger) {
  if (strength(trigger.action) < strength(release.action)) return "it does less when it is true";
  const bool same_start = trigger.after_share.millionths == release.after_share.millionths;
  if (trigger.after.ns > release.after.ns || (trigger.after.ns > 0 && !same_start)) {
    return "it begins to act later";
  }
  if (release.even_if_baseline && !trigger.even_if_baseline) {
    return "it is withheld while the baseline fails as well";
  }
  for (size_t cause = 0; cause < trigger.unknown.size(); ++cause) {
    const auto alerts = [&](const std::optional<TypedUnknown>& rule) {
      return rule && rule->action == UnknownAction::alert;
    };
    if (alerts(trigger.unknown[cause]) && !alerts(release.unknown[cause])) {
      return "it holds no more while it is unknown";
    }
  }
  if (!Implication(context.policy).holds(release.when, trigger.when)) {
    return "it is not known to be true whenever that one is";
  }
  return {};
}

}  // namespace

void check_names(const Context& context, const std::vector<TypedTrigger>& triggers) {
  for (auto each = triggers.begin(); each != triggers.end(); ++each) {
    if (each->name.empty()) continue;
    const auto first = std::find_if(triggers.begin(), each, [&](const TypedTrigger& other) {
      return other.name == each->name;
    });
    if (first == each) continue;
    context.diagnostics
        .report(Code::duplicate_name, each->name_span,
                fmt::format("the trigger `{}` is declared twice", each->name))
        .label(first->name_span, "first declared here");
  }
}

void check_redeclared(const Context& context, const TypedStage& stage, uint32_t index,
                      std::vector<TypedTrigger>& release) {
  for (const TypedTrigger& trigger : stage.triggers) {
    if (trigger.name.empty()) continue;
    const auto first = std::find_if(release.begin(), release.end(), [&](const auto& other) {
      return other.name == trigger.name;
    });
    if (first == release.end()) continue;
    first->replaced_in.push_back(index);
    const std::string_view why = looseness(context, *first, trigger);
    if (why.empty()) continue;
    context.diagnostics
        .report(Code::looser_trigger, trigger.span,
                fmt::format("the stage `{}` loosens the trigger `{}`", stage.name, trigger.name))
        .primary(std::string(why))
        .label(first->span, "the release declares it here")
        .with_note("a stage replaces a trigger of the release only by a tighter one")
        .with_help("keep the condition and change its limit or its `for`, or give the trigger a "
                   "name of its own");
  }
}

}  // namespace rel::sema
