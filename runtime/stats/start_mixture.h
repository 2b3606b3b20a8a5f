// MIX and e-SR: evidence that starts over again and again, for regressions that come late.
// Input: the log factors of one pane for each grid point (pane_grid, label_tilt, ripr). Output: log
// E.
// Owner: whoever evaluates the trigger; both states are plain memory.
//
// MIX spreads a capital of 1 over starting times: `cumulative` at the start, the rest in equal
// parts at each restart. A weighted mean of e-processes is an e-process, so P(E >= 1/alpha ever in
// the stage) <= alpha. e-SR adds 1 each pane; with the threshold A the mean time to a false alarm
// is at least A panes (Shin, Ramdas and Rinaldo, NEJSDS 2023), for watching without an end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/stats/evidence.h"

namespace rel::stats {

inline constexpr size_t mixture_grid_max = 8;

struct StartMixturePlan {
  uint32_t grid = 0;           // points in use, 1 to mixture_grid_max
  uint32_t restart_every = 1;  // panes
  uint32_t horizon_panes = 0;  // length of the stage; no restart after it
  double cumulative = 0.5;     // capital that starts at once, 0 to 1
};

struct StartMixture {
  StartMixturePlan plan;
  std::array<double, mixture_grid_max> log_a{};
  uint64_t panes = 0;  // taken so far
  int64_t last_pane = INT64_MIN;

  // `factors` holds plan.grid finite logarithms; refused otherwise.
  [[nodiscard]] PaneTaken update(int64_t id, std::span<const double> factors);
  double log_e() const;
};

// Ready for the first pane. A plan that cannot be (no grid, no restart interval, no horizon,
// capital outside 0 to 1) gives a state whose log_e is NaN and which refuses every pane.
StartMixture start_mixture(const StartMixturePlan& plan);

struct ShiryaevRoberts {
  uint32_t grid = 0;
  uint32_t reserved = 0;
  std::array<double, mixture_grid_max> log_r{};
  uint64_t panes = 0;
  int64_t last_pane = INT64_MIN;

  [[nodiscard]] PaneTaken update(int64_t id, std::span<const double> factors);

  // log R; compare with log A, A the wanted mean number of panes between false alarms.
  double log_r_mean() const;
};

}  // namespace rel::stats
