#include "compiler/plan/predicates.h"

#include <bit>

#include <fmt/format.h>

#include "compiler/plan/render.h"

namespace rel {

namespace {

using sema::TypedExpr;
using sema::TypedId;

// What makes two nodes the same: everything but where they were written.
std::string key_of(const Node& node) {
  return fmt::format("{}:{}:{}:{:x};", static_cast<int>(node.op), node.a, node.b,
                     std::bit_cast<uint64_t>(node.constant));
}

std::string key_of(const std::vector<Node>& nodes) {
  std::string key;
  for (const Node& node : nodes) key += key_of(node);
  return key;
}

// How many of `a` and `b` are nodes of the same list.
int operand_count(Op op) {
  switch (op) {
    case Op::constant:
    case Op::load:
    case Op::sustained: return 0;
    case Op::neg:
    case Op::logical_not:
    case Op::fold_any:
    case Op::fold_every: return 1;
#define REL_ARITHMETIC(name, text, interpreted, ir) case Op::name:
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
    case Op::logical_and:
    case Op::logical_or: return 2;
  }
  return 0;
}

void move_operands(Node& node, uint32_t by) {
  const int operands = operand_count(node.op);
  if (operands >= 1) node.a += by;
  if (operands >= 2) node.b += by;
}

}  // namespace

// The nodes of one predicate, or of the body of one fold, numbered from 0.
class NodeList {
 public:
  NodeList(PredicateTable& table, Reader reader, const std::vector<uint32_t>& segments)
      : table_(table), reader_(reader), segments_(segments) {}

  uint32_t add(TypedId id) {
    const TypedExpr& expr = table_.policy_[id];
    if (expr.fold) return add_fold(expr);
    if (expr.op == Op::sustained && reader_ == Reader::from_baseline) return add(expr.left);
    Node node;
    node.op = expr.op;
    node.span = table_.tables_.span(expr.span);
    switch (expr.op) {
      case Op::constant: node.constant = expr.constant; break;
      case Op::load: node.a = load(expr).value; break;
      case Op::sustained:
        node.a = table_.sustain(id).value;
        break;
      default:  // rel: every operator with operands only
        node.a = add(expr.left);
        if (!expr.right.is_none()) node.b = add(expr.right);
    }
    return intern(node);
  }

  std::vector<Node>& nodes() { return nodes_; }

 private:
  AggregateId load(const TypedExpr& expr) {
    sema::TypedAggregate aggregate = table_.policy_.aggregates[expr.aggregate];
    if (reader_ == Reader::from_baseline) aggregate.arm = Arm::baseline;
    if (aggregate.test) return table_.tests_.aggregate(aggregate);
    return table_.tables_.aggregate(aggregate, segments_);
  }

  uint32_t intern(const Node& node) {
    const auto [place, added] = known_.try_emplace(key_of(node), size());
    if (added) nodes_.push_back(node);
    return place->second;
  }

  // A comparison over segments: a body whose nodes nothing else uses, and the fold over it. The
  // same comparison written twice is one fold.
  uint32_t add_fold(const TypedExpr& expr) {
    NodeList body(table_, reader_, expr.fold->segments);
    Node comparison;
    comparison.op = expr.op;
    comparison.span = table_.tables_.span(expr.span);
    comparison.a = body.add(expr.left);
    comparison.b = body.add(expr.right);
    body.nodes_.push_back(comparison);
    Node fold;
    fold.op = expr.fold->kind == sema::FoldKind::any ? Op::fold_any : Op::fold_every;
    fold.span = comparison.span;
    fold.b = 0;
    for (const uint32_t segment : expr.fold->segments) {
      fold.b += table_.plan_.segments[segment].values.count;
    }
    const std::string key = "fold " + key_of(fold) + key_of(body.nodes_);
    const auto [place, added] = known_.try_emplace(key, 0);
    if (!added) return place->second;
    const uint32_t base = size();
    for (Node& node : body.nodes_) {
      move_operands(node, base);
      nodes_.push_back(node);
    }
    fold.a = size() - 1;
    nodes_.push_back(fold);
    return place->second = size() - 1;
  }

  uint32_t size() const { return static_cast<uint32_t>(nodes_.size()); }

  PredicateTable& table_;
  Reader reader_;
  std::vector<uint32_t> segments_;
  std::vector<Node> nodes_;
  std::map<std::string, uint32_t> known_;
};

PredicateId PredicateTable::predicate(TypedId condition, Reader reader) {
  NodeList list(*this, reader, {});
  list.add(condition);
  std::vector<Node>& nodes = list.nodes();
  const auto [place, added] = predicates_.try_emplace(key_of(nodes));
  if (!added) return place->second;
  if (nodes.size() > limits::nodes_per_predicate_max) {
    tables_
        .fail(Code::condition_too_large,
              fmt::format("this condition has {} parts", nodes.size()))
        .with_note(fmt::format("the limit is {} for one trigger", limits::nodes_per_predicate_max))
        .with_help("split it into several triggers");
  }
  const auto base = static_cast<uint32_t>(plan_.nodes.size());
  for (Node& node : nodes) {
    move_operands(node, base);
    plan_.nodes.push_back(node);
  }
  const Arm arm = reader == Reader::from_baseline ? Arm::baseline : Arm::candidate;
  Predicate row;
  row.nodes = {base, static_cast<uint32_t>(nodes.size())};
  row.text = tables_.string(render_condition(policy_, condition, arm));
  place->second = PredicateId{static_cast<uint32_t>(plan_.predicates.size())};
  plan_.predicates.push_back(row);
  tables_.check_limit("parts of conditions", plan_.nodes.size(), limits::nodes_max);
  tables_.check_limit("conditions", plan_.predicates.size(), limits::predicates_max);
  return place->second;
}

SustainId PredicateTable::sustain(TypedId sustained) {
  const TypedExpr expr = policy_[sustained];
  Sustain row;
  row.input = predicate(expr.left, Reader::as_written);
  if (!expr.right.is_none()) row.until = predicate(expr.right, Reader::as_written);
  row.duration_ns = expr.duration_ns;
  row.kind = expr.temporal;
  row.count = expr.count;
  row.of = expr.of;
  const std::string key =
      fmt::format("{}:{}:{}:{}:{}:{}", row.input.value, row.until.value, row.duration_ns,
                  static_cast<int>(row.kind), row.count, row.of);
  const auto [place, added] = sustains_.try_emplace(key);
  if (!added) return place->second;
  place->second = SustainId{static_cast<uint32_t>(plan_.sustains.size())};
  plan_.sustains.push_back(row);
  tables_.check_limit("conditions over time", plan_.sustains.size(), limits::sustains_max);
  return place->second;
}

}  // namespace rel
