// What `relc simulate --plot` draws: samples in virtual time, as a host keeps them of a release.
// Input: looks at a simulation as it goes on. Output: one SVG file. Owner: the command.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/plot/series.h"
#include "runtime/simulation/simulation.h"

namespace rel::cli {

class PlotSamples {
 public:
  // Borrows the plan.
  explicit PlotSamples(const Plan& plan) : plan_(plan), pace_(series_points_max(plan)) {}

  void look(const Simulation& simulation);
  // The last moment is always among the samples.
  Status write(const Simulation& simulation, const std::string& path);

 private:
  void take(const Simulation& simulation, int64_t now_ns);

  const Plan& plan_;
  SeriesPace pace_;
  std::vector<SeriesPoint> points_;
};

}  // namespace rel::cli
