#include "runtime/plan/verify_nodes.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "runtime/plan/text.h"

namespace rel {

namespace {

enum class Type : uint8_t { number, verdict };

// What is known of a node once it is checked. `cells` counts the cells its loads read: `any_cells`
// for an expression without loads, which fits every fold. `pure` is false from a fold or a sustain
// upwards: neither may stand inside a fold.
struct Known {
  Type type = Type::number;
  bool pure = true;
  bool folded = false;  // part of the body of a fold
  uint32_t cells = 0;
};
constexpr uint32_t any_cells = 0;

enum class Shape : uint8_t {
  constant,
  load,
  sustained,
  number_of_number,
  number_of_numbers,
  verdict_of_numbers,
  verdict_of_verdict,
  verdict_of_verdicts,
  fold,
};

Shape shape_of(Op op) {
  switch (op) {
    case Op::constant: return Shape::constant;
    case Op::load: return Shape::load;
    case Op::sustained: return Shape::sustained;
#define REL_ARITHMETIC(name, text, interpreted, ir) \
  case Op::name: return Shape::number_of_numbers;
#include "runtime/plan/ops.def"
    case Op::neg: return Shape::number_of_number;
#define REL_COMPARISON(name, text, interpreted, ir) \
  case Op::name: return Shape::verdict_of_numbers;
#include "runtime/plan/ops.def"
    case Op::logical_and:
    case Op::logical_or: return Shape::verdict_of_verdicts;
    case Op::logical_not:
    case Op::certain: return Shape::verdict_of_verdict;
    case Op::fold_any:
    case Op::fold_every:
    case Op::fold_at_least: return Shape::fold;
  }
  return Shape::constant;
}

class PredicateChecker {
 public:
  PredicateChecker(const Plan& plan, uint32_t predicate)
      : plan_(plan), predicate_(predicate), rows_(plan.predicates[predicate].nodes) {}

  Status check() {
    known_.resize(rows_.count);
    for (uint32_t index = 0; index < rows_.count; ++index) {
      const Node& node = plan_.nodes[rows_.first + index];
      if (node.op > Op::fold_at_least) return broken(index, "has no known operator");
      if (Status status = check_node(node, index); !status) return status;
    }
    const Known& root = known_.back();
    if (root.type != Type::verdict) return broken(rows_.count - 1, "is the root but no verdict");
    if (root.cells > 1) return broken(rows_.count - 1, "reads segments outside a fold");
    return ok();
  }

 private:
  Error broken(uint32_t index, std::string_view what) const {
    return Error{fmt::format("the plan is not valid: node {} of predicate {} {}", index, predicate_,
                             what)};
  }

  // The operand, which must stand before node `index` in the rows of the same predicate and not
  // inside a fold's body: what is there has one value a cell, and is evaluated anew for each.
  const Known* operand(uint32_t id, uint32_t index) const {
    if (id < rows_.first || id - rows_.first >= index) return nullptr;
    return known_[id - rows_.first].folded ? nullptr : &known_[id - rows_.first];
  }

  Status check_node(const Node& node, uint32_t index) {
    Known& self = known_[index];
    const Shape shape = shape_of(node.op);
    switch (shape) {
      case Shape::constant:
        if (!std::isfinite(node.constant)) return broken(index, "is not a finite number");
        self = {Type::number, true, false, any_cells};
        return ok();
      case Shape::load:
        if (node.a >= plan_.aggregates.size()) return broken(index, "loads no aggregate");
        self = {Type::number, true, false, plan_.aggregates[node.a].cell_count};
        return ok();
      case Shape::sustained:
        if (node.a >= plan_.sustains.size()) return broken(index, "reads no sustain");
        if (plan_.sustains[node.a].input.value >= predicate_ ||
            (plan_.sustains[node.a].kind == SustainKind::latch &&
             plan_.sustains[node.a].until.value >= predicate_)) {
          return broken(index, "reads a sustain before its input is known");
        }
        self = {Type::verdict, false, false, any_cells};
        return ok();
      case Shape::number_of_number: return check_unary(node, index, Type::number);
      case Shape::verdict_of_verdict: return check_unary(node, index, Type::verdict);
      case Shape::number_of_numbers:
        return check_binary(node, index, Type::number, Type::number);
      case Shape::verdict_of_numbers:
        return check_binary(node, index, Type::number, Type::verdict);
      case Shape::verdict_of_verdicts:
        return check_binary(node, index, Type::verdict, Type::verdict);
      case Shape::fold: return check_fold(node, index);
    }
    return ok();
  }

  Status check_unary(const Node& node, uint32_t index, Type type) {
    const Known* a = operand(node.a, index);
    if (a == nullptr) return broken(index, "has an operand that does not stand before it");
    if (a->type != type) return broken(index, "has an operand of the wrong type");
    known_[index] = {type, a->pure, false, a->cells};
    return ok();
  }

  Status check_binary(const Node& node, uint32_t index, Type operands, Type result) {
    const Known* a = operand(node.a, index);
    const Known* b = operand(node.b, index);
    if (a == nullptr || b == nullptr) {
      return broken(index, "has an operand that does not stand before it");
    }
    if (a->type != operands || b->type != operands) {
      return broken(index, "has an operand of the wrong type");
    }
    const bool fits = a->cells == b->cells || a->cells == any_cells || b->cells == any_cells;
    const bool folded_later = a->cells > 1 || b->cells > 1;
    if (!fits) return broken(index, "mixes numbers of different cells");
    const bool pure = a->pure && b->pure;
    if (folded_later && !pure) return broken(index, "mixes a fold's body with a verdict");
    known_[index] = {result, pure, false, a->cells == any_cells ? b->cells : a->cells};
    return ok();
  }

  // The body's loads together must cover exactly the cells of the fold. A load names the first of
  // several aggregates when the fold goes over several segments; then its own count is smaller.
  Status check_fold(const Node& node, uint32_t index) {
    const Known* body = operand(node.a, index);
    if (body == nullptr) return broken(index, "has a body that does not stand before it");
    if (body->type != Type::verdict) return broken(index, "folds something that is no verdict");
    if (!body->pure) return broken(index, "has a fold or a sustain inside its body");
    if (node.b == 0 || node.b > limits::frame_values_max) return broken(index, "folds no cells");
    const bool counted = node.op == Op::fold_at_least;
    if (counted ? node.count == 0 || node.count > node.b : node.count != 0) {
      return broken(index, "wants a number of cells that it cannot have");
    }
    if (body->cells == any_cells) return broken(index, "has a body that reads nothing");
    if (Status status = check_body(node, index); !status) return status;
    known_[index] = {Type::verdict, false, false, any_cells};
    return ok();
  }

  // A body is a contiguous run of nodes of its own, so that it can be evaluated once a cell. Walked
  // with a list, each node once: a shared node is not walked twice.
  Status check_body(const Node& fold, uint32_t index) {
    const uint32_t last = fold.a - rows_.first;
    uint32_t first = last;
    uint32_t count = 0;
    std::vector<uint32_t> open = {last};
    while (!open.empty()) {
      const uint32_t at = open.back();
      open.pop_back();
      if (known_[at].folded) continue;
      known_[at].folded = true;
      first = std::min(first, at);
      ++count;
      const Node& node = plan_.nodes[rows_.first + at];
      if (node.op == Op::load) {
        if (!covers(node.a, fold.b)) return broken(index, "reads other cells than it folds");
        continue;
      }
      const Shape shape = shape_of(node.op);
      if (shape == Shape::constant) continue;
      open.push_back(node.a - rows_.first);
      const bool two = shape == Shape::number_of_numbers || shape == Shape::verdict_of_numbers ||
                       shape == Shape::verdict_of_verdicts;
      if (two) open.push_back(node.b - rows_.first);
    }
    return count == last - first + 1 ? ok() : broken(index, "has a body with other nodes in it");
  }

  // Aggregate `first` and the rows after it that count the same have `cells` cells together, and
  // their frame values follow each other (verify_aggregates has seen to that).
  bool covers(uint32_t first, uint32_t cells) const {
    const Aggregate& head = plan_.aggregates[first];
    uint64_t total = 0;
    for (size_t at = first; at < plan_.aggregates.size() && total < cells; ++at) {
      const Aggregate& next = plan_.aggregates[at];
      const bool same = next.fn == head.fn && next.arm == head.arm &&
                        next.tracker == head.tracker && next.samples_min == head.samples_min &&
                        next.quantile == head.quantile && next.cell_first != 0;
      if (!same) return false;
      total += next.cell_count;
    }
    return total == cells;
  }

  const Plan& plan_;
  uint32_t predicate_;
  Rows<NodeId> rows_;
  std::vector<Known> known_;
};

}  // namespace

Status verify_predicates(const Plan& plan) {
  uint32_t next = 0;  // predicates own the nodes one after the other: none is checked twice
  for (uint32_t index = 0; index < plan.predicates.size(); ++index) {
    const Rows<NodeId> rows = plan.predicates[index].nodes;
    const bool fits = rows.count >= 1 && rows.count <= limits::nodes_per_predicate_max &&
                      rows.first == next && rows.count <= plan.nodes.size() - next;
    if (!fits) {
      return Error{
          fmt::format("the plan is not valid: predicate {} has no nodes of its own or more than {}",
                      index, limits::nodes_per_predicate_max)};
    }
    next = rows.end();
    if (Status status = PredicateChecker(plan, index).check(); !status) return status;
  }
  if (next != plan.nodes.size()) return Error{"the plan is not valid: a node has no predicate"};
  return ok();
}

}  // namespace rel
