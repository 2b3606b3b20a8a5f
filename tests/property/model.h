// A small independent model of the stage machine: it keeps everything it has seen and reads the
// rules of the design off that history at every tick, by brute force. Raises are durable at once.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/property/machine.h"

namespace rel::machine_test {

struct ModelDecision {
  DecisionKind kind;
  uint32_t trigger = TriggerId::none_value;
  friend bool operator==(const ModelDecision&, const ModelDecision&) = default;
};

class Model {
 public:
  explicit Model(const Plan& plan, int64_t now) : plan_(plan) { enter(0, now); }

  // What was seen at one tick: the verdict of each trigger's condition, and of its baseline, which
  // is what ends a latch.
  struct Seen {
    int64_t time = 0;
    uint32_t requests = 0;  // of the candidate, since the last tick
    std::vector<Verdict> condition;
    std::vector<Verdict> baseline;
  };
  std::vector<ModelDecision> tick(const Seen& seen);

  Phase phase = Phase::running;
  uint32_t stage = 0;
  uint32_t step = 0;
  bool holding = false;
  bool watching = false;

 private:
  struct Moment {
    int64_t time;
    std::vector<Verdict> condition;
    std::vector<Verdict> when;
    std::vector<Verdict> baseline;
    bool first_after_gap;
  };

  void enter(uint32_t index, int64_t now);
  Verdict sustained(size_t trigger, int64_t now, Verdict present) const;
  Verdict held(size_t trigger, int64_t duration, int64_t now) const;
  Verdict kept(size_t trigger, int64_t duration, int64_t now) const;
  Verdict latched(size_t trigger) const;
  std::vector<Verdict> checks(size_t trigger, int64_t every, int64_t now) const;
  Verdict counted(const Sustain& sustain, const std::vector<Verdict>& checks) const;
  const UnknownRule& rule_for(size_t trigger, uint8_t cause) const;
  bool acts(size_t trigger) const;
  bool acted_at(size_t trigger, int64_t time) const;
  Verdict when(size_t trigger) const { return past_.back().when[trigger]; }
  bool shared(size_t trigger) const;
  int64_t unknown_for(size_t trigger) const;
  UnknownAction unknown_action(size_t trigger, bool& holds) const;
  bool gates_pass(TriggerAction action) const;
  int first_acting(TriggerAction action) const;
  bool is_here(size_t trigger) const;
  bool switched() const;
  bool limited() const;
  bool may_grow(uint32_t to_stage, uint32_t to_step) const;
  bool step_is_over() const;
  void leave_step(std::vector<ModelDecision>& out);
  void leave_stage(std::vector<ModelDecision>& out);
  void cool_down(int64_t now, std::vector<ModelDecision>& out);
  bool find_rollback(std::vector<ModelDecision>& out);
  int find_holder() const;
  void hold_or_resume(std::vector<ModelDecision>& out);
  void alerts(std::vector<ModelDecision>& out);
  void go_on(std::vector<ModelDecision>& out);
  void overdue(std::vector<ModelDecision>& out, bool left);

  static constexpr int nobody = -1;
  static constexpr int the_stage = -2;  // held because `at most` has passed

  const Plan& plan_;
  std::vector<Moment> past_;  // since the stage was entered
  int64_t entered_ = 0;
  int64_t last_tick_ = 0;
  int64_t stage_clock_ = 0;
  int64_t step_clock_ = 0;
  std::vector<std::pair<int64_t, uint32_t>> shares_;  // of the stage: since when, how much
  int64_t step_entered_ = 0;
  int64_t watch_clock_ = 0;
  uint64_t step_requests_ = 0;
  bool warm_told_ = false;
  int holder_ = nobody;
  std::vector<std::vector<uint8_t>> alerted_;  // by trigger: for true, and for each cause
  std::vector<uint8_t> shared_told_;
};

}  // namespace rel::machine_test
