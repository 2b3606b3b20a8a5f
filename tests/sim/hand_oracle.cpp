#include "tests/sim/hand_oracle.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/stage/decision_text.h"
#include "tests/sim/people.h"

namespace rel::sim {
namespace {

// Turns of evaluator and host after which an order has been taken.
constexpr int turns_max = 10;

bool raises(DecisionKind kind) {
  return kind == DecisionKind::stage_entered || kind == DecisionKind::step_advanced ||
         kind == DecisionKind::promoted || kind == DecisionKind::completed;
}

// What an order of a verb may lead to.
bool leads_to(Verb verb, DecisionKind kind) {
  switch (verb) {
    case Verb::pause: return kind == DecisionKind::paused;
    case Verb::resume: return kind == DecisionKind::resumed;
    case Verb::promote: return raises(kind);
    case Verb::override_trigger: return kind == DecisionKind::overridden;
    case Verb::rollback: return kind == DecisionKind::rolled_back;
    case Verb::withdraw: return kind == DecisionKind::withdrawn;
    case Verb::abort: return kind == DecisionKind::aborted;
    case Verb::approve: return kind == DecisionKind::approved;
    case Verb::review:
    case Verb::acknowledge: return kind == DecisionKind::reviewed;
    case Verb::unquarantine: return kind == DecisionKind::unquarantined;
    case Verb::rehearse: return false;
  }
  return false;
}

}  // namespace

HandOracle::HandOracle(const Plan& plan, const PolicyFacts& facts, Violation& violation)
    : plan_(plan), facts_(facts), violation_(violation) {}

// -- what was asked

void HandOracle::answered(const Answered& asked) {
  asked_.pop_back();  // it is known now
  const char* who = people[asked.person].name;
  if (asked.ok && !may(asked.person, asked.verb)) {
    violation_.complain(fmt::format("{} was let {}", who, verb_name(asked.verb)));
  }
  for (const Answered& before : asked_) {
    const bool same = before.key == asked.key && before.ok && asked.ok;
    if (same && before.sequence != asked.sequence) {
      violation_.complain(fmt::format("{} of {} became two orders", asked.key, who));
    }
  }
  asked_.push_back(asked);
  if (!asked.ok) return;
  if (asked.verb == Verb::override_trigger) {
    overruled_until_ns_ = std::max(overruled_until_ns_, asked.until_ns);
  }
  if (asked.verb == Verb::resume) pause_due_ = false;
  if (!asked.accepted || asked.stale) return;
  const bool exposed = asked.phase == Phase::running || asked.phase == Phase::completed;
  const bool stops = asked.verb == Verb::rollback || asked.verb == Verb::withdraw ||
                     asked.verb == Verb::abort;
  if (stops && asked.phase == Phase::running) stop_due_ = true;
  if (asked.verb == Verb::rollback && exposed) stop_due_ = true;
  if (asked.verb == Verb::pause && asked.phase == Phase::running) pause_due_ = true;
  served_ = 0;
}

const Answered* HandOracle::with_sequence(uint64_t sequence) const {
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Answered& one) {
    return one.ok && one.sequence == sequence;
  });
  return found == asked_.end() ? nullptr : &*found;
}

// Different people who have said so, and were heard or may have been.
size_t HandOracle::people_who(Verb verb, int64_t since_ns) const {
  size_t count = 0;
  for (size_t person = 0; person < people_count; ++person) {
    count += std::any_of(asked_.begin(), asked_.end(), [&](const Answered& one) {
      return one.person == person && one.verb == verb && may(person, verb) &&
             one.asked_ns >= since_ns && (one.ok || !one.disk_sound);
    });
  }
  return count;
}

// -- what is on record

void HandOracle::durable(const JournalEntry& entry, int64_t now_ns) {
  const Decision& decision = entry.decision;
  check_order(entry);
  if (raises(decision.kind)) {
    check_gates(decision, now_ns);
    if (paused_by_ != 0 && decision.id > paused_by_) {
      violation_.complain(fmt::format("{} after somebody paused the release",
                                      decision_kind_name(decision.kind)));
    }
  }
  const bool by_hand = decision.hand != 0;
  if (by_hand && decision.kind == DecisionKind::paused) {
    paused_by_ = decision.id;
    pause_is_new_ = true;
    pause_due_ = false;
  }
  if (by_hand && decision.kind == DecisionKind::resumed) paused_by_ = 0;
  if (decision.kind == DecisionKind::unquarantined) cleared_ = true;
  if (decision.kind == DecisionKind::overridden) {
    const Answered* order = with_sequence(decision.hand);
    if (order != nullptr) overruled_.push_back({decision.trigger, order->until_ns});
  }
  if (decision.kind == DecisionKind::rolled_back) check_overruled(decision);
}

void HandOracle::check_order(const JournalEntry& entry) {
  const Decision& decision = entry.decision;
  const std::string_view kind = decision_kind_name(decision.kind);
  if (decision.hand == 0) {
    if (decision.reason == Reason::by_hand) {
      violation_.complain(fmt::format("{} by hand, and by nobody's", kind));
    }
    return;
  }
  const size_t person = person_named(entry.actor);
  const Answered* order = with_sequence(decision.hand);
  const bool known = std::any_of(asked_.begin(), asked_.end(), [&](const Answered& one) {
    return one.person == person && leads_to(one.verb, decision.kind) && may(person, one.verb) &&
           (order == nullptr ? !one.ok : one.sequence == decision.hand);
  });
  if (!known) {
    violation_.complain(fmt::format("{} in the name of `{}`, who did not order it", kind,
                                    entry.actor));
  }
  if (order != nullptr && order->stale && order->verb <= Verb::abort) {
    violation_.complain(fmt::format("{} by an order of an earlier epoch", kind));
  }
  const std::pair<uint64_t, DecisionKind> did{decision.hand, decision.kind};
  const bool again = std::find(obeyed_.begin(), obeyed_.end(), did) != obeyed_.end();
  if (again && !raises(decision.kind)) {
    violation_.complain(fmt::format("{} twice by one order", kind));
  }
  obeyed_.push_back(did);
}

void HandOracle::check_gates(const Decision& decision, int64_t now_ns) {
  const size_t approved = people_who(Verb::approve, now_ns - facts_.approved_within_ns);
  if (approved < facts_.approvals) {
    violation_.complain(fmt::format("{} with {} approvals of {}",
                                    decision_kind_name(decision.kind), approved,
                                    facts_.approvals));
  }
  const bool leaves = decision.kind == DecisionKind::promoted ||
                      decision.kind == DecisionKind::completed;
  if (!leaves || decision.stage.value != 0) return;
  const size_t reviewed = people_who(Verb::review, INT64_MIN);
  if (reviewed < facts_.reviews) {
    violation_.complain(fmt::format("the first stage was left with {} reviews of {}", reviewed,
                                    facts_.reviews));
  }
}

void HandOracle::check_overruled(const Decision& decision) {
  if (decision.hand != 0 || decision.trigger.is_none()) return;
  for (const Overruled& one : overruled_) {
    if (one.trigger == decision.trigger && decision.time_ns < one.until_ns) {
      violation_.complain("a trigger that a person had stopped sent the release back");
    }
  }
}

void HandOracle::orders_hold(const std::vector<HandRecord>& orders) {
  for (const Answered& asked : asked_) {
    const bool kept = asked.ok && asked.disk_sound && asked.sequence != 0;
    if (!kept) continue;
    const bool there = std::any_of(orders.begin(), orders.end(), [&](const HandRecord& order) {
      return order.command.sequence == asked.sequence && order.key == asked.key &&
             order.verb == verb_name(asked.verb) && order.actor == people[asked.person].name;
    });
    if (!there) {
      violation_.complain(fmt::format("order {} of {} is lost", asked.sequence,
                                      people[asked.person].name));
    }
  }
  for (size_t i = 0; i < orders.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (orders[i].key == orders[j].key) violation_.complain("one key has two orders");
    }
  }
}

// -- time

void HandOracle::power_lost() {
  stop_due_ = false;
  pause_due_ = false;
  served_ = 0;
}

void HandOracle::after_tick(bool served, const EngineState& state, uint32_t share) {
  if (std::exchange(pause_is_new_, false)) share_when_paused_ = share;
  if (paused_by_ != 0 && share > share_when_paused_) {
    violation_.complain(fmt::format("{} millionths are routed, {} when somebody paused the release",
                                    share, share_when_paused_));
  }
  const bool exposed = state.phase == Phase::running || state.phase == Phase::completed;
  if (!exposed) stop_due_ = false;
  if (state.paused || state.phase != Phase::running) pause_due_ = false;
  if (!stop_due_ && !pause_due_) return;
  served_ += served ? 1 : 0;
  if (served_ <= turns_max) return;
  violation_.complain(stop_due_ ? "a person sent the release back, and it did not go"
                                : "a person paused the release, and it was not");
}

}  // namespace rel::sim
