// Which parts of the population a trigger does not look at now, for too little data: `in any
// region` leaves them out. Input: a trigger of the plan and the frame of the last tick. Output:
// cells of the plan, each once. Owner: the status of the host.
#pragma once

#include <vector>

#include "runtime/eval/evaluator.h"

namespace rel {

std::vector<uint32_t> uncovered_cells(const Plan& plan, const Trigger& trigger,
                                      const FrameView& frame);

}  // namespace rel
