// Ways to decide on a stream: ours, a naive test, and what others do, on the same panes.
// Input: panes of 15 seconds in order. Output: whether the rule has fired. Owner: one run.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "runtime/evidence/cell_update.h"
#include "runtime/stats/pane_counts.h"

namespace rel::mc {

enum class RuleKind : uint8_t {
  ours,           // the update the runtime makes: pane grid, half of it started later
  cumulative,     // the pane grid alone, as in STATS
  naive,          // one-sided z test of the totals at each look
  ratio_for,      // rate over 5 min > 1.5 x baseline for 5 min
  four_of_five,   // 4 consecutive measures of 5 min above 2 % (Argo Rollouts, failureLimit 3)
  ten_cumulative, // 10 measures of 1 min above 2 %, ever (Flagger, threshold 10)
  two_alarm,      // 2 consecutive data points of 5 min above 2 % (a metric alarm)
  mann_whitney,   // hourly on rates a minute, confidence 0.98, tolerance 0.25 (Kayenta)
};
inline constexpr RuleKind all_rules[] = {
    RuleKind::ours,           RuleKind::cumulative, RuleKind::naive,
    RuleKind::ratio_for,      RuleKind::four_of_five, RuleKind::ten_cumulative,
    RuleKind::two_alarm,      RuleKind::mann_whitney};
const char* name_of(RuleKind kind);

class Rule {
 public:
  Rule(RuleKind kind, double alpha, double length_s);

  void take(const stats::PaneCounts& pane);
  bool fired() const { return fired_; }

 private:
  void take_ours(const stats::PaneCounts& pane);
  void take_measures();
  bool mann_whitney() const;
  stats::PaneCounts last(size_t panes) const;

  RuleKind kind_;
  double alpha_;
  EvidenceTest test_;
  CellEvidence cell_;
  BucketMap map_;
  std::array<double, 8> log_s_{};
  std::vector<stats::PaneCounts> panes_;
  stats::PaneCounts total_;
  uint32_t run_ = 0;  // consecutive, or cumulative, measures that were bad
  bool fired_ = false;
};

}  // namespace rel::mc
