// A stage machine under test: a plan built by hand, in which each trigger reads one number of its
// own, and a driver that sets those numbers, ticks and answers raises. No clock, no runtime.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "runtime/eval/evaluator.h"
#include "runtime/stage/engine.h"

namespace rel::machine_test {

inline constexpr int64_t ms = 1'000'000;
inline constexpr int64_t second = 1000 * ms;
inline constexpr int64_t machine_start = 1'700'000'000 * second;

struct TriggerRow {
  TriggerAction action = TriggerAction::rollback;
  StageId stage;               // none: every stage
  int64_t for_ns = 0;           // `for`, `every` or `keep last`; a latch has 1 here
  SustainKind kind = SustainKind::held;
  uint32_t count = 0;
  uint32_t of = 0;
  int64_t after_ns = 0;
  uint32_t after_share = 0;
  bool reads_baseline = false;  // has a `baseline_when`
  bool even_if_baseline = false;
};

struct StageRow {
  std::vector<Step> steps;  // {share, 0, duration}
  int64_t soak_ns = 0;
  int64_t at_least_ns = 0;
  int64_t at_most_ns = 0;
  Otherwise otherwise = Otherwise::none;
  uint32_t holdback = 0;
  uint32_t mirror = 0;
  StageKind kind = StageKind::steps;
  int64_t watch_ns = 0;
  int64_t keep_warm_ns = 0;
  uint32_t step_samples_min = 0;
};

inline StringId add_text(Plan& plan, std::string text) {
  plan.strings.push_back(std::move(text));
  return StringId{static_cast<uint32_t>(plan.strings.size() - 1)};
}

// `number > 0.5` over an aggregate of its own.
inline PredicateId add_input(Plan& plan, const std::string& name) {
  const uint32_t aggregate = static_cast<uint32_t>(plan.aggregates.size());
  Aggregate row;
  row.frame_first = plan.frame_size++;
  row.text = add_text(plan, name);
  plan.aggregates.push_back(row);
  const uint32_t first = static_cast<uint32_t>(plan.nodes.size());
  plan.nodes.push_back({.op = Op::load, .a = aggregate});
  plan.nodes.push_back({.op = Op::constant, .constant = 0.5});
  plan.nodes.push_back({.op = Op::gt, .a = first, .b = first + 1});
  plan.predicates.push_back({.nodes = {first, 3}, .text = add_text(plan, name + " > 0.5")});
  return PredicateId{static_cast<uint32_t>(plan.predicates.size() - 1)};
}

inline PredicateId add_sustained(Plan& plan, const Sustain& row) {
  const uint32_t sustain = static_cast<uint32_t>(plan.sustains.size());
  plan.sustains.push_back(row);
  const uint32_t first = static_cast<uint32_t>(plan.nodes.size());
  plan.nodes.push_back({.op = Op::sustained, .a = sustain});
  plan.predicates.push_back({.nodes = {first, 1}, .text = add_text(plan, "sustained")});
  return PredicateId{static_cast<uint32_t>(plan.predicates.size() - 1)};
}

// Returns the trigger; its number in the frame is the aggregate `2 * trigger`, the baseline's the
// one after it (every trigger has both, used or not). A latch is ended by the latter.
inline TriggerId add_trigger(Plan& plan, const TriggerRow& row) {
  const uint32_t id = static_cast<uint32_t>(plan.triggers.size());
  Trigger trigger;
  trigger.name = add_text(plan, "trigger_" + std::to_string(id));
  trigger.text = trigger.name;
  trigger.action = row.action;
  trigger.stage = row.stage;
  trigger.even_if_baseline = row.even_if_baseline;
  trigger.after_ns = row.after_ns;
  trigger.after_share_millionths = row.after_share;
  trigger.condition = add_input(plan, "input_" + std::to_string(id));
  const PredicateId baseline = add_input(plan, "baseline_" + std::to_string(id));
  if (row.reads_baseline) trigger.baseline_when = baseline;
  trigger.when = trigger.condition;
  if (row.for_ns > 0) {
    trigger.sustain = SustainId{static_cast<uint32_t>(plan.sustains.size())};
    const bool latch = row.kind == SustainKind::latch;
    trigger.when = add_sustained(plan, {.input = trigger.condition,
                                        .duration_ns = latch ? 0 : row.for_ns,
                                        .kind = row.kind,
                                        .count = row.count,
                                        .of = row.of,
                                        .until = latch ? baseline : PredicateId{}});
  }
  plan.triggers.push_back(trigger);
  return TriggerId{id};
}

inline StageId add_stage(Plan& plan, const StageRow& row) {
  Stage stage;
  stage.name = add_text(plan, "stage_" + std::to_string(plan.stages.size()));
  stage.kind = row.kind;
  stage.steps = {static_cast<uint32_t>(plan.steps.size()), static_cast<uint32_t>(row.steps.size())};
  stage.soak_ns = row.soak_ns;
  stage.at_least_ns = row.at_least_ns;
  stage.at_most_ns = row.at_most_ns;
  stage.otherwise = row.otherwise;
  stage.holdback_millionths = row.holdback;
  stage.mirror_millionths = row.mirror;
  stage.watch_ns = row.watch_ns;
  stage.keep_warm_ns = row.keep_warm_ns;
  stage.step_samples_min = row.step_samples_min;
  stage.otherwise_reason = add_text(plan, "took too long");
  plan.steps.insert(plan.steps.end(), row.steps.begin(), row.steps.end());
  plan.stages.push_back(stage);
  return StageId{static_cast<uint32_t>(plan.stages.size() - 1)};
}

// The number that stages with `step_samples_min` read: the last of the frame. Add triggers first.
inline void add_request_count(Plan& plan) {
  const AggregateId aggregate{static_cast<uint32_t>(plan.aggregates.size())};
  Aggregate row;
  row.frame_first = plan.frame_size++;
  row.text = add_text(plan, "samples(candidate)");
  plan.aggregates.push_back(row);
  for (Stage& stage : plan.stages) {
    if (stage.step_samples_min > 0) stage.step_samples = aggregate;
  }
}

// A daily window in UTC, from minute to minute of the day.
inline Rows<IncreaseWindowId> add_window(Plan& plan, IncreaseRule rule, uint16_t from,
                                         uint16_t to) {
  if (plan.zones.empty()) plan.zones.push_back({.name = add_text(plan, "UTC")});
  const uint32_t row = static_cast<uint32_t>(plan.increase_windows.size());
  plan.increase_windows.push_back({.rule = rule,
                                   .weekdays = 0x7f,
                                   .from_minute = from,
                                   .to_minute = to,
                                   .zone = ZoneId{0},
                                   .text = add_text(plan, "daily")});
  return {row, 1};
}

enum class Answers : uint8_t { durable_at_once, none };

class Machine {
 public:
  explicit Machine(const Plan& plan, Answers answers = Answers::durable_at_once,
                   int64_t start_ns = machine_start)
      : plan_(plan),
        answers_(answers),
        now_(start_ns),
        values_(plan.frame_size, 0.0),
        causes_(plan.frame_size, 0),
        samples_(plan.frame_size, 1000) {}

  void set(TriggerId trigger, Verdict verdict) { set_number(2 * trigger.value, verdict); }
  void set_baseline(TriggerId trigger, Verdict verdict) {
    set_number(2 * trigger.value + 1, verdict);
  }

  // One number of the frame, for plans that were not built here.
  void set_place(uint32_t place, double value, uint8_t causes) {
    values_[place] = value;
    causes_[place] = causes;
  }

  // Requests of the candidate since the last tick, in the window of the stage.
  void add_requests(uint32_t count) { values_.back() += count; }

  void start() { event({.kind = HostEventKind::start}); }

  void event(const HostEvent& event) {
    engine_event(plan_, *state_, event, now_, *output_);
    take_output();
  }

  // One tick `step_ns` later.
  void tick(int64_t step_ns = 100 * ms) {
    now_ += step_ns;
    if (step_ns > clock_gap_ns_max) restart_windows();
    evaluate_tick(plan_, Evaluator{&plan_, {}}, values_, causes_, *state_, now_, *verdicts_);
    engine_tick(plan_, *state_, *verdicts_, {values_, causes_, samples_}, now_, *output_);
    take_output();
  }

  void tick_for(int64_t duration_ns) {
    for (int64_t passed = 0; passed < duration_ns; passed += 100 * ms) tick();
  }

  const EngineState& state() const { return *state_; }
  EngineState& state() { return *state_; }
  const StepOutput& output() const { return *output_; }
  uint32_t share() const { return route_of(plan_, *state_).share_millionths; }
  int64_t now() const { return now_; }

  std::vector<Decision> log;

  std::vector<DecisionKind> kinds() const {
    std::vector<DecisionKind> all;
    for (const Decision& decision : log) all.push_back(decision.kind);
    return all;
  }

 private:
  void set_number(uint32_t place, Verdict verdict) {
    values_[place] = verdict == Verdict::is_true ? 1 : 0;
    causes_[place] = cause_of(verdict);
  }

  void restart_windows() {
    const bool counts = plan_.frame_size > 2 * plan_.triggers.size();
    if (counts) values_.back() = 0;
  }

  void take_output() {
    if (output_->stage_changed) restart_windows();
    log.insert(log.end(), output_->decisions, output_->decisions + output_->decision_count);
    if (answers_ == Answers::none || output_->raise.kind == RaiseKind::none) return;
    engine_event(plan_, *state_,
                 {.kind = HostEventKind::raise_durable, .raise_id = output_->raise.id}, now_,
                 *output_);
    if (output_->stage_changed) restart_windows();
  }

  const Plan& plan_;
  Answers answers_;
  int64_t now_;
  std::vector<double> values_;
  std::vector<uint8_t> causes_;
  std::vector<uint64_t> samples_;
  std::unique_ptr<EngineState> state_ = std::make_unique<EngineState>();
  std::unique_ptr<StepOutput> output_ = std::make_unique<StepOutput>();
  std::unique_ptr<TickVerdicts> verdicts_ = std::make_unique<TickVerdicts>();
};

}  // namespace rel::machine_test
