// What must hold of people's orders, judged by who asked for what and by what is on record: only
// who may is obeyed, an order is carried out once, nothing is raised past a pause or a gate, a
// trigger stands still while it is overruled, what takes exposure away works at once.
// Input: orders and answers, durable decisions, ticks. Output: complaints. Owner: the oracle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/journal/journal.h"
#include "runtime/stage/engine.h"
#include "tests/sim/policies.h"
#include "tests/sim/scenario.h"
#include "tests/sim/violation.h"

namespace rel::sim {

// One request at the control socket, and what came back.
struct Answered {
  Verb verb = Verb::pause;
  size_t person = 0;
  std::string key;
  bool stale = false;         // names an epoch that has passed
  int64_t until_ns = 0;       // override
  int64_t asked_ns = 0;
  bool ok = false;
  bool accepted = false;      // on its way, not done or refused yet
  uint64_t sequence = 0;      // 0: none was given
  bool disk_sound = false;
  Phase phase = Phase::idle;  // when it was asked
};

class HandOracle {
 public:
  HandOracle(const Plan& plan, const PolicyFacts& facts, Violation& violation);

  // Somebody asks; what comes back, if anything, follows. Until then it may have been heard.
  void asks(const Answered& asked) { asked_.push_back(asked); }
  void answered(const Answered& asked);
  void durable(const JournalEntry& entry, int64_t now_ns);
  // Every order of the journal, after it was opened.
  void orders_hold(const std::vector<HandRecord>& orders);
  void power_lost();
  void disturbed() { served_ = 0; }
  // `served`: evaluator and host have both had their turn.
  void after_tick(bool served, const EngineState& state, uint32_t share);

  // Some trigger may stand still because a person said so.
  bool may_overrule(int64_t now_ns) const { return now_ns < overruled_until_ns_; }
  bool quarantine_cleared() const { return cleared_; }

 private:
  void check_gates(const Decision& decision, int64_t now_ns);
  void check_order(const JournalEntry& entry);
  void check_overruled(const Decision& decision);
  size_t people_who(Verb verb, int64_t since_ns) const;
  const Answered* with_sequence(uint64_t sequence) const;

  // A trigger that a person has stopped.
  struct Overruled {
    TriggerId trigger;
    int64_t until_ns = 0;
  };

  const Plan& plan_;
  const PolicyFacts& facts_;
  Violation& violation_;
  std::vector<Answered> asked_;
  std::vector<std::pair<uint64_t, DecisionKind>> obeyed_;
  std::vector<Overruled> overruled_;
  int64_t overruled_until_ns_ = 0;
  bool cleared_ = false;
  // On record, until somebody resumes: the pause, and what was routed then.
  uint64_t paused_by_ = 0;
  uint32_t share_when_paused_ = 0;
  bool pause_is_new_ = false;
  bool stop_due_ = false;   // a rollback or withdrawal was accepted
  bool pause_due_ = false;
  int served_ = 0;
};

}  // namespace rel::sim
