#include "compiler/plan/render.h"

#include <array>

#include <fmt/format.h>

#include "runtime/plan/text.h"

namespace rel {

namespace {

using sema::TypedAggregate;
using sema::TypedExpr;
using sema::TypedId;
using sema::TypedPolicy;

// How tightly an operator binds; an operand that binds less stands in brackets.
int binding(Op op) {
  switch (op) {
    case Op::logical_or: return 1;
    case Op::logical_and: return 2;
    case Op::logical_not:
    case Op::certain: return 3;
    case Op::lt:
    case Op::le:
    case Op::gt:
    case Op::ge:
    case Op::eq:
    case Op::ne: return 4;
    case Op::add:
    case Op::sub: return 5;
    case Op::mul:
    case Op::div: return 6;
    case Op::neg: return 7;
    case Op::constant:
    case Op::load:
    case Op::sustained:
    case Op::fold_any:
    case Op::fold_every:
    case Op::fold_at_least: return 8;
  }
  return 8;
}

std::string_view symbol(Op op) {
  switch (op) {
    case Op::logical_or: return "or";
    case Op::logical_and: return "and";
#define REL_ARITHMETIC(name, text, interpreted, ir) \
  case Op::name: return text;
#define REL_COMPARISON(name, text, interpreted, ir) \
  case Op::name: return text;
#include "runtime/plan/ops.def"
    default: return "";  // rel: written otherwise
  }
}

std::string window_text(const sema::TypedWindow& window) {
  switch (window.kind) {
    case WindowKind::stage: return "over stage";
    case WindowKind::sliding: return "over " + exact_duration_text(window.length_ns);
    case WindowKind::requests: return fmt::format("over last {} requests", window.requests);
  }
  return {};
}

std::string evidence_text(const sema::TypedEvidence& number) {
  const std::string file = "evidence(" + quoted_text(number.path) + ")" + number.member;
  return number.member.find(" by ") == std::string::npos ? file : "spread(" + file + ")";
}

std::string call_text(const TypedPolicy& policy, const TypedAggregate& aggregate) {
  if (!aggregate.metric) return fmt::format("samples({})", arm_name(aggregate.arm));
  const sema::TypedMetric& metric = policy.metrics[*aggregate.metric];
  const bool pair = metric.per == SampleUnit::pair;
  const bool usual = aggregate.fn == (metric.kind == MetricKind::flag ? AggregateFn::rate
                                                                      : AggregateFn::mean);
  if (pair && usual) return metric.name;
  const std::string series =
      pair ? metric.name : fmt::format("{}.{}", arm_name(aggregate.arm), metric.name);
  if (!metric.match.empty() && aggregate.fn == AggregateFn::rate) return "share(" + series + ")";
  if (aggregate.fn != AggregateFn::quantile) {
    return fmt::format("{}({})", function_name(aggregate.fn), series);
  }
  constexpr std::pair<double, std::string_view> named[] = {
      {0.5, "p50"},   {0.75, "p75"}, {0.9, "p90"},
      {0.95, "p95"}, {0.99, "p99"}, {0.999, "p999"}};
  for (const auto& [quantile, name] : named) {
    if (quantile == aggregate.quantile) return fmt::format("{}({})", name, series);
  }
  return fmt::format("quantile({}, {})", series,
                     number_text(aggregate.quantile, PlanUnit::ratio));
}

class Renderer {
 public:
  Renderer(const TypedPolicy& policy, Arm arm) : policy_(policy), arm_(arm) {}

  std::string text(TypedId id) {
    const TypedExpr& expr = policy_[id];
    switch (expr.op) {
      case Op::constant: {
        if (expr.evidence) return evidence_text(policy_.evidence[*expr.evidence]);
        return sema::literal_text(expr.constant, expr.unit);
      }
      case Op::load: {
        TypedAggregate aggregate = policy_.aggregates[expr.aggregate];
        if (arm_ == Arm::baseline) aggregate.arm = Arm::baseline;
        return call_text(policy_, aggregate);
      }
      case Op::neg: return "-" + operand(expr.left, binding(Op::neg));
      case Op::logical_not: return "not " + operand(expr.left, binding(Op::logical_not));
      case Op::sustained:
        return arm_ == Arm::baseline ? text(expr.left) : "(" + sustained(expr) + ")";
      default: break;  // rel: operators between operands, below
    }
    if (const sema::TypedComparison* test = test_of(expr)) return test->text;
    // Operators of one level group from the left: only the right operand needs to bind more.
    const int level = binding(expr.op);
    std::string line = fmt::format("{} {} {}", operand(expr.left, level), symbol(expr.op),
                                   operand(expr.right, level + 1));
    if (level == binding(Op::lt)) line += suffixes(expr);
    return line;
  }

  // `... for 2m`, `... until ...`, without the brackets it has inside a condition.
  std::string sustained(const TypedExpr& expr) {
    const TypedExpr& inner = policy_[expr.left];
    const std::string condition = inner.op == Op::sustained ? sustained(inner) : text(expr.left);
    const Sustain row{.duration_ns = expr.duration_ns,
                      .kind = expr.temporal,
                      .count = expr.count,
                      .of = expr.of};
    if (expr.temporal != SustainKind::latch) return condition + " " + sustain_text(row);
    const TypedExpr& end = policy_[expr.right];
    return condition + " until " + (end.op == Op::sustained ? sustained(end) : text(expr.right));
  }

 private:
  std::string operand(TypedId id, int level) {
    const bool brackets = binding(policy_[id].op) < level;
    return brackets ? "(" + text(id) + ")" : text(id);
  }

  // The test whose evidence the comparison waits for.
  const sema::TypedComparison* test_of(const TypedExpr& comparison) const {
    if (comparison.left.is_none() || policy_[comparison.left].op != Op::load) return nullptr;
    const TypedAggregate& read = policy_.aggregates[policy_[comparison.left].aggregate];
    const bool evidence = read.test && read.fn == AggregateFn::evidence;
    return evidence ? &policy_.comparisons[*read.test] : nullptr;
  }

  std::string suffixes(const TypedExpr& comparison) {
    std::string line = " " + window_text(comparison.window);
    if (comparison.fold) {
      const std::vector<uint32_t>& segments = comparison.fold->segments;
      const sema::TypedFold& fold = *comparison.fold;
      std::string names;
      for (const uint32_t segment : segments) {
        const std::string_view sign = fold.crossed ? " x " : ", ";
        names += fmt::format("{}{}", names.empty() ? "" : sign, policy_.segments[segment].name);
      }
      const std::string word = fold.kind == sema::FoldKind::any     ? "any"
                               : fold.kind == sema::FoldKind::every ? "every"
                                              : fmt::format("at least {} of", fold.count);
      line += segments.size() == 1 || fold.crossed ? fmt::format(" in {} {}", word, names)
                                                   : fmt::format(" in {} ({})", word, names);
    }
    return line;
  }

  const TypedPolicy& policy_;
  Arm arm_;
};

}  // namespace

std::string render_aggregate(const TypedPolicy& policy, const TypedAggregate& aggregate) {
  return call_text(policy, aggregate) + " " + window_text(aggregate.window);
}

std::string render_condition(const TypedPolicy& policy, TypedId id, Arm arm) {
  Renderer renderer(policy, arm);
  const TypedExpr& root = policy[id];
  if (root.op != Op::sustained || arm == Arm::baseline) return renderer.text(id);
  return renderer.sustained(root);
}

std::string render_statement(const Sources& sources, Span span) {
  const std::string_view text = sources.text(span);
  std::string line;
  bool quoted = false;
  bool space = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!quoted && text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size()) - 1;
      space = true;
      continue;
    }
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!quoted && blank) {
      space = true;
      continue;
    }
    if (space && !line.empty()) line += ' ';
    space = false;
    line += c;
    if (c == '\\' && quoted && at + 1 < text.size()) {
      line += text[++at];
    } else if (c == '"') {
      quoted = !quoted;
    }
  }
  return line;
}

}  // namespace rel
