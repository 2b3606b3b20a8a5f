// What must hold whatever goes wrong, judged from outside: from what was observed, what was
// acknowledged as durable, and what is routed. It shares no code with the runtime's windows,
// predicates or machine. One a release; orders and the way back are judged in files of their own.
// Input: what the world sees, tick by tick. Output: the first rule that was broken, in words.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/journal/journal.h"
#include "runtime/stage/engine.h"
#include "tests/sim/hand_oracle.h"
#include "tests/sim/policies.h"
#include "tests/sim/scenario.h"
#include "tests/sim/violation.h"
#include "tests/sim/way_back_oracle.h"

namespace rel::sim {

// Requests that carried valid values in time, of one lane arm and tick; those whose values are none
// are requests all the same, and say nothing.
struct Traffic {
  uint32_t requests = 0;
  uint32_t without_values = 0;
  uint32_t failures = 0;
};

struct TickFacts {
  std::array<Traffic, 3> arms;  // live baseline, live candidate, shadow
  bool source_failing = false;
  bool both_arms_fail = false;
  bool evaluated = false;  // some worker ticked
  bool hosted = false;     // the sidecar had its turn
  bool calm = false;       // ... and runs on a disk that works
  int64_t now_ns = 0;
  int64_t steady_ns = 0;
};

enum class Disturbance : uint8_t {
  windows_emptied,  // an evaluator was replaced, time jumped: evidence starts anew
  volatile_lost,    // a power cut: the mapping is gone, only the journal remembers
};

class Oracle {
 public:
  Oracle(const Plan& plan, const PolicyFacts& facts, const Scenario& scenario);

  void disturbed(Disturbance what);
  // Became durable: acknowledged by the journal.
  void durable(const JournalEntry& entry, int64_t now_ns);
  // After every process had its turn: what happened in this tick, and what is in force.
  void after_tick(const TickFacts& facts, const EngineState& state, const Route& route);
  // A tick in which nothing runs that could be looked at.
  void dark_tick();
  // Which side a user of the panel is on now.
  void user(uint32_t number, bool candidate, uint32_t share);
  // All decisions of the journal, after the sidecar has opened it again and at the end.
  void journal_holds(const std::vector<LoggedDecision>& logged);
  void complain(const std::string& what) { violation_.complain(what); }

  // Another member of the release's set is back.
  void peer_is_back() { peer_back_ = true; }
  // How far the release ever was, in steps of the plan; -1: nowhere.
  int furthest() const { return furthest_; }
  int64_t evaluated_ticks() const { return evaluated_ticks_; }

  HandOracle& hands() { return hands_; }
  WayBackOracle& way_back() { return way_back_; }
  const std::string& violation() const { return violation_.text; }
  // The failed candidate is quarantined since; nothing: it did not fail, or was cleared.
  std::optional<int64_t> quarantined_since_ns() const;
  // The model cools down since.
  const std::optional<int64_t>& failed_ns() const { return failed_ns_; }

  static constexpr uint32_t panel = 32;  // users asked

 private:
  using Position = std::pair<uint32_t, uint32_t>;  // stage, step

  void check_exposure(const EngineState& state, const Route& route);
  void check_return(const EngineState& state, const Route& route);
  void check_promptness(const EngineState& state);
  void note_position(const EngineState& state);
  void check_raise(const JournalEntry& entry);
  void check_rollback(const Decision& decision);
  void note(const Decision& decision);
  Traffic over(size_t arm, int last_tick, int ticks) const;
  bool bad_at(size_t arm, int tick) const;

  struct Acknowledged {
    uint64_t id;
    DecisionKind kind;
    int64_t time_ns;
  };

  const Plan& plan_;
  const PolicyFacts& facts_;
  const Scenario& scenario_;
  Violation violation_;
  HandOracle hands_;
  WayBackOracle way_back_;
  int tick_ = 0;
  int64_t now_ns_ = 0;
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
  bool peer_back_ = false;
  int followed_set_ = -1;  // the tick it was on record
  int furthest_ = -1;
  int64_t evaluated_ticks_ = 0;
  std::optional<int64_t> failed_ns_;  // the rollback, on record
  StageId stage_;
  std::array<uint32_t, panel> in_at_share_ = {};  // 0: not with the candidate
};

}  // namespace rel::sim
