// What the two entry points of the stage machine, ticks and host events, share. Internal to stage/.
// Input and output: the Step that the entry point set up. Owner: the entry point, for one call.
#pragma once

#include "runtime/eval/evaluator.h"
#include "runtime/stage/engine.h"

namespace rel::stage {

// One call of the machine. `verdicts` and `frame` are there in a tick only.
struct Step {
  const Plan& plan;
  EngineState& state;
  int64_t now_ns;
  StepOutput& output;
  const TickVerdicts* verdicts = nullptr;
  const EvidenceSource* frame = nullptr;
  SetPeers peers;
};

// What a decision is about, apart from what the state says.
struct DecisionCause {
  Reason reason = Reason::release_started;
  TriggerId trigger;
  Cause cause = cause_none;
  int64_t since_ns = 0;
};

// Begins the output of a call: nothing decided, the route as it is.
void begin_output(Step& step);
// Ends it: the route that belongs to the state now, and whether it changed.
void end_output(Step& step);

// Adds a decision about the present stage. Its share is that of the state: change the state first.
Decision& emit(Step& step, DecisionKind kind, const DecisionCause& cause);

// Ends the release in a phase at the baseline; what was asked for or wished is void.
void end_release(EngineState& state, Phase phase);
// ... because the candidate has failed: the epoch goes on.
Decision& roll_back(Step& step, const DecisionCause& cause);

// Takes what a person ordered, unless it was taken before.
void take_hand(Step& step, const HandCommand& command);
// A promotion that was ordered and cannot be asked for now.
void void_wish(EngineState& state, HandRefusal why);

// Adds the numbers `predicate` rests on to the decision, while there is room.
void add_evidence(const Step& step, PredicateId predicate, Decision& decision);
// ... those of the cells that are bad in the candidate alone, by `baseline_when` of a trigger.
void add_alone_evidence(const Step& step, PredicateId shared, Decision& decision);

// Asks for a raise. The decisions of it are emitted by the caller, with `emit_raise`.
void ask_for(Step& step, RaiseKind kind, StageId stage, uint32_t step_index);
Decision& emit_raise(Step& step, DecisionKind kind, StageId stage, const DecisionCause& cause);
void ask_for_start(Step& step);

// The share of the candidate in a step of a stage, the holdback taken off; the share of requests
// that are copied to it.
uint32_t share_of(const Plan& plan, StageId stage, uint32_t step_index);
uint32_t mirror_of(const Plan& plan, StageId stage, uint32_t step_index);
// The route a state stands for, also where nothing is routed because the release only observes.
Route decided_route(const Plan& plan, const EngineState& state);

// The time the last tick or the stage's beginning lies back does not count as watched.
bool is_clock_gap(const EngineState& state, int64_t now_ns);

}  // namespace rel::stage
