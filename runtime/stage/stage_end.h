// The ends of a stage beside its times: the switch of a `blue_green` stage, steps that wait for
// samples, the watch of the last stage, and the baseline kept warm after it. Internal to stage/,
// but for what the host shows and the runtime reads.
// Input and output: the state of the machine, or the Step of a tick.
#pragma once

#include "runtime/stage/step_parts.h"

namespace rel::stage {

// A trigger of the stage, or one of the release that the stage does not replace by one of its own.
bool belongs_to(const Trigger& trigger, StageId stage);

// The candidate is read from the shadow lane: it answers nobody yet.
bool reads_shadow(const Plan& plan, const EngineState& state);

// A `blue_green` stage after its switch.
bool is_switched(const Stage& row, const EngineState& state);

// `at most` is of the way up: it ends with the switch, and with all that comes before a watch.
bool has_limit(const Stage& row, const EngineState& state);

// Adds what the candidate has answered since the last tick to the present step. Windows that began
// anew count from nothing; what they lost is not counted.
void count_step_samples(Step& step);

void begin_watch(EngineState& state);
// Asks for the end of the release once the watch is full.
void complete_if_watched(Step& step);

// When the baseline need not be kept warm any more: a while after the candidate got everything, and
// not before the release is complete. INT64_MAX: told already, or nothing was kept.
int64_t baseline_release_ns(const Plan& plan, const EngineState& state);
// Tells it, once.
void release_baseline_if_due(Step& step);

}  // namespace rel::stage
