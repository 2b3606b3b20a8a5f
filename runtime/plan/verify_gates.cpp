#include "runtime/plan/verify_gates.h"

#include <string_view>

#include <fmt/format.h>

namespace rel {
namespace {

Error broken_row(size_t row, std::string_view what) {
  return {fmt::format("the plan is not valid: gate {} {}", row, what)};
}

bool names_text(const Plan& plan, StringId id) {
  return id.value < plan.strings.size() && !plan.strings[id.value].empty();
}

bool fits(Rows<StringId> rows, const std::vector<StringId>& table) {
  return rows.first <= table.size() && rows.count <= table.size() - rows.first;
}

bool is_time(int64_t ns) { return ns >= 0 && ns <= limits::duration_ns_max; }

// Nothing in it is read from traffic.
bool is_constant(const Plan& plan, PredicateId id) {
  if (id.value >= plan.predicates.size()) return false;
  const Rows<NodeId> nodes = plan.predicates[id.value].nodes;
  for (uint32_t at = nodes.first; at < nodes.end(); ++at) {
    const Op op = plan.nodes[at].op;
    if (op == Op::load || op == Op::sustained) return false;
  }
  return true;
}

}  // namespace

Status verify_gates(const Plan& plan) {
  uint32_t next_argument = 0;
  for (size_t row = 0; row < plan.gates.size(); ++row) {
    const Gate& gate = plan.gates[row];
    const auto refuse = [&](std::string_view what) { return broken_row(row, what); };
    if (gate.kind > GateKind::evidence || gate.at > GateAt::leaving) {
      return refuse("has no known kind");
    }
    const bool leaving = gate.at == GateAt::leaving;
    if (leaving ? gate.stage.value >= plan.stages.size() : !gate.stage.is_none()) {
      return refuse("has no stage, or one too many");
    }
    const Rows<StringId> arguments = gate.arguments;
    if (arguments.first != next_argument || arguments.count == 0 ||
        !fits(arguments, plan.gate_arguments)) {
      return refuse("does not own its arguments");
    }
    for (uint32_t at = arguments.first; at < arguments.end(); ++at) {
      if (!names_text(plan, plan.gate_arguments[at])) return refuse("has an empty argument");
    }
    const bool people = gate.kind == GateKind::approval || gate.kind == GateKind::review;
    const bool timed = gate.kind != GateKind::rehearsal || gate.within_ns > 0;
    if ((gate.count > 0) != people || !is_time(gate.within_ns) || !timed) {
      return refuse("is out of range");
    }
    if (gate.kind != GateKind::evidence ? !gate.predicate.is_none()
                                        : !is_constant(plan, gate.predicate)) {
      return refuse("has no constant predicate, or one too many");
    }
    if (!names_text(plan, gate.name) || !names_text(plan, gate.text) ||
        gate.span.file.value >= plan.strings.size()) {
      return refuse("has no name, text or place");
    }
    next_argument = arguments.end();
  }
  if (next_argument == plan.gate_arguments.size()) return ok();
  return Error{"the plan is not valid: an argument has no gate"};
}

}  // namespace rel
