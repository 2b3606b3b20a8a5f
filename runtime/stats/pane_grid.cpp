// The pane-grid e-process.
#include "runtime/stats/pane_grid.h"

#include <algorithm>
#include <cmath>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

bool is_ratio(double r) { return r > 0 && std::isfinite(r); }

}  // namespace

bool pane_grid_factors(const PaneCounts& pane, double r0,
                       std::span<double, ratio_grid_size> log_factors) {
  if (!is_possible(pane) || !is_ratio(r0)) return false;
  // One arm alone says nothing of a ratio: its factor is 1 at every grid point.
  if (pane.n_c == 0 || pane.n_b == 0) {
    std::ranges::fill(log_factors, 0.0);
    return true;
  }
  const double n_c = static_cast<double>(pane.n_c);
  const double share = n_c / (n_c + static_cast<double>(pane.n_b));
  return known_share_factors(static_cast<double>(pane.k_c), static_cast<double>(pane.k_b), share,
                             r0, ratio_grid, log_factors);
}

bool known_share_factors(double k_c, double k_b, double pi, double r0,
                         std::span<const double> grid, std::span<double> log_factors) {
  if (!(k_c >= 0) || !(k_b >= 0) || !std::isfinite(k_c + k_b) || !(pi >= 0) || !(pi <= 1) ||
      !is_ratio(r0) || log_factors.size() != grid.size()) {
    return false;
  }
  if (!std::ranges::all_of(grid, is_ratio)) return false;
  const double null = pi * r0 + (1 - pi);
  for (size_t j = 0; j < grid.size(); ++j) {
    const double alternative = pi * r0 * grid[j] + (1 - pi);
    // Most panes of a small canary have no event of its own: no logarithm for them.
    const double own = k_c == 0 ? 0 : k_c * elementary::log(grid[j]);
    log_factors[j] = own + (k_c + k_b) * elementary::log(null / alternative);
  }
  return true;
}

PaneTaken PaneGrid::update(int64_t id, const PaneCounts& pane) {
  if (id <= last_pane) return PaneTaken::repeated;
  std::array<double, ratio_grid_size> factors;
  if (!pane_grid_factors(pane, r0, factors)) return PaneTaken::refused;
  last_pane = id;
  if (is_empty(pane)) return PaneTaken::empty;
  for (size_t j = 0; j < factors.size(); ++j) log_s[j] += factors[j];
  return PaneTaken::taken;
}

bool PaneGrid::merge(const PaneGrid& other) {
  if (r0 != other.r0) return false;
  for (size_t j = 0; j < log_s.size(); ++j) log_s[j] += other.log_s[j];
  last_pane = std::max(last_pane, other.last_pane);
  return true;
}

double PaneGrid::log_e() const { return log_mean_exp(log_s); }

}  // namespace rel::stats
