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
  return fmt::format("{}:{}:{}:{}:{:x};", static_cast<int>(node.op), node.a, node.b, node.count,
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
    case Op::certain:
    case Op::fold_any:
    case Op::fold_every:
    case Op::fold_at_least: return 1;
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
  NodeList(PredicateTable& table, Reader reader, const sema::TypedFold* fold)
      : table_(table), reader_(reader), fold_(fold) {}

  uint32_t add(TypedId id) { return add(id, Sense::as_is); }

  std::vector<Node>& nodes() { return nodes_; }

 private:
  // Below an odd number of `not`s.
  enum class Sense : uint8_t { as_is, denied };

  uint32_t add(TypedId id, Sense sense) {
    const TypedExpr& expr = table_.policy_[id];
    if (reader_ == Reader::from_baseline) {
      if (expr.op == Op::sustained) return add(expr.left, sense);
      if (expr.fold) return add_shared_fold(expr, sense);
      if (expr.op == Op::logical_or && sense == Sense::as_is) return add_shared_choice(expr);
    }
    if (expr.fold) return add_fold(expr);
    Node node;
    node.op = expr.op;
    node.span = table_.tables_.span(expr.span);
    switch (expr.op) {
      case Op::constant: node.constant = expr.constant; break;
      case Op::load: node.a = load(expr).value; break;
      case Op::sustained: node.a = table_.sustain(id).value; break;
      case Op::logical_not:
        node.a = add(expr.left, sense == Sense::as_is ? Sense::denied : Sense::as_is);
        break;
      default:  // rel: every operator with operands only
        node.a = add(expr.left, sense);
        if (!expr.right.is_none()) node.b = add(expr.right, sense);
    }
    return intern(node);
  }

  AggregateId load(const TypedExpr& expr) {
    sema::TypedAggregate aggregate = table_.policy_.aggregates[expr.aggregate];
    if (reader_ == Reader::from_baseline) aggregate.arm = Arm::baseline;
    if (aggregate.test) return table_.tests_.aggregate(aggregate);
    return table_.tables_.aggregate(aggregate, fold_);
  }

  uint32_t join(Op op, uint32_t left, uint32_t right, const PlanSpan& span) {
    Node node;
    node.op = op;
    node.a = left;
    if (right != NodeId::none_value) node.b = right;
    node.span = span;
    return intern(node);
  }

  uint32_t join(Op op, uint32_t operand, const PlanSpan& span) {
    return join(op, operand, NodeId::none_value, span);
  }

  // `what` is surely true, and `excused` is not: the candidate's own fault.
  uint32_t add_alone(uint32_t what, uint32_t excused, const PlanSpan& span) {
    const uint32_t denied =
        join(Op::logical_not, join(Op::certain, excused, span), span);
    return join(Op::logical_and, join(Op::certain, what, span), denied, span);
  }

  uint32_t intern(const Node& node) {
    const auto [place, added] = known_.try_emplace(key_of(node), size());
    if (added) nodes_.push_back(node);
    return place->second;
  }

  // A comparison over segments: a body whose nodes nothing else uses, and the fold over it. The
  // same comparison written twice is one fold.
  uint32_t add_fold(const TypedExpr& expr) {
    NodeList body(table_, reader_, &*expr.fold);
    body.add_comparison(expr);
    return close_fold(expr, body);
  }

  // Whether what a fold says of the candidate is an outage that the baseline shares: an outage of
  // one region that both arms have is; a candidate that fails in one region while the baseline
  // fails in another goes back. So: it is true of the baseline (or, of a number of cells, still of
  // the candidate), and not of the cells in which the candidate is bad and the baseline is not
  // surely as bad. `every` is read from the baseline as it stands, and so is what is denied: there
  // the fold says that all is well.
  uint32_t add_shared_fold(const TypedExpr& expr, Sense sense) {
    const bool per_cell = expr.fold->kind != sema::FoldKind::every && sense == Sense::as_is;
    uint32_t bad = add_fold(expr);
    if (!per_cell) return bad;
    const PlanSpan span = table_.tables_.span(expr.span);
    if (expr.fold->kind == sema::FoldKind::at_least) {
      reader_ = Reader::as_written;
      bad = join(Op::logical_or, bad, add_fold(expr), span);
      reader_ = Reader::from_baseline;
    }
    NodeList body(table_, Reader::as_written, &*expr.fold);
    const uint32_t of_candidate = body.add_comparison(expr);
    body.reader_ = Reader::from_baseline;
    body.add_alone(of_candidate, body.add_comparison(expr), span);
    const uint32_t alone = close_fold(expr, body);
    return join(Op::logical_and, bad, join(Op::logical_not, alone, span), span);
  }

  // Of `a or b` each side that is true of the candidate must be shared, as if they were two
  // triggers.
  uint32_t add_shared_choice(const TypedExpr& expr) {
    const PlanSpan span = table_.tables_.span(expr.span);
    const uint32_t left = add(expr.left, Sense::as_is);
    const uint32_t right = add(expr.right, Sense::as_is);
    reader_ = Reader::as_written;
    const uint32_t of_left = add(expr.left, Sense::as_is);
    const uint32_t of_right = add(expr.right, Sense::as_is);
    reader_ = Reader::from_baseline;
    const uint32_t alone = join(Op::logical_or, add_alone(of_left, left, span),
                                add_alone(of_right, right, span), span);
    return join(Op::logical_and, join(Op::logical_or, left, right, span),
                join(Op::logical_not, alone, span), span);
  }

  uint32_t add_comparison(const TypedExpr& expr) {
    Node comparison;
    comparison.op = expr.op;
    comparison.span = table_.tables_.span(expr.span);
    comparison.a = add(expr.left);
    comparison.b = add(expr.right);
    return intern(comparison);
  }

  uint32_t close_fold(const TypedExpr& expr, NodeList& body) {
    Node fold;
    switch (expr.fold->kind) {
      case sema::FoldKind::any: fold.op = Op::fold_any; break;
      case sema::FoldKind::every: fold.op = Op::fold_every; break;
      case sema::FoldKind::at_least: fold.op = Op::fold_at_least; break;
    }
    fold.count = expr.fold->count;
    fold.span = table_.tables_.span(expr.span);
    fold.b = table_.tables_.cell_count(*expr.fold);
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
  const sema::TypedFold* fold_;  // that the nodes are the body of
  std::vector<Node> nodes_;
  std::map<std::string, uint32_t> known_;
};

PredicateId PredicateTable::predicate(TypedId condition, Reader reader) {
  NodeList list(*this, reader, nullptr);
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
