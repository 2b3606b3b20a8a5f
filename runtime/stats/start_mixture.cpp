// Mixtures over starting times.
#include "runtime/stats/start_mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/stats/elementary.h"
#include "runtime/stats/special.h"

namespace rel::stats {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool can_be(const StartMixturePlan& plan) {
  return plan.grid >= 1 && plan.grid <= mixture_grid_max && plan.restart_every >= 1 &&
         plan.horizon_panes >= 1 && plan.cumulative >= 0 && plan.cumulative <= 1;
}

bool are_finite(std::span<const double> factors, size_t size) {
  return factors.size() == size &&
         std::ranges::all_of(factors, [](double f) { return std::isfinite(f); });
}

uint64_t restarts_in(const StartMixturePlan& plan, uint64_t panes) {
  const uint64_t within = std::min<uint64_t>(panes, plan.horizon_panes);
  return (within + plan.restart_every - 1) / plan.restart_every;
}

double restart_capital(const StartMixturePlan& plan) {
  return (1 - plan.cumulative) / static_cast<double>(restarts_in(plan, plan.horizon_panes));
}

}  // namespace

StartMixture start_mixture(const StartMixturePlan& plan) {
  StartMixture state;
  state.plan = plan;
  state.log_a.fill(can_be(plan) ? elementary::log(plan.cumulative) : nan);
  return state;
}

PaneTaken StartMixture::update(int64_t id, std::span<const double> factors) {
  if (id <= last_pane) return PaneTaken::repeated;
  if (!can_be(plan) || !are_finite(factors, plan.grid)) return PaneTaken::refused;
  const bool restarts = panes < plan.horizon_panes && panes % plan.restart_every == 0;
  const double added = restarts ? elementary::log(restart_capital(plan)) : -infinity;
  for (size_t j = 0; j < factors.size(); ++j) {
    log_a[j] = log_add_exp(log_a[j], added) + factors[j];
  }
  ++panes;
  last_pane = id;
  return PaneTaken::taken;
}

double StartMixture::log_e() const {
  if (!can_be(plan)) return nan;
  const uint64_t left = restarts_in(plan, plan.horizon_panes) - restarts_in(plan, panes);
  const double unspent = static_cast<double>(left) * restart_capital(plan);
  return log_add_exp(log_mean_exp(std::span(log_a).first(plan.grid)), elementary::log(unspent));
}

PaneTaken ShiryaevRoberts::update(int64_t id, std::span<const double> factors) {
  if (id <= last_pane) return PaneTaken::repeated;
  if (grid < 1 || grid > mixture_grid_max || !are_finite(factors, grid)) return PaneTaken::refused;
  for (size_t j = 0; j < factors.size(); ++j) {
    log_r[j] = (panes == 0 ? 0 : log_add_exp(log_r[j], 0)) + factors[j];
  }
  ++panes;
  last_pane = id;
  return PaneTaken::taken;
}

double ShiryaevRoberts::log_r_mean() const {
  if (grid < 1 || grid > mixture_grid_max) return nan;
  return panes == 0 ? -infinity : log_mean_exp(std::span(log_r).first(grid));
}

}  // namespace rel::stats
