#include "runtime/host/report_again.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "runtime/actuators/registry.h"
#include "runtime/actuators/report_text.h"
#include "runtime/host/plan_history.h"
#include "runtime/host/way_back_plan.h"

namespace rel {
namespace {

const Action* report_of(const Plan& plan) {
  const auto found = std::find_if(plan.actions.begin(), plan.actions.end(), [](const Action& a) {
    return a.kind == ActionKind::report;
  });
  return found == plan.actions.end() ? nullptr : &*found;
}

ActionRequest request_of(const Plan& plan, const std::string& folder, const std::string& name,
                         int64_t now_ns) {
  const Action* written = report_of(plan);
  ActionRequest request;
  request.kind = ActionKind::report;
  if (written != nullptr) request.arguments = arguments_of(plan, written->arguments);
  else request.arguments.push_back("report.md");
  if (!name.empty()) request.arguments[0] = name;
  request.facts = facts_of(plan, nullptr);
  request.facts.report_folder = folder;
  request.now_ns = now_ns;
  return request;
}

}  // namespace

std::string report_folder_of(const std::string& state_dir, const Plan& plan,
                             const ReleaseRecord& release) {
  return fmt::format("{}/reports/{}-{}", state_dir, plan.release,
                     compact_time_text(release.begun_ns));
}

Result<std::string> write_report_again(Journal& journal, const Plan& plan,
                                       const ReleaseRecord& release, const std::string& folder,
                                       const std::string& name, int64_t now_ns) {
  Result<std::vector<LoggedDecision>> timeline = journal.decisions(release.id, 0, INT64_MAX);
  if (!timeline) return timeline.error();
  Result<PlanHistory> plans = PlanHistory::read(journal, release);
  if (!plans) return plans.error();
  plans->write_out(*timeline);
  Result<std::vector<ActionRecord>> outcomes = journal.actions(release.id);
  if (!outcomes) return outcomes.error();
  std::erase_if(*outcomes, [&plan](const ActionRecord& record) {
    return is_of_hook(plan.actions[record.action.value].purpose);
  });
  Result<std::vector<SeriesPoint>> series = journal.series(release.id, plan);
  if (!series) return series.error();
  const uint64_t epoch = timeline->empty() ? 0 : timeline->back().entry.decision.epoch;
  Result<std::optional<Acknowledgement>> acknowledged = journal.acknowledged(release.id, epoch);
  if (!acknowledged) return acknowledged.error();
  const ReportFacts facts{.plan = plan,
                          .release = release,
                          .timeline = *timeline,
                          .outcomes = *outcomes,
                          .series = *series,
                          .acknowledgement = *acknowledged,
                          .now_ns = now_ns,
                          .layout = {}};
  ActionRequest request = request_of(plan, folder, name, now_ns);
  request.report = &facts;
  const ActuatorRules rules;
  const std::unique_ptr<RunningAction> written = start_action(request, {rules}, 0);
  if (written->poll(0) != ActionProgress::done) return Error{written->detail()};
  return written->detail();
}

}  // namespace rel
