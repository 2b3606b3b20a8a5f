// Placing the state of the tests.
#include "runtime/evidence/state.h"

namespace rel {

EvidenceShape::EvidenceShape(const Plan& plan, std::span<const BucketMap> buckets) {
  if (plan.tests.empty()) return;
  tests_ = header_words;
  cells_ = tests_ + plan.tests.size() * test_words;
  size_t end = cells_ + plan.test_cells.size() * cell_words;
  kept_.resize(plan.test_cells.size());
  counted_.resize(plan.test_cells.size());
  buckets_.resize(plan.test_cells.size());
  for (const EvidenceTest& test : plan.tests) {
    const Tracker& tracker = plan.trackers[test.tracker.value];
    const uint32_t size = tracker.histogram ? buckets[tracker.metric.value].size() : 0;
    for (uint32_t row = test.cells.first; row < test.cells.end(); ++row) {
      buckets_[row] = size;
      kept_[row] = end;
      if (test.method == TestMethod::quantile_ratio) end += size_t{2} * size;
    }
  }
  snapshots_ = end;
  end += plan.test_cells.size() * snapshot_words;
  for (uint32_t row = 0; row < plan.test_cells.size(); ++row) {
    counted_[row] = end;
    end += size_t{2} * buckets_[row];
  }
  words_ = end;
}

}  // namespace rel
