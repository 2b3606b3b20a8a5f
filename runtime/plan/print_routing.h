// The routing part of a printed plan: forced routes, audience, waves, stickiness, its set.
// Input: a verified plan. Output: lines, one fact each; none for what the plan does not have.
#pragma once

#include <string>

#include "runtime/plan/plan.h"

namespace rel {

std::string print_routing(const Plan& plan);

// What a step of waves reaches, as a policy would write it: `"eu" and "us"`, `"eu" and other`.
std::string wave_text(const Plan& plan, const WaveStage& waves, uint64_t reach);

// The row of a stage of waves; null for a stage of another kind.
const WaveStage* waves_of(const Plan& plan, StageId stage);

}  // namespace rel
