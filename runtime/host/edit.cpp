#include "runtime/host/edit.h"

#include <fmt/core.h>

#include "runtime/base/time_text.h"
#include "runtime/plan/compare.h"

namespace rel {
namespace {

std::string explanation(const ReleaseRecord& record, const Plan& running, const Plan& edited) {
  std::string text = fmt::format(
      "release `{}` runs since {} under plan {:016x}, and the policy given is another one:\n",
      record.name, rfc3339_text(record.begun_ns), record.plan_hash);
  bool decides = false;
  for (const PlanChange& change : compare_plans(running, edited)) {
    text += fmt::format("  {} {}\n", change.decides ? "decides:  " : "after it: ", change.what);
    decides |= change.decides;
  }
  text += decides ? "what it has seen and how far it has gone belong to what was written; "
                  : "none of this changes what it decides, but its way back is pinned with it; ";
  return text + "put the former policy back, or end the release first (`relc withdraw` or `relc "
                "rollback`)";
}

}  // namespace

Result<std::string> explain_edit(Journal& journal, const Plan& edited) {
  Result<std::vector<ReleaseRecord>> releases = journal.releases();
  if (!releases) return releases.error();
  for (const ReleaseRecord& record : *releases) {
    const bool other = record.name == edited.release && record.superseded_ns == 0 &&
                       record.plan_hash != plan_hash(edited);
    if (!other) continue;
    Result<Plan> running = load_plan(record.plan);
    if (!running) return running.error();
    auto state = journal.state(record.id, *running);
    if (!state) return state.error();
    if (state->has_value() && (*state)->state.phase == Phase::running) {
      return explanation(record, *running, edited);
    }
  }
  return std::string();
}

}  // namespace rel
