// Interval arithmetic, and chains of `and` and `or` over limits of one number.
#include "compiler/lints/analysis/interval.h"

#include <algorithm>
#include <cmath>

namespace rel::lints {
namespace {

using sema::TypedAggregate;
using sema::TypedExpr;
using sema::TypedId;
using sema::TypedPolicy;

constexpr double infinity = std::numeric_limits<double>::infinity();

Interval aggregate_range(const TypedPolicy& policy, const TypedAggregate& aggregate) {
  if (aggregate.test) return Interval{};  // evidence and estimates of a statistical comparison
  switch (aggregate.fn) {
    case AggregateFn::rate:
      return Interval{0, 1};
    case AggregateFn::samples:
    case AggregateFn::count:
      return Interval{0, infinity};
    default:  // rel: those that depend on the metric
      break;
  }
  const bool counted = aggregate.metric &&
                       policy.metrics[*aggregate.metric].kind == MetricKind::count;
  if (counted) return Interval{0, infinity};
  switch (aggregate.unit) {
    case PlanUnit::ratio:
      return aggregate.fn == AggregateFn::sum ? Interval{0, infinity} : Interval{0, 1};
    case PlanUnit::seconds:
    case PlanUnit::bytes:
    case PlanUnit::tokens:
    case PlanUnit::requests:
    case PlanUnit::per_second:
      return Interval{0, infinity};
    default:  // rel: signed units
      return Interval{};
  }
}

Interval add(const Interval& a, const Interval& b) {
  return Interval{a.low + b.low, a.high + b.high};
}

Interval negated(const Interval& a) { return Interval{-a.high, -a.low}; }

// Products of the ends; infinity times zero is an end that is never reached.
Interval multiply(const Interval& a, const Interval& b) {
  const auto product = [](double x, double y) { return x == 0 || y == 0 ? 0 : x * y; };
  const double ends[] = {product(a.low, b.low), product(a.low, b.high), product(a.high, b.low),
                         product(a.high, b.high)};
  return Interval{*std::min_element(ends, ends + 4), *std::max_element(ends, ends + 4)};
}

Interval divide(const Interval& a, const Interval& b) {
  if (!b.is_point() || b.low == 0) return Interval{};
  return multiply(a, Interval{1 / b.low, 1 / b.low});
}

Truth compare(Op op, const Interval& a, const Interval& b) {
  const auto judged = [](bool always, bool never) {
    return always ? Truth::always : never ? Truth::never : Truth::maybe;
  };
  const bool apart = a.high < b.low || b.high < a.low;
  const bool same = a.is_point() && b.is_point() && a.low == b.low;
  switch (op) {
    case Op::lt:
      return judged(a.high < b.low, a.low >= b.high);
    case Op::le:
      return judged(a.high <= b.low, a.low > b.high);
    case Op::gt:
      return judged(a.low > b.high, a.high <= b.low);
    case Op::ge:
      return judged(a.low >= b.high, a.high < b.low);
    case Op::eq:
      return judged(same, apart);
    case Op::ne:
      return judged(apart, same);
    default:  // rel: no comparison
      return Truth::maybe;
  }
}

bool is_comparison(Op op) {
  return op == Op::lt || op == Op::le || op == Op::gt || op == Op::ge || op == Op::eq ||
         op == Op::ne;
}

Op mirrored(Op op) {
  switch (op) {
    case Op::lt:
      return Op::gt;
    case Op::le:
      return Op::ge;
    case Op::gt:
      return Op::lt;
    case Op::ge:
      return Op::le;
    default:  // rel: the same from both sides
      return op;
  }
}

// Is it true only when its operand is, and for long enough?
bool is_delay(const TypedExpr& expr) {
  return expr.op == Op::sustained && !expr.left.is_none() &&
         (expr.temporal == SustainKind::held || expr.temporal == SustainKind::consecutive ||
          expr.temporal == SustainKind::of_last);
}

std::optional<Interval> allowed_by(Op op, double limit) {
  switch (op) {
    case Op::lt:
      return Interval{-infinity, limit, false, true};
    case Op::le:
      return Interval{-infinity, limit};
    case Op::gt:
      return Interval{limit, infinity, true, false};
    case Op::ge:
      return Interval{limit, infinity};
    case Op::eq:
      return Interval{limit, limit};
    default:  // rel: no interval
      return std::nullopt;
  }
}

// Do the two leave nothing out of `all`?
bool covers(const Interval& a, const Interval& b, const Interval& all) {
  const Interval& low = a.low <= b.low ? a : b;
  const Interval& high = a.low <= b.low ? b : a;
  const bool meets = low.high > high.low ||
                     (low.high == high.low && !(low.high_open && high.low_open));
  return meets && low.low <= all.low && high.high >= all.high;
}

// Two limits of one number in a chain, whatever stands between them.
std::optional<Judgement> judge_pairs(const TypedPolicy& policy, const std::vector<TypedId>& leaves,
                                     Op chain) {
  std::vector<Limit> limits;
  for (const TypedId leaf : leaves)
    if (const auto limit = limit_of(policy, leaf); limit && !limit->folded)
      limits.push_back(*limit);
  for (size_t i = 0; i < limits.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const TypedAggregate& a = policy.aggregates[limits[j].aggregate];
      const TypedAggregate& b = policy.aggregates[limits[i].aggregate];
      if (!same_number(a, b) || !same_window(a, b)) continue;
      const bool decided =
          chain == Op::logical_and
              ? intersect(limits[i].allowed, limits[j].allowed).is_empty()
              : covers(limits[i].allowed, limits[j].allowed, aggregate_range(policy, a));
      if (!decided) continue;
      return Judgement{chain == Op::logical_and ? Truth::never : Truth::always,
                       limits[j].comparison, limits[i].comparison};
    }
  }
  return std::nullopt;
}

Judgement judge_chain(const TypedPolicy& policy, TypedId condition, Op chain) {
  // One operand that is never true decides an `and`, one that always is an `or`.
  const Truth deciding = chain == Op::logical_and ? Truth::never : Truth::always;
  const Truth other = chain == Op::logical_and ? Truth::always : Truth::never;
  const std::vector<TypedId> leaves = operands_of(policy, condition, chain);
  bool all_other = true;
  Judgement last;
  for (const TypedId leaf : leaves) {
    const Judgement found = judge(policy, leaf);
    if (found.truth == deciding) return found;
    all_other = all_other && found.truth == other;
    last = found;
  }
  if (all_other) return last;
  return judge_pairs(policy, leaves, chain).value_or(Judgement{});
}

}  // namespace

bool Interval::is_empty() const { return low > high || (low == high && (low_open || high_open)); }

Interval intersect(const Interval& a, const Interval& b) {
  Interval made = a;
  if (b.low > made.low || (b.low == made.low && b.low_open)) {
    made.low = b.low;
    made.low_open = b.low_open;
  }
  if (b.high < made.high || (b.high == made.high && b.high_open)) {
    made.high = b.high;
    made.high_open = b.high_open;
  }
  return made;
}

bool is_inside(const Interval& inner, const Interval& outer) {
  const bool low = inner.low > outer.low ||
                   (inner.low == outer.low && (inner.low_open || !outer.low_open));
  const bool high = inner.high < outer.high ||
                    (inner.high == outer.high && (inner.high_open || !outer.high_open));
  return low && high;
}

Interval range_of(const TypedPolicy& policy, TypedId number) {
  if (number.is_none()) return Interval{};
  const TypedExpr& expr = policy[number];
  switch (expr.op) {
    case Op::constant:
      // What an evidence file says is known here, and is another number in the next one.
      return expr.evidence ? Interval{} : Interval{expr.constant, expr.constant};
    case Op::load:
      return aggregate_range(policy, policy.aggregates[expr.aggregate]);
    case Op::neg:
      return negated(range_of(policy, expr.left));
    case Op::add:
      return add(range_of(policy, expr.left), range_of(policy, expr.right));
    case Op::sub:
      return add(range_of(policy, expr.left), negated(range_of(policy, expr.right)));
    case Op::mul:
      return multiply(range_of(policy, expr.left), range_of(policy, expr.right));
    case Op::div:
      return divide(range_of(policy, expr.left), range_of(policy, expr.right));
    default:  // rel: verdicts have no range
      return Interval{};
  }
}

std::optional<Limit> limit_of(const TypedPolicy& policy, TypedId comparison) {
  const TypedExpr& expr = policy[comparison];
  if (!is_comparison(expr.op)) return std::nullopt;
  const auto is_load = [&](TypedId id) { return policy[id].op == Op::load; };
  const bool on_left = is_load(expr.left);
  if (!on_left && !is_load(expr.right)) return std::nullopt;
  const uint32_t aggregate = policy[on_left ? expr.left : expr.right].aggregate;
  if (policy.aggregates[aggregate].test) return std::nullopt;
  const Interval other = range_of(policy, on_left ? expr.right : expr.left);
  if (!other.is_point()) return std::nullopt;
  const auto allowed = allowed_by(on_left ? expr.op : mirrored(expr.op), other.low);
  if (!allowed) return std::nullopt;
  return Limit{comparison, aggregate, *allowed, expr.fold.has_value()};
}

bool same_number(const TypedAggregate& a, const TypedAggregate& b) {
  return a.fn == b.fn && a.arm == b.arm && a.metric == b.metric && a.quantile == b.quantile;
}

bool same_window(const TypedAggregate& a, const TypedAggregate& b) {
  return a.window.kind == b.window.kind && a.window.length_ns == b.window.length_ns &&
         a.window.requests == b.window.requests;
}

std::vector<TypedId> operands_of(const TypedPolicy& policy, TypedId condition, Op chain) {
  std::vector<TypedId> made;
  std::vector<TypedId> open = {condition};
  while (!open.empty()) {
    const TypedId id = open.back();
    open.pop_back();
    const TypedExpr& expr = policy[id];
    if (expr.op == chain) {
      open.push_back(expr.right);
      open.push_back(expr.left);
    } else if (is_delay(expr)) {
      open.push_back(expr.left);
    } else {
      made.push_back(id);
    }
  }
  return made;
}

Judgement judge(const TypedPolicy& policy, TypedId condition) {
  if (condition.is_none()) return {};
  const TypedExpr& expr = policy[condition];
  switch (expr.op) {
    case Op::logical_and:
    case Op::logical_or:
      return judge_chain(policy, condition, expr.op);
    case Op::sustained:
      return is_delay(expr) ? judge(policy, expr.left) : Judgement{};
    case Op::logical_not: {
      const Judgement found = judge(policy, expr.left);
      if (found.truth == Truth::maybe) return {};
      return Judgement{found.truth == Truth::never ? Truth::always : Truth::never, condition, {}};
    }
    default:  // rel: comparisons, and what is not judged
      break;
  }
  if (!is_comparison(expr.op)) return {};
  return Judgement{compare(expr.op, range_of(policy, expr.left), range_of(policy, expr.right)),
                   condition,
                   {}};
}

}  // namespace rel::lints
