// Routing one request by all that a policy says about it: a forced route or the audience first,
// then the key's share, then the wave its segment value belongs to.
// Input: what the gateway read of the request. Output: the route, and whether the request is in the
// release's population: only those that are may be compared. Wait-free.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "runtime/base/limits.h"
#include "runtime/plan/plan.h"
#include "runtime/route/route_key.h"

namespace rel {

// What the forced routes and the audience of a plan make of a request. `values` by request slot; no
// data: the request does not have that part.
RouteTarget target_of(const Plan& plan, std::span<const std::string_view> values);

// The stages of waves by their index, so that a request finds its own without a search.
class WaveTable {
 public:
  explicit WaveTable(const Plan& plan);

  bool empty() const { return plan_.wave_stages.empty(); }
  // Null: not a stage of waves.
  const WaveStage* of_stage(StageId stage) const {
    return stage.value < of_stage_.size() ? of_stage_[stage.value] : nullptr;
  }
  // The value index of `other`.
  uint32_t other(const WaveStage& waves) const {
    return plan_.segments[waves.segment.value].values.count;
  }
  uint64_t reach(const WaveStage& waves, uint32_t step) const {
    return step < waves.reaches.count ? plan_.wave_reaches[waves.reaches.at(step).value] : 0;
  }

 private:
  const Plan& plan_;
  std::array<const WaveStage*, limits::stages_max> of_stage_{};
};

RoutedRequest route_request(const RouteView& view, const WaveTable& waves,
                            const RequestFacts& request, int64_t now_ns);

}  // namespace rel
