#include "runtime/host/uncovered.h"

#include <algorithm>

#include "runtime/stage/named_cell.h"

namespace rel {
namespace {

bool is_left_out(uint8_t causes) {
  return causes != cause_none && (causes & cause_source_error) == 0;
}

bool is_left_out(Verdict verdict) {
  return verdict == Verdict::insufficient || verdict == Verdict::no_data;
}

// The plan's cell of the k-th one that a body reads: its first load says where they begin.
uint32_t plan_cell(const Plan& plan, const Node& fold, uint32_t cell) {
  uint32_t at = fold.a;
  while (plan.nodes[at].op != Op::load) --at;  // a body reads something, and stands by itself
  uint32_t aggregate = plan.nodes[at].a;
  for (; cell >= plan.aggregates[aggregate].cell_count; ++aggregate) {
    cell -= plan.aggregates[aggregate].cell_count;
  }
  return plan.aggregates[aggregate].cell_first + cell;
}

void add(std::vector<uint32_t>& cells, uint32_t cell) {
  if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells.push_back(cell);
}

void add_test(const Plan& plan, const EvidenceTest& test, const FrameView& frame,
              std::vector<uint32_t>& cells) {
  if (test.fold != TestFold::any) return;
  for (uint32_t at = test.cells.first; at < test.cells.end(); ++at) {
    const TestCell& cell = plan.test_cells[at];
    if (cell.evidence.is_none()) continue;
    const Aggregate& shown = plan.aggregates[cell.evidence.value];
    const uint32_t place = shown.frame_first + (cell.cell - shown.cell_first);
    if (is_left_out(frame.causes[place])) add(cells, cell.cell);
  }
}

}  // namespace

std::vector<uint32_t> uncovered_cells(const Plan& plan, const Trigger& trigger,
                                      const FrameView& frame) {
  std::vector<uint32_t> cells;
  const Rows<NodeId> rows = plan.predicates[trigger.condition.value].nodes;
  for (uint32_t at = rows.first; at < rows.end(); ++at) {
    const Node& node = plan.nodes[at];
    if (node.op == Op::load) {
      const EvidenceTest* test = test_of(plan, AggregateId{node.a});
      if (test != nullptr) add_test(plan, *test, frame, cells);
    }
    if (node.op != Op::fold_any && node.op != Op::fold_at_least) continue;
    for (uint32_t cell = 0; cell < node.b; ++cell) {
      const Verdict verdict =
          interpret_node(plan, trigger.condition, NodeId{node.a}, cell, frame);
      if (is_left_out(verdict)) add(cells, plan_cell(plan, node, cell));
    }
  }
  return cells;
}

}  // namespace rel
