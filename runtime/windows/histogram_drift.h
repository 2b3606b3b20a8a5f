// How far the candidate's values are from the baseline's in the same window, off their histograms.
// Input: two histograms of the same buckets. Output: one number. Pure; does not allocate.
//
// PSI and Jensen-Shannon are of ten groups, the tenths of the baseline's values, as is usual: finer
// ones would mostly measure chance (E[PSI] without drift is about 9 (1/n + 1/m), Yurdakul 2018).
// KS is of the buckets themselves.
#pragma once

#include "runtime/plan/plan.h"
#include "runtime/windows/windows.h"

namespace rel {

// `fn` compares histograms; neither of them is empty.
double histogram_drift(AggregateFn fn, const WindowReading& baseline,
                       const WindowReading& candidate);

}  // namespace rel
