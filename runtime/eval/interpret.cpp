// The reference evaluator: one pass over the nodes of a predicate in post order, with the values of
// all nodes in an array on the stack. A fold evaluates its body, a contiguous run of nodes, once a
// cell.
#include <cmath>

#include "runtime/base/check.h"
#include "runtime/eval/evaluator.h"

namespace rel {
namespace {

enum class Truth : uint8_t { no, yes, unknown };

// What a node came to: a number (value, causes) or a verdict (truth, causes).
struct Slot {
  double value;
  uint32_t first;  // first node of the subtree
  Truth truth;
  uint8_t causes;
};

struct Evaluation {
  const Plan& plan;
  const FrameView& frame;
  uint32_t base;  // first node of the predicate; slots count from it
  Slot slots[limits::nodes_per_predicate_max];

  Evaluation(const Plan& p, const FrameView& f, uint32_t b) : plan(p), frame(f), base(b) {}
  Slot& at(uint32_t node) { return slots[node - base]; }
};

void set_verdict(Slot& slot, Verdict verdict) {
  slot.causes = cause_of(verdict);
  slot.truth = slot.causes            ? Truth::unknown
               : verdict == Verdict::is_true ? Truth::yes
                                             : Truth::no;
}

Verdict verdict_of(const Slot& slot) {
  switch (slot.truth) {
    case Truth::no: return Verdict::is_false;
    case Truth::yes: return Verdict::is_true;
    case Truth::unknown: return unknown_because(slot.causes);
  }
  REL_CHECK(false);
}

void arithmetic(Slot& slot, uint8_t causes, double result) {
  slot.value = result;
  slot.causes = causes;
  if (!causes && !std::isfinite(result)) slot.causes = cause_insufficient;
}

void comparison(Slot& slot, uint8_t causes, bool result) {
  slot.causes = causes;
  slot.truth = causes ? Truth::unknown : result ? Truth::yes : Truth::no;
}

// Kleene: an operand that is `dominant` decides; else an unknown one makes it unknown.
void kleene(Slot& slot, const Slot& a, const Slot& b, Truth dominant) {
  const bool decided = a.truth == dominant || b.truth == dominant;
  const bool unknown = a.truth == Truth::unknown || b.truth == Truth::unknown;
  slot.causes = decided ? 0 : a.causes | b.causes;
  if (decided) {
    slot.truth = dominant;
  } else if (unknown) {
    slot.truth = Truth::unknown;
  } else {
    slot.truth = dominant == Truth::yes ? Truth::no : Truth::yes;
  }
}

void evaluate_rows(Evaluation& e, uint32_t first, uint32_t last, uint32_t cell);

// True if a cell is true; a cell whose source failed makes it unknown; cells without enough data do
// not take part, unless none is left.
void fold_any(Evaluation& e, Slot& slot, const Node& node) {
  bool some_true = false;
  bool some_false = false;
  uint8_t excluded = 0;
  uint8_t failing = 0;
  const uint32_t first = e.at(node.a).first;
  for (uint32_t cell = 0; cell < node.b; ++cell) {
    evaluate_rows(e, first, node.a, cell);
    const Slot& body = e.at(node.a);
    some_true |= body.truth == Truth::yes;
    some_false |= body.truth == Truth::no;
    (body.causes & cause_source_error ? failing : excluded) |= body.causes;
  }
  slot.causes = 0;
  if (some_true) {
    slot.truth = Truth::yes;
  } else if (failing || !some_false) {
    slot.truth = Truth::unknown;
    slot.causes = failing ? failing : excluded;
  } else {
    slot.truth = Truth::no;
  }
}

void fold_every(Evaluation& e, Slot& slot, const Node& node) {
  bool some_false = false;
  uint8_t causes = 0;
  const uint32_t first = e.at(node.a).first;
  for (uint32_t cell = 0; cell < node.b; ++cell) {
    evaluate_rows(e, first, node.a, cell);
    some_false |= e.at(node.a).truth == Truth::no;
    causes |= e.at(node.a).causes;
  }
  slot.causes = some_false ? 0 : causes;
  slot.truth = some_false ? Truth::no : causes ? Truth::unknown : Truth::yes;
}

// As `any`, for a number of cells; `any` is at least one.
void fold_at_least(Evaluation& e, Slot& slot, const Node& node) {
  uint32_t some_true = 0;
  uint32_t some_false = 0;
  uint32_t failing = 0;
  uint8_t causes = 0;
  const uint32_t first = e.at(node.a).first;
  for (uint32_t cell = 0; cell < node.b; ++cell) {
    evaluate_rows(e, first, node.a, cell);
    const Slot& body = e.at(node.a);
    some_true += body.truth == Truth::yes ? 1 : 0;
    some_false += body.truth == Truth::no ? 1 : 0;
    if (body.truth != Truth::unknown) continue;
    failing += body.causes & cause_source_error ? 1 : 0;
    causes |= body.causes;
  }
  const bool enough = some_true >= node.count;
  const bool open = some_true + failing >= node.count || some_true + some_false < node.count;
  slot.truth = enough ? Truth::yes : open ? Truth::unknown : Truth::no;
  slot.causes = !enough && open ? causes : 0;
}

uint32_t subtree_first(Evaluation& e, const Node& node, uint32_t index) {
  switch (node.op) {
    case Op::constant:
    case Op::load:
    case Op::sustained: return index;
    case Op::neg:
    case Op::logical_not:
    case Op::certain:
    case Op::fold_any:
    case Op::fold_every:
    case Op::fold_at_least: return e.at(node.a).first;
#define REL_ARITHMETIC(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
    case Op::logical_and:
    case Op::logical_or: {
      const uint32_t a = e.at(node.a).first;
      const uint32_t b = e.at(node.b).first;
      return a < b ? a : b;
    }
  }
  REL_CHECK(false);
}

void evaluate_node(Evaluation& e, uint32_t index, uint32_t cell) {
  const Node& node = e.plan.nodes[index];
  Slot& slot = e.at(index);
  slot.first = subtree_first(e, node, index);
  switch (node.op) {
    case Op::constant:
      slot.value = node.constant;
      slot.causes = 0;
      break;
    case Op::load: {
      const uint32_t place = e.plan.aggregates[node.a].frame_first + cell;
      slot.value = e.frame.values[place];
      slot.causes = e.frame.causes[place];
      break;
    }
    case Op::sustained:
      set_verdict(slot, static_cast<Verdict>(e.frame.sustained[node.a]));
      break;
#define REL_ARITHMETIC(name, text, interpreted, ir)                               \
  case Op::name: {                                                                \
    const double a = e.at(node.a).value;                                          \
    const double b = e.at(node.b).value;                                          \
    arithmetic(slot, e.at(node.a).causes | e.at(node.b).causes, (interpreted));   \
    break;                                                                        \
  }
#include "runtime/plan/ops.def"
    case Op::neg: arithmetic(slot, e.at(node.a).causes, -e.at(node.a).value); break;
#define REL_COMPARISON(name, text, interpreted, ir)                               \
  case Op::name: {                                                                \
    const double a = e.at(node.a).value;                                          \
    const double b = e.at(node.b).value;                                          \
    comparison(slot, e.at(node.a).causes | e.at(node.b).causes, (interpreted));   \
    break;                                                                        \
  }
#include "runtime/plan/ops.def"
    case Op::logical_and: kleene(slot, e.at(node.a), e.at(node.b), Truth::no); break;
    case Op::logical_or: kleene(slot, e.at(node.a), e.at(node.b), Truth::yes); break;
    case Op::logical_not:
      slot.causes = e.at(node.a).causes;
      slot.truth = e.at(node.a).truth == Truth::unknown ? Truth::unknown
                   : e.at(node.a).truth == Truth::yes   ? Truth::no
                                                        : Truth::yes;
      break;
    case Op::certain:
      slot.causes = 0;
      slot.truth = e.at(node.a).truth == Truth::yes ? Truth::yes : Truth::no;
      break;
    case Op::fold_any: fold_any(e, slot, node); break;
    case Op::fold_at_least: fold_at_least(e, slot, node); break;
    case Op::fold_every: fold_every(e, slot, node); break;
  }
}

void evaluate_rows(Evaluation& e, uint32_t first, uint32_t last, uint32_t cell) {
  for (uint32_t index = first; index <= last; ++index) evaluate_node(e, index, cell);
}

}  // namespace

Verdict interpret_node(const Plan& plan, PredicateId predicate, NodeId node, uint32_t cell,
                       const FrameView& frame) {
  const Rows<NodeId>& rows = plan.predicates[predicate.value].nodes;
  REL_CHECK(rows.count <= limits::nodes_per_predicate_max);
  REL_CHECK(node.value >= rows.first && node.value < rows.end());
  Evaluation evaluation(plan, frame, rows.first);
  // Everything up to the node, so that each subtree knows its first row; then the node's own rows
  // for its cell.
  evaluate_rows(evaluation, rows.first, node.value, 0);
  if (cell > 0) evaluate_rows(evaluation, evaluation.at(node.value).first, node.value, cell);
  return verdict_of(evaluation.at(node.value));
}

Verdict interpret(const Plan& plan, PredicateId predicate, const FrameView& frame) {
  return interpret_node(plan, predicate, plan.predicates[predicate.value].root(), 0, frame);
}

void seal_frame(std::span<double> values, std::span<uint8_t> causes) {
  REL_CHECK(values.size() == causes.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    values[i] = 0;
    if (!causes[i]) causes[i] = cause_source_error;
  }
}

}  // namespace rel
