// The plans a release has run under, one after the other: the one it began with, and one more for
// each edit that was taken up.
// Input: the journal. Output: the plan in force at a decision, or that an evaluator ran with.
// Owner: whoever reads decisions of a release.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"

namespace rel {

class PlanHistory {
 public:
  static Result<PlanHistory> read(Journal& journal, const ReleaseRecord& release);
  // Of a release that has none.
  static PlanHistory of(const Plan& plan);

  // By the sequence of a logged decision.
  const Plan& at(int64_t sequence) const;
  // By plan_hash(). Null: not one of this release.
  const Plan* with_hash(uint64_t hash) const;
  const Plan& present() const { return editions_.back().plan; }
  size_t edits() const { return editions_.size() - 1; }
  // Hashes of the plans before the present one.
  std::vector<uint64_t> former_hashes() const;

  // Writes out the sentences of decisions that were made under a former plan, which the present
  // one would tell in its own words.
  void write_out(std::vector<LoggedDecision>& log) const;

 private:
  struct Edition {
    Plan plan;
    uint64_t hash = 0;
    int64_t last_sequence = INT64_MAX;
  };
  std::vector<Edition> editions_;  // at least one, the present plan last
};

}  // namespace rel
