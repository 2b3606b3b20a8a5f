// A release in virtual time: the runtime in plain memory, events as its clock, everything durable
// at once. What a backtest, a scenario and a policy's test run.
// Input: event lines in the order they were recorded. Output: decisions. Deterministic: the same
// lines give the same decisions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/eval/evaluator.h"
#include "runtime/joins/event_joins.h"
#include "runtime/runtime.h"
#include "runtime/sources/event_decoder.h"

namespace rel {

// How time without events passes. The decisions are the same.
enum class QuietTime : uint8_t {
  every_tick,  // tick by tick
  passed_over  // in seconds, where no number can change and no timer is due
};

// A step of a stage in which a release begins as if it had come so far.
struct SimulationPlace {
  StageId stage;
  uint32_t step = 0;
};

struct SimulationOptions {
  int64_t tick_ns = 100'000'000;  // 10 ms to 1 s
  QuietTime quiet = QuietTime::passed_over;
  std::optional<SimulationPlace> place;  // none: the first stage
};

class Simulation {
 public:
  // Borrows the plan and the compiled predicates of the evaluator for its whole life.
  static Result<std::unique_ptr<Simulation>> open(const Plan& plan, const Evaluator& evaluator,
                                                  const SimulationOptions& options);
  ~Simulation();

  // Takes one line. The first event starts the release at its tick; the time of every later one is
  // reached before it is counted. A rejected line changes nothing.
  const DecodedEvent& feed(std::string_view line);

  // The same without text, for events that are made and not read: times never go back.
  void start(int64_t time_ns);
  void observe(const Observation& observation);
  void set_source(int64_t time_ns, bool answers);
  // Ticks before `time_ns` and at it, whole ticks apart.
  void advance(int64_t time_ns);
  void set_tick(int64_t tick_ns);

  // Ticks up to the last event's time, rounded up to the next tick.
  void finish();

  // Everything decided so far, oldest first.
  std::span<const Decision> decisions() const;

  int64_t now_ns() const;  // time of the last tick, 0 before the first event
  EngineState engine_state() const;
  // The frame of the last tick, as Runtime::copy_frame.
  void copy_frame(std::span<double> values, std::span<uint8_t> causes,
                  std::span<uint64_t> samples) const;
  Runtime::Counters counters() const;
  const EventCounters& event_counters() const;
  const EventJoins& joins() const;
  std::string_view category_text(double number) const;  // as EventDecoder::category_text

 private:
  Simulation();
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rel
