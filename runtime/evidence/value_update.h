// One pane into the evidence of values: order, means and quantiles, from bucket counts.
// Input and output as in cell_update.h, which chooses among these.
//
// A bucket stands for the values between its edges. Where the edge matters it is taken on the side
// that is against the finding, so that the width of buckets cannot make a test fire.
#pragma once

#include "runtime/evidence/cell_update.h"

namespace rel {

stats::PaneTaken update_order(const CellContext& context, const CellPane& pane,
                              CellEvidence& cell);
stats::PaneTaken update_means(const CellContext& context, const CellPane& pane,
                              CellEvidence& cell);
stats::PaneTaken update_quantile_ratio(const CellContext& context, const CellPane& pane,
                                       CellEvidence& cell);
stats::PaneTaken update_mean_level(const CellContext& context, const CellPane& pane,
                                   CellEvidence& cell);

// How many values of the pane lie surely beyond the constant of a quantile test.
uint64_t beyond(const CellContext& context, const ArmPane& arm);

}  // namespace rel
