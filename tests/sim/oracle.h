// What must hold whatever goes wrong, judged from outside: from what was observed, what was
// acknowledged as durable, and what is routed. It shares no code with the runtime's windows,
// predicates or machine.
// Input: what the world sees, tick by tick. Output: the first rule that was broken, in words.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/journal/journal.h"
#include "runtime/stage/engine.h"
#include "tests/sim/scenario.h"

namespace rel::sim {

// Requests that carried valid values in time, of one lane arm and tick.
struct Traffic {
  uint32_t requests = 0;
  uint32_t failures = 0;
};

struct TickFacts {
  std::array<Traffic, 3> arms;  // live baseline, live candidate, shadow
  bool source_failing = false;
  bool both_arms_fail = false;
  bool evaluated = false;  // some worker ticked
};

enum class Disturbance : uint8_t {
  windows_emptied,  // an evaluator was replaced, time jumped: evidence starts anew
  volatile_lost,    // a power cut: the mapping is gone, only the journal remembers
};

class Oracle {
 public:
  Oracle(const Plan& plan, const Scenario& scenario);

  void disturbed(Disturbance what);
  // Became durable: acknowledged by the journal.
  void durable(const JournalEntry& entry);
  // After every process had its turn: what happened in this tick, and what is in force.
  void after_tick(const TickFacts& facts, const EngineState& state, const Route& route);
  // A tick in which nothing runs that could be looked at.
  void dark_tick();
  // Which side a user of the panel is on now.
  void user(uint32_t number, bool candidate, uint32_t share);
  // All decisions of the journal, after the sidecar has opened it again and at the end.
  void journal_holds(const std::vector<LoggedDecision>& logged);
  void complain(const std::string& what);

  const std::string& violation() const { return violation_; }
  bool back_is_durable() const { return back_durable_; }

  static constexpr uint32_t panel = 32;  // users asked

 private:
  using Position = std::pair<uint32_t, uint32_t>;  // stage, step

  void check_exposure(const EngineState& state, const Route& route);
  void check_return(const EngineState& state, const Route& route);
  void check_promptness(const EngineState& state);
  void note_position(const EngineState& state);
  void check_raise(const JournalEntry& entry);
  void check_rollback(const Decision& decision);
  Traffic over(size_t arm, int last_tick, int ticks) const;
  bool bad_at(size_t arm, int tick) const;

  struct Acknowledged {
    uint64_t id;
    DecisionKind kind;
    int64_t time_ns;
  };

  const Plan& plan_;
  const Scenario& scenario_;
  std::string violation_;
  int tick_ = 0;
  std::vector<Acknowledged> acknowledged_;
  std::vector<std::array<Traffic, 3>> totals_;  // up to and with each tick
  std::vector<uint8_t> failing_;                // the source, at each tick
  std::map<Position, int> reached_;             // first tick of each position
  std::map<uint32_t, int> entered_;             // first tick of each stage
  std::map<uint64_t, std::pair<int, Position>> asked_;  // by raise: when, and from where
  uint64_t pending_ = 0;
  uint32_t permitted_share_ = 0;  // by durable decisions
  int undisturbed_ = 0;           // ticks since evidence last started anew
  int since_both_failed_ = 1 << 30;
  int overdue_ = 0;               // ticks a rollback has been due
  int source_failing_ = 0;        // ticks in a row, the longest run so far
  int source_run_ = 0;
  bool back_seen_ = false;        // in the mapping
  bool back_durable_ = false;
  StageId stage_;
  std::array<uint32_t, panel> in_at_share_ = {};  // 0: not with the candidate
};

}  // namespace rel::sim
