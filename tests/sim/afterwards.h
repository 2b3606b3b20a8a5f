// The next release of the same candidate, in the state directory of one that has ended: it does not
// start while the candidate is quarantined or the model cools down, whoever wants it, and starts
// once somebody who may has cleared it and the time is over.
// Input: the member that has ended, the next release's plan. Output: complaints to its oracle.
#pragma once

#include "tests/sim/member.h"

namespace rel::sim {

void try_afterwards(Member& ended, const Plan& next, Surroundings& around);

}  // namespace rel::sim
