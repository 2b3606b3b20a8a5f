#include "runtime/plan/tightening.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace rel {
namespace {

// What a condition may become: true more often, less often, or either.
enum class Wanted : int8_t { rarer = -1, either = 0, oftener = 1 };

Wanted wanted_of(TriggerAction action) {
  switch (action) {
    case TriggerAction::rollback:
    case TriggerAction::hold: return Wanted::oftener;
    case TriggerAction::alert: return Wanted::either;  // it moves nothing
    case TriggerAction::promote:
    case TriggerAction::step: return Wanted::rarer;
  }
  return Wanted::rarer;
}

class Search {
 public:
  Search(const Plan& running, const Plan& edited)
      : running_(running),
        edited_(edited),
        nodes_(running.nodes.size(), Seen::never),
        sustains_(running.sustains.size(), Seen::never) {}

  Tightening run() {
    Tightening made;
    made.is_whole = true;
    std::vector<std::vector<Seen*>> triggers;
    std::vector<std::vector<Seen*>> gates;
    for (const Trigger& trigger : running_.triggers) {
      wanted_ = wanted_of(trigger.action);
      verdict(trigger.when, 1);
      // Made of the same statement: what is shared degradation follows its limits.
      wanted_ = Wanted::either;
      if (!trigger.baseline_when.is_none()) verdict(trigger.baseline_when, 1);
      triggers.push_back(std::exchange(changed_, {}));
    }
    for (const Gate& gate : running_.gates) {
      wanted_ = Wanted::rarer;
      if (!gate.predicate.is_none()) verdict(gate.predicate, 1);
      gates.push_back(std::exchange(changed_, {}));
    }
    for (uint32_t i = 0; i < triggers.size(); ++i) {
      if (triggers[i].empty()) continue;
      (are_fine(triggers[i]) ? made.triggers : made.loosened).push_back(i);
    }
    for (uint32_t i = 0; i < gates.size(); ++i) {
      if (!gates[i].empty() && are_fine(gates[i])) made.gates.push_back(i);
    }
    for (uint32_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i] == Seen::fine) made.nodes.push_back(i);
    }
    for (uint32_t i = 0; i < sustains_.size(); ++i) {
      if (sustains_[i] == Seen::fine) made.sustains.push_back(i);
    }
    return made;
  }

 private:
  // A row that several conditions share must be fine in all of them.
  enum class Seen : uint8_t { never, fine, wrong };

  static bool are_fine(const std::vector<Seen*>& rows) {
    return std::all_of(rows.begin(), rows.end(),
                       [](const Seen* row) { return *row == Seen::fine; });
  }

  void mark(Seen& seen, double change, int sign) {
    changed_.push_back(&seen);
    const bool fits = wanted_ == Wanted::either ||
                      (sign != 0 && (change > 0) == (sign * static_cast<int>(wanted_) > 0));
    if (!fits) seen = Seen::wrong;
    else if (seen == Seen::never) seen = Seen::fine;
  }

  void verdict(PredicateId predicate, int sign) {
    visit(running_.predicates[predicate.value].root().value, sign);
  }

  // `sign`: whether a larger number here, or a truer verdict, makes the whole truer (1), less true
  // (-1), or nobody knows (0).
  void visit(uint32_t at, int sign) {
    const Node& node = running_.nodes[at];
    switch (node.op) {
      case Op::constant:
        if (node.constant != edited_.nodes[at].constant) {
          mark(nodes_[at], edited_.nodes[at].constant - node.constant, sign);
        }
        return;
      case Op::load: return;
      case Op::sustained: return sustain(node.a, sign);
      case Op::add:
      case Op::logical_and:
      case Op::logical_or: return both(node, sign, sign);
      case Op::sub:
      case Op::gt:
      case Op::ge: return both(node, sign, -sign);
      case Op::lt:
      case Op::le: return both(node, -sign, sign);
      case Op::mul:
      case Op::div:
      case Op::eq:
      case Op::ne: return both(node, 0, 0);
      case Op::neg:
      case Op::logical_not: return visit(node.a, -sign);
      case Op::certain:
      case Op::fold_any:
      case Op::fold_every:
      case Op::fold_at_least: return visit(node.a, sign);
    }
  }

  void both(const Node& node, int left, int right) {
    visit(node.a, left);
    visit(node.b, right);
  }

  // A shorter `for` is full sooner. How the other forms answer to a change is not known.
  void sustain(uint32_t at, int sign) {
    const Sustain& row = running_.sustains[at];
    const bool held = row.kind == SustainKind::held;
    const int64_t change = edited_.sustains[at].duration_ns - row.duration_ns;
    if (change != 0) mark(sustains_[at], static_cast<double>(change), held ? -sign : 0);
    verdict(row.input, held ? sign : 0);
    if (!row.until.is_none()) verdict(row.until, 0);
  }

  const Plan& running_;
  const Plan& edited_;
  Wanted wanted_ = Wanted::either;
  std::vector<Seen*> changed_;  // rows of the present condition that differ
  std::vector<Seen> nodes_;
  std::vector<Seen> sustains_;
};

}  // namespace

// Other operators or rows behind the same number show in the plan's meaning, which its reader
// compares as well.
Tightening find_tightening(const Plan& running, const Plan& edited) {
  const bool same = running.nodes.size() == edited.nodes.size() &&
                    running.predicates.size() == edited.predicates.size() &&
                    running.sustains.size() == edited.sustains.size() &&
                    running.triggers.size() == edited.triggers.size() &&
                    running.gates.size() == edited.gates.size();
  return same ? Search(running, edited).run() : Tightening{};
}

}  // namespace rel
