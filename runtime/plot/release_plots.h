// The plots of a release: its share, and each measured number of both arms with the limits its
// triggers set. Pure.
// Input: a plan, its samples, its decisions. Output: plots for reports and `relc simulate --plot`.
#pragma once

#include <span>
#include <vector>

#include "runtime/plot/plot.h"
#include "runtime/plot/series.h"
#include "runtime/stage/decision.h"

namespace rel {

struct ReleasePlots {
  Plot share;
  std::vector<Plot> triggered;  // what the trigger that decided reads
  std::vector<Plot> others;
};

// `trigger` none: nothing decided by a trigger, all are others. Each list has at most
// limits::plots_max plots, of the plan's first aggregates.
ReleasePlots release_plots(const Plan& plan, std::span<const SeriesPoint> points,
                           std::span<const Decision> decisions, TriggerId trigger);

}  // namespace rel
