// The numbers a decision rests on: the aggregates of a predicate in the order of the policy text,
// of a fold those of the cell that decided it. Does not allocate.
#include <algorithm>

#include "runtime/stage/named_cell.h"
#include "runtime/stage/step_parts.h"

namespace rel::stage {
namespace {

// One predicate being read. Recursion is bounded by the nodes of the plan.
struct Reader {
  const Step& step;
  const FrameView& view;
  PredicateId predicate;
  Decision& decision;
};

void read_node(const Reader& reader, NodeId node, uint32_t cell);

void add(const Reader& reader, AggregateId id, uint32_t cell) {
  Decision& decision = reader.decision;
  if (decision.evidence_count == limits::evidence_max) return;
  // A fold over several segments goes on in the rows after its first aggregate.
  const std::vector<Aggregate>& aggregates = reader.step.plan.aggregates;
  for (; cell >= aggregates[id.value].cell_count; ++id.value) {
    cell -= aggregates[id.value].cell_count;
  }
  const Aggregate& aggregate = aggregates[id.value];
  const uint32_t plan_cell = aggregate.cell_first + cell;
  const std::span<const Evidence> quoted{decision.evidence, decision.evidence_count};
  const bool known = std::any_of(quoted.begin(), quoted.end(), [&](const Evidence& other) {
    return other.aggregate == id && other.cell == plan_cell;
  });
  if (known) return;
  const uint32_t place = aggregate.frame_first + cell;
  Evidence& evidence = decision.evidence[decision.evidence_count++];
  evidence.aggregate = id;
  evidence.cell = plan_cell;
  evidence.value = reader.step.frame->values[place];
  evidence.samples = reader.step.frame->samples[place];
  evidence.causes = reader.step.frame->causes[place];
}

// The combined evidence of a test, and of the cell it is about the evidence and both estimates.
void add_test(const Reader& reader, const EvidenceTest& test) {
  const Plan& plan = reader.step.plan;
  add(reader, test.evidence, 0);
  const NamedCell named =
      named_cell(plan, test, reader.step.frame->values, reader.step.frame->causes);
  const TestCell& cell = plan.test_cells[named.row.value];
  for (const AggregateId shown : {cell.evidence, cell.candidate, cell.baseline}) {
    if (shown.is_none()) continue;
    add(reader, shown, cell.cell - plan.aggregates[shown.value].cell_first);
  }
}

// How much a cell says about the verdict of its fold; the first cell with the most is quoted.
int weight_in_any(Verdict verdict) {
  if (verdict == Verdict::is_true) return 3;
  if (verdict == Verdict::source_error) return 2;
  return verdict == Verdict::is_false ? 1 : 0;
}

int weight_in_every(Verdict verdict) {
  if (verdict == Verdict::is_false) return 3;
  return is_unknown(verdict) ? 2 : 1;
}

// The cell that decided; then, while there is room, those that had too little data to take part.
void read_fold(const Reader& reader, const Node& node) {
  const bool any = node.op != Op::fold_every;
  uint8_t uncovered[limits::frame_values_max / 8] = {};
  uint32_t best_cell = 0;
  int best = -1;
  for (uint32_t cell = 0; cell < node.b; ++cell) {
    const Verdict verdict = interpret_node(reader.step.plan, reader.predicate, NodeId{node.a}, cell,
                                           reader.view);
    const bool left_out = verdict == Verdict::insufficient || verdict == Verdict::no_data;
    if (any && left_out) uncovered[cell / 8] |= static_cast<uint8_t>(1u << (cell % 8));
    const int weight = any ? weight_in_any(verdict) : weight_in_every(verdict);
    if (weight > best) {
      best = weight;
      best_cell = cell;
    }
  }
  read_node(reader, NodeId{node.a}, best_cell);
  for (uint32_t cell = 0; cell < node.b; ++cell) {
    if (cell != best_cell && (uncovered[cell / 8] >> (cell % 8) & 1u) != 0) {
      read_node(reader, NodeId{node.a}, cell);
    }
  }
}

void read_node(const Reader& reader, NodeId id, uint32_t cell) {
  if (reader.decision.evidence_count == limits::evidence_max) return;
  const Node& node = reader.step.plan.nodes[id.value];
  switch (node.op) {
    case Op::constant: return;
    case Op::load:
      if (const EvidenceTest* test = test_of(reader.step.plan, AggregateId{node.a})) {
        return add_test(reader, *test);
      }
      return add(reader, AggregateId{node.a}, cell);
    case Op::sustained: {
      const Sustain& sustain = reader.step.plan.sustains[node.a];
      add_evidence(reader.step, sustain.input, reader.decision);
      if (sustain.kind == SustainKind::latch) {
        add_evidence(reader.step, sustain.until, reader.decision);
      }
      return;
    }
    case Op::neg:
    case Op::logical_not:
    case Op::certain: return read_node(reader, NodeId{node.a}, cell);
    case Op::fold_any:
    case Op::fold_every:
    case Op::fold_at_least: return read_fold(reader, node);
#define REL_ARITHMETIC(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
    case Op::logical_and:
    case Op::logical_or:
      read_node(reader, NodeId{node.a}, cell);
      read_node(reader, NodeId{node.b}, cell);
  }
}

}  // namespace

void add_evidence(const Step& step, PredicateId predicate, Decision& decision) {
  if (!step.frame || !step.verdicts) return;
  const FrameView view{step.frame->values.data(), step.frame->causes.data(),
                       reinterpret_cast<const uint8_t*>(step.verdicts->sustains.data())};
  read_node(Reader{step, view, predicate, decision}, step.plan.predicates[predicate.value].root(),
            0);
}

void add_alone_evidence(const Step& step, PredicateId shared, Decision& decision) {
  if (shared.is_none() || !step.frame || !step.verdicts) return;
  const Plan& plan = step.plan;
  const FrameView view{step.frame->values.data(), step.frame->causes.data(),
                       reinterpret_cast<const uint8_t*>(step.verdicts->sustains.data())};
  const Rows<NodeId> rows = plan.predicates[shared.value].nodes;
  for (uint32_t at = rows.first; at < rows.end(); ++at) {
    const Node& node = plan.nodes[at];
    const bool folds = node.op == Op::fold_any || node.op == Op::fold_at_least;
    // Of what is written a body is one comparison.
    if (!folds || plan.nodes[node.a].op != Op::logical_and) continue;
    for (uint32_t cell = 0; cell < node.b; ++cell) {
      if (interpret_node(plan, shared, NodeId{node.a}, cell, view) != Verdict::is_true) continue;
      read_node(Reader{step, view, shared, decision}, NodeId{plan.nodes[node.a].a}, cell);
      break;
    }
  }
}

}  // namespace rel::stage
