#include "runtime/host/trigger_numbers.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "runtime/stage/decision_text.h"

namespace rel {
namespace {

bool is_comparison(Op op) {
#define REL_COMPARISON(name, text, interpreted, ir) \
  if (op == Op::name) return true;
#include "runtime/plan/ops.def"
  return false;
}

struct Reader {
  const Plan& plan;
  const FrameNumbers& frame;
  std::vector<TriggerNumber> rows;
};

// The value of a number node; inside a fold, of one cell. Nothing when it is not known.
std::optional<double> value_of(const Reader& reader, uint32_t index, uint32_t cell) {
  const Node& node = reader.plan.nodes[index];
  if (node.op == Op::constant) return node.constant;
  if (node.op == Op::load) {
    const uint32_t at = reader.plan.aggregates[node.a].frame_first + cell;
    if (reader.frame.causes[at] != 0) return std::nullopt;
    return reader.frame.values[at];
  }
  const auto left = value_of(reader, node.a, cell);
  if (!left) return std::nullopt;
  if (node.op == Op::neg) return -*left;
  const auto right = value_of(reader, node.b, cell);
  if (!right) return std::nullopt;
  [[maybe_unused]] const double a = *left, b = *right;
#define REL_ARITHMETIC(name, text, interpreted, ir) \
  if (node.op == Op::name) return (interpreted);
#include "runtime/plan/ops.def"
  return std::nullopt;
}

// 1 when the comparison holds, otherwise how much of the way to its limit has been gone.
double nearness(Op op, double value, double limit) {
  const bool upward = op == Op::gt || op == Op::ge;
  if (op == Op::eq || op == Op::ne) return (value == limit) == (op == Op::eq) ? 1 : 0;
  const double whole = upward ? limit : value;
  const double part = upward ? value : limit;
  if (!(whole > 0)) return part >= whole ? 1 : 0;
  return std::clamp(part / whole, 0.0, 1.0);
}

Op mirrored(Op op) {
  if (op == Op::lt) return Op::gt;
  if (op == Op::le) return Op::ge;
  if (op == Op::gt) return Op::lt;
  if (op == Op::ge) return Op::le;
  return op;
}

// A comparison with an aggregate on one side.
void add_comparison(Reader& reader, const Node& node, uint32_t cells) {
  const Plan& plan = reader.plan;
  const bool left = plan.nodes[node.a].op == Op::load;
  if (!left && plan.nodes[node.b].op != Op::load) return;
  const uint32_t load = left ? node.a : node.b;
  const uint32_t other = left ? node.b : node.a;
  const Op op = left ? node.op : mirrored(node.op);
  const AggregateId id{plan.nodes[load].a};
  const Aggregate& aggregate = plan.aggregates[id.value];
  TriggerNumber nearest;
  nearest.unit = aggregate.unit;
  nearest.text = plan.text(aggregate.text);
  for (uint32_t cell = 0; cell < std::min(cells, aggregate.cell_count); ++cell) {
    const auto value = value_of(reader, load, cell);
    const auto limit = value_of(reader, other, cell);
    if (!value || !limit || !std::isfinite(*value) || !std::isfinite(*limit)) continue;
    const double near = nearness(op, *value, *limit);
    if (nearest.known && near <= nearest.near) continue;
    nearest.known = true;
    nearest.value = *value;
    nearest.limit = *limit;
    nearest.near = near;
    nearest.samples = reader.frame.samples[aggregate.frame_first + cell];
    nearest.text = aggregate_text(plan, id, aggregate.cell_first + cell);
  }
  reader.rows.push_back(std::move(nearest));
}

void collect(Reader& reader, uint32_t index, uint32_t cells) {
  const Node& node = reader.plan.nodes[index];
  if (is_comparison(node.op)) return add_comparison(reader, node, cells);
  if (node.op == Op::sustained) {
    const PredicateId input = reader.plan.sustains[node.a].input;
    return collect(reader, reader.plan.predicates[input.value].root().value, cells);
  }
  if (node.op == Op::fold_any || node.op == Op::fold_every || node.op == Op::fold_at_least) {
    return collect(reader, node.a, node.b);
  }
  if (node.op == Op::logical_not) return collect(reader, node.a, cells);
  if (node.op == Op::logical_and || node.op == Op::logical_or) {
    collect(reader, node.a, cells);
    collect(reader, node.b, cells);
  }
}

}  // namespace

std::vector<TriggerNumber> trigger_numbers(const Plan& plan, const Trigger& trigger,
                                           const FrameNumbers& frame) {
  Reader reader{plan, frame, {}};
  collect(reader, plan.predicates[trigger.condition.value].root().value, 1);
  return std::move(reader.rows);
}

}  // namespace rel
