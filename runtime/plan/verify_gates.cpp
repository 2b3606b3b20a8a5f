#include "runtime/plan/verify_gates.h"

#include <algorithm>
#include <string_view>
#include <vector>

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

// How many rows of a table belong to a hook.
template <typename Row, typename Belongs>
size_t count_if(const std::vector<Row>& rows, Belongs belongs) {
  return static_cast<size_t>(std::count_if(rows.begin(), rows.end(), belongs));
}

bool carries_out(const Plan& plan, const Hook& hook) {
  const Action& action = plan.actions[hook.action.value];
  const bool tells = plan.gates[hook.gate.value].kind == GateKind::told;
  if (tells != (action.purpose == ActionPurpose::tell)) return false;
  const ActionKind other = tells ? ActionKind::slack : ActionKind::command;
  return action.kind == ActionKind::webhook || action.kind == other;
}

// Each hook has a gate and an action of its own, in their order, and each of these a hook.
Status verify_hooks(const Plan& plan) {
  uint32_t next_gate = 0;
  uint32_t next_action = 0;
  for (size_t row = 0; row < plan.hooks.size(); ++row) {
    const Hook& hook = plan.hooks[row];
    const auto refuse = [&](std::string_view what) {
      return Error{fmt::format("the plan is not valid: hook {} {}", row, what)};
    };
    const bool known = hook.gate.value < plan.gates.size() &&
                       hook.action.value < plan.actions.size() &&
                       is_of_hook(plan.gates[hook.gate.value].kind) &&
                       is_of_hook(plan.actions[hook.action.value].purpose);
    if (!known || hook.gate.value < next_gate || hook.action.value < next_action) {
      return refuse("has no gate and action of its own");
    }
    if (!carries_out(plan, hook)) return refuse("has an action of another kind");
    const bool withdraws = hook.otherwise == HookFailure::withdraw;
    if (hook.otherwise > HookFailure::rollback || names_text(plan, hook.reason) != withdraws) {
      return refuse("does not say what its failure does");
    }
    next_gate = hook.gate.value + 1;
    next_action = hook.action.value + 1;
  }
  const size_t gates =
      count_if(plan.gates, [](const Gate& gate) { return is_of_hook(gate.kind); });
  const size_t actions =
      count_if(plan.actions, [](const Action& action) { return is_of_hook(action.purpose); });
  if (gates == plan.hooks.size() && actions == plan.hooks.size()) return ok();
  return Error{"the plan is not valid: a gate or an action of a hook has none"};
}

}  // namespace

Status verify_gates(const Plan& plan) {
  uint32_t next_argument = 0;
  for (size_t row = 0; row < plan.gates.size(); ++row) {
    const Gate& gate = plan.gates[row];
    const auto refuse = [&](std::string_view what) { return broken_row(row, what); };
    if (gate.kind > GateKind::rule || gate.at > GateAt::left) {
      return refuse("has no known kind");
    }
    const bool placed = gate.at != GateAt::every_raise;
    if (placed ? gate.stage.value >= plan.stages.size() : !gate.stage.is_none()) {
      return refuse("has no stage, or one too many");
    }
    const bool around = gate.at == GateAt::entering || gate.at == GateAt::left;
    if (around != (gate.kind == GateKind::hook)) return refuse("is not where hooks stand");
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
    if ((gate.count > 0) != people || !is_time(gate.within_ns) || !timed ||
        (gate.kind == GateKind::http && arguments.count != 2)) {
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
  if (next_argument == plan.gate_arguments.size()) return verify_hooks(plan);
  return Error{"the plan is not valid: an argument has no gate"};
}

}  // namespace rel
