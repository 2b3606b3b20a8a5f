#include "compiler/cli/plot_samples.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "runtime/plot/release_plots.h"

namespace rel::cli {

void PlotSamples::look(const Simulation& simulation) {
  const int64_t now_ns = simulation.now_ns();
  if (now_ns != 0 && pace_.is_due(now_ns)) take(simulation, now_ns);
}

void PlotSamples::take(const Simulation& simulation, int64_t now_ns) {
  std::vector<double> values(plan_.frame_size);
  std::vector<uint8_t> causes(plan_.frame_size);
  std::vector<uint64_t> samples(plan_.frame_size);
  simulation.copy_frame(values, causes, samples);
  const uint32_t share = route_of(plan_, simulation.engine_state()).share_millionths;
  points_.push_back(
      make_series_point(now_ns, share, simulation.counters(), std::move(values), causes));
  if (!pace_.kept(now_ns)) return;
  size_t kept = 0;
  for (size_t i = 0; i < points_.size(); i += 2) points_[kept++] = std::move(points_[i]);
  points_.resize(kept);
}

Status PlotSamples::write(const Simulation& simulation, const std::string& path) {
  if (simulation.now_ns() != 0) take(simulation, simulation.now_ns());
  const std::span<const Decision> decisions = simulation.decisions();
  const auto back = std::find_if(decisions.begin(), decisions.end(), [](const Decision& decision) {
    return decision.kind == DecisionKind::rolled_back || decision.kind == DecisionKind::withdrawn;
  });
  const TriggerId trigger = back == decisions.end() ? TriggerId{} : back->trigger;
  ReleasePlots made = release_plots(plan_, points_, decisions, trigger);
  std::vector<Plot> plots;
  plots.push_back(std::move(made.share));
  std::move(made.triggered.begin(), made.triggered.end(), std::back_inserter(plots));
  std::move(made.others.begin(), made.others.end(), std::back_inserter(plots));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << plots_svg_file(plots);
  file.flush();
  if (!file) return Error{fmt::format("cannot write {}", path)};
  return ok();
}

}  // namespace rel::cli
