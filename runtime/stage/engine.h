// The stage machine as a pure step: (state, verdicts, host event, now) -> (state', commands).
// No clock, disk, network or randomness in it; the same input gives the same output, bit for bit.
// Owner: the runtime. EngineState is plain memory: it lives in a shared mapping and is journaled.
//
// Raising exposure takes two steps. The engine asks (`StepOutput::raise` with the decisions that
// must be durable); the host journals them and answers `raise_durable` with that id; only then
// the route changes. A rollback takes effect in the step that decides it.
// A raise that is refused is void with its decisions: the host drops them, and the engine asks
// anew, with new ids, once a second while the conditions still hold. A hold, a rollback or a
// withdrawal that comes between asking and answer takes the raise back; the answer is ignored.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "runtime/base/verdict.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/decision.h"
#include "runtime/stage/hand.h"

namespace rel {

// Ticks further apart than this are a clock gap: what was sustained is forgotten, and the time
// between them does not count for the clocks of stage and step.
inline constexpr int64_t clock_gap_ns_max = 1'000'000'000;

// A raise that could not be written is asked for again after this time.
inline constexpr int64_t raise_retry_ns = 1'000'000'000;

// What a sustain remembers (temporal.h says how). Times are 0 when there was none.
struct SustainState {
  int64_t true_since_ns = 0;  // held: first tick of the present run of true; keep: last known tick
  int64_t last_false_ns = 0;
  int64_t last_unknown_ns[3] = {};  // by cause: [0] insufficient, [1] no_data, [2] source_error
  // counted: bit i is the i-th last check; latch: bit 0 of `checks_true` while it is closed
  uint64_t checks_true = 0;
  uint64_t checks_false = 0;
  uint32_t checks = 0;           // made in this stage
  uint32_t failures = 0;         // of them
  uint32_t unknown_check[3] = {};  // number of the last check that was unknown, by cause
  uint8_t last = 0;              // Verdict: of the last check, or the last known one (keep)
  uint8_t reserved[3] = {};
};

enum class Phase : uint8_t {
  idle,         // not started: baseline
  running,
  completed,    // the candidate has the share of the last stage
  rolled_back,  // failed candidate: baseline
  withdrawn,    // taken back without blame: baseline
};

enum class RaiseKind : uint8_t { none, start, step, stage, complete };

// Where a raise leads.
struct Raise {
  uint64_t id = 0;
  RaiseKind kind = RaiseKind::none;
  uint8_t reserved[3] = {};
  StageId stage;
  uint32_t step = 0;  // index within the stage
  uint32_t reserved2 = 0;
};

struct TriggerState {
  int64_t since_ns = 0;          // first tick of the present run of `condition` being true
  int64_t unknown_since_ns = 0;  // first tick of the present run of being unknown for one cause
  int64_t share_since_ns = 0;    // first tick of the stage with the share that `after` waits for
  uint8_t verdict = 0;           // Verdict of `when` at the last tick
  uint8_t alerted = 0;           // alerts given in the present run: Cause bits, 8: for being true
  uint8_t shared = 0;            // shared degradation reported for the present run
  uint8_t reserved[5] = {};
};

struct EngineState {
  Phase phase = Phase::idle;
  uint8_t holding = 0;       // a `held` without its `resumed`
  uint8_t start_wanted = 0;  // asked to start, not yet in the first stage
  uint8_t watching = 0;      // in the `watch` of the last stage; `step_clock_ns` is its clock
  uint8_t paused = 0;        // by a person: nothing is raised
  uint8_t set_ready = 0;     // of a set: due to go on, or has asked to; the others may
  uint8_t reserved[2] = {};
  StageId stage;
  uint32_t step = 0;
  uint8_t warm_told = 0;     // the end of `keep baseline warm` has been told
  uint8_t reserved2[3] = {};
  int64_t started_ns = 0;        // release
  int64_t stage_entered_ns = 0;
  int64_t step_entered_ns = 0;
  int64_t stage_clock_ns = 0;    // time in the stage in which nothing held it
  int64_t step_clock_ns = 0;
  int64_t last_tick_ns = 0;
  int64_t held_since_ns = 0;
  uint64_t epoch = 0;            // rollbacks so far
  uint64_t next_decision_id = 1;
  uint64_t next_raise_id = 1;
  Raise pending;                 // asked for, not yet durable
  int64_t raise_not_before_ns = 0;  // after a refusal
  TriggerId held_by;             // while holding: what holds now; none: the stage is overdue
  uint32_t ticks_since_stage = 0;
  uint64_t step_samples = 0;       // requests of the candidate seen in the present step
  uint64_t step_samples_read = 0;  // by the aggregate at the last tick
  HandTaken hands_taken[hand_lanes];
  HandWish wish;
  uint64_t gates_passed = 0;       // by gate of the plan, a bit each
  // What is due but for gates that are closed, as of the last tick: for the host, which opens them.
  RaiseKind awaited = RaiseKind::none;
  uint8_t reserved3[3] = {};
  StageId awaited_stage;
  uint32_t stages_entered = 0;     // a bit each
  uint32_t reserved4 = 0;
  SustainState sustains[limits::sustains_max];
  TriggerState triggers[limits::triggers_max];
  int64_t overruled_until_ns[limits::triggers_max] = {};  // by trigger; 0: not
};
static_assert(std::is_trivially_copyable_v<EngineState>);

// The published route: candidate share, and the share that is copied to the candidate.
struct Route {
  uint32_t share_millionths = 0;
  uint32_t mirror_millionths = 0;
  StageId stage;
  uint64_t epoch = 0;
  uint32_t step = 0;  // within the stage

  friend bool operator==(const Route&, const Route&) = default;
};

// The route that belongs to a state. Of a release that only observes it is the baseline's.
Route route_of(const Plan& plan, const EngineState& state);

enum class HostEventKind : uint8_t {
  none,
  start,          // begin the release (asks for the raise into its first stage)
  raise_durable,  // the raise `raise_id` is on disk: take effect
  raise_refused,  // it could not be written: stay, and ask again at a later tick
  hand,           // what a person ordered
  gates,          // which gates are passed now
};

struct HostEvent {
  HostEventKind kind = HostEventKind::none;
  uint64_t raise_id = 0;
  HandCommand hand;
  uint64_t gates = 0;
};

// Verdicts of one tick: by predicate, and by sustain.
struct TickVerdicts {
  std::array<Verdict, limits::predicates_max> predicates;
  std::array<Verdict, limits::sustains_max> sustains;
};

// The frame as decisions quote it: value, causes and sample count of every frame number.
struct EvidenceSource {
  std::span<const double> values;
  std::span<const uint8_t> causes;
  std::span<const uint64_t> samples;
};

inline constexpr size_t decisions_per_step_max = 64;

struct StepOutput {
  uint32_t decision_count = 0;
  uint8_t route_changed = 0;
  uint8_t stage_changed = 0;  // raw windows start anew
  uint8_t reserved[2] = {};
  Route route;
  Raise raise;  // kind none: nothing asked for in this step
  Decision decisions[decisions_per_step_max];
};

// Evaluates every predicate in order and brings the sustains of `state` up to `now_ns`.
// `compiled` as in Evaluator. Does not allocate.
struct Evaluator;
struct FrameView;
void evaluate_tick(const Plan& plan, const Evaluator& evaluator, std::span<const double> values,
                   std::span<const uint8_t> causes, EngineState& state, int64_t now_ns,
                   TickVerdicts& verdicts);

// What the other members of a release set do; of a release without a set, nothing that matters.
struct SetPeers {
  bool ready = true;  // each is due to go on from where this release is, or further
  bool back = false;  // one of them went back
};

// One tick: rollback beats hold, hold beats promote. Does not allocate, block or throw.
void engine_tick(const Plan& plan, EngineState& state, const TickVerdicts& verdicts,
                 const EvidenceSource& frame, int64_t now_ns, StepOutput& output,
                 const SetPeers& peers = {});

// A host event between ticks.
void engine_event(const Plan& plan, EngineState& state, const HostEvent& event, int64_t now_ns,
                  StepOutput& output);

}  // namespace rel
