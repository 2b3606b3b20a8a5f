#include "runtime/host/plan_history.h"

#include <algorithm>
#include <utility>

#include "runtime/stage/decision_text.h"

namespace rel {

PlanHistory PlanHistory::of(const Plan& plan) {
  PlanHistory history;
  history.editions_.push_back({plan, plan_hash(plan)});
  return history;
}

Result<PlanHistory> PlanHistory::read(Journal& journal, const ReleaseRecord& release) {
  Result<std::vector<EditRecord>> edits = journal.edits(release.id);
  if (!edits) return edits.error();
  PlanHistory history;
  for (const EditRecord& edit : *edits) {
    Result<Plan> plan = load_plan(edit.former_plan);
    if (!plan) return plan.error();
    const uint64_t hash = plan_hash(*plan);
    history.editions_.push_back({std::move(*plan), hash, edit.last_sequence});
  }
  Result<Plan> present = load_plan(release.plan);
  if (!present) return present.error();
  history.editions_.push_back({std::move(*present), release.plan_hash});
  return history;
}

const Plan& PlanHistory::at(int64_t sequence) const {
  return std::find_if(editions_.begin(), editions_.end() - 1,
                      [sequence](const Edition& one) { return sequence <= one.last_sequence; })
      ->plan;
}

const Plan* PlanHistory::with_hash(uint64_t hash) const {
  const auto found = std::find_if(editions_.begin(), editions_.end(),
                                  [hash](const Edition& one) { return one.hash == hash; });
  return found == editions_.end() ? nullptr : &found->plan;
}

std::vector<uint64_t> PlanHistory::former_hashes() const {
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < edits(); i++) hashes.push_back(editions_[i].hash);
  return hashes;
}

void PlanHistory::write_out(std::vector<LoggedDecision>& log) const {
  for (LoggedDecision& one : log) {
    const Plan& plan = at(one.sequence);
    if (&plan == &present() || !one.entry.because.empty()) continue;
    one.entry.because = because_text(plan, one.entry.decision);
  }
}

}  // namespace rel
