#include "runtime/actuators/report_view.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/base/report_sections.h"
#include "runtime/base/time_text.h"
#include "runtime/plan/text.h"
#include "runtime/plot/release_plots.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

const LoggedDecision* way_back_of(const ReportFacts& facts) {
  const auto is_way_back = [](const LoggedDecision& logged) {
    const DecisionKind kind = logged.entry.decision.kind;
    return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn;
  };
  const auto found = std::find_if(facts.timeline.rbegin(), facts.timeline.rend(), is_way_back);
  return found == facts.timeline.rend() ? nullptr : &*found;
}

std::string sentence_of(const Plan& plan, const JournalEntry& entry) {
  return entry.because.empty() ? because_text(plan, entry.decision) : entry.because;
}

// `baseline` says what it does now; `last` is how it ended, or where it stands.
ReportPairs facts_of(const ReportFacts& facts, const Decision& decision, std::string baseline,
                     std::pair<std::string, std::string> last) {
  const Plan& plan = facts.plan;
  const std::string_view stage =
      decision.stage.is_none() ? "none" : plan.text(plan.stages[decision.stage.value].name);
  return {{"candidate", std::string(plan.text(plan.candidate.text))},
          {"its identity", std::string(candidate_identity(plan))},
          {std::move(baseline), std::string(plan.text(plan.baseline.text))},
          {"owner", plan.owner.empty() ? "not named" : plan.owner},
          {"stage", std::string(stage)},
          {"plan", fmt::format("{:016x}", facts.release.plan_hash)},
          {"begun", rfc3339_text(facts.release.begun_ns)},
          std::move(last),
          {"report written", rfc3339_text(facts.now_ns)}};
}

std::string value_text(const Evidence& e, PlanUnit unit) {
  const std::string samples =
      e.causes & cause_source_error ? "" : fmt::format(" ({} samples)", e.samples);
  return (e.causes != 0 ? "unknown" : quantity_text(e.value, unit)) + samples;
}

void add_trigger(const ReportFacts& facts, const Decision& decision, ReportView& view) {
  if (decision.trigger.is_none()) return;
  const Plan& plan = facts.plan;
  const Trigger& row = plan.triggers[decision.trigger.value];
  view.rule = plan.text(row.text);
  view.rule_place = fmt::format("{}, {}:{}", plan.text(row.name), plan.text(row.span.file),
                                row.span.line);
  if (decision.since_ns != 0) {
    view.rule_since =
        fmt::format("True since {}, for {} when it acted.", rfc3339_text(decision.since_ns),
                    duration_text(decision.time_ns - decision.since_ns));
  }
  for (uint32_t i = 0; i < decision.evidence_count; i++) {
    const Evidence& e = decision.evidence[i];
    view.read.emplace_back(aggregate_text(plan, e.aggregate, e.cell),
                           value_text(e, plan.aggregates[e.aggregate.value].unit));
  }
}

// -- both arms at the moment of the decision

bool is_pair(const Aggregate& a, const Aggregate& b) {
  return a.arm != b.arm && a.fn == b.fn && a.tracker == b.tracker && a.quantile == b.quantile &&
         a.cell_first == b.cell_first && a.cell_count == b.cell_count;
}

// A row of the frame as the journal keeps it.
std::string value_of(const nlohmann::json& row, PlanUnit unit) {
  if (!row.at("unknown").is_null()) return row.at("unknown").get<std::string>();
  return quantity_text(row.at("value").get<double>(), unit);
}

struct FrameRow {
  uint32_t aggregate = 0;
  uint32_t cell = 0;
  const nlohmann::json* values = nullptr;
};

// The rows of the frame stand in the order of the plan: aggregates, and the cells of each.
std::vector<FrameRow> rows_of(const Plan& plan, const nlohmann::json& frame) {
  std::vector<FrameRow> rows;
  size_t next = 0;
  for (uint32_t a = 0; a < plan.aggregates.size(); a++) {
    for (uint32_t c = 0; c < plan.aggregates[a].cell_count && next < frame.size(); c++) {
      rows.push_back({a, c, &frame[next++]});
    }
  }
  return rows;
}

const FrameRow* other_arm(const Plan& plan, const std::vector<FrameRow>& rows,
                          const FrameRow& row) {
  for (const FrameRow& other : rows) {
    if (other.cell == row.cell &&
        is_pair(plan.aggregates[row.aggregate], plan.aggregates[other.aggregate])) {
      return &other;
    }
  }
  return nullptr;
}

void add_arms(const ReportFacts& facts, const JournalEntry& entry, ReportView& view) {
  const nlohmann::json frame = nlohmann::json::parse(entry.frame, nullptr, false);
  if (!frame.is_array()) {
    view.arms_missing = "Not recorded: the sidecar was not running when the gateway decided.";
    return;
  }
  const Plan& plan = facts.plan;
  const std::vector<FrameRow> rows = rows_of(plan, frame);
  for (const FrameRow& row : rows) {
    const Aggregate& aggregate = plan.aggregates[row.aggregate];
    const FrameRow* other = other_arm(plan, rows, row);
    const bool candidate = aggregate.arm == Arm::candidate;
    // A pair is one line, told from the candidate's side.
    if (!candidate && other != nullptr) continue;
    ReportArms arms;
    arms.measure =
        aggregate_text(plan, AggregateId{row.aggregate}, aggregate.cell_first + row.cell);
    std::string& own = candidate ? arms.candidate : arms.baseline;
    std::string& own_samples = candidate ? arms.candidate_samples : arms.baseline_samples;
    std::string& opposite = candidate ? arms.baseline : arms.candidate;
    std::string& opposite_samples = candidate ? arms.baseline_samples : arms.candidate_samples;
    own = value_of(*row.values, aggregate.unit);
    own_samples = row.values->at("samples").dump();
    opposite = other == nullptr ? "not measured" : value_of(*other->values, aggregate.unit);
    opposite_samples = other == nullptr ? "-" : other->values->at("samples").dump();
    view.arms.push_back(std::move(arms));
  }
}

// -- over time

void add_plots(const ReportFacts& facts, const Decision& decision, ReportView& view) {
  if (facts.series.size() < 2) return;
  std::vector<Decision> decisions;
  for (const LoggedDecision& logged : facts.timeline) decisions.push_back(logged.entry.decision);
  ReleasePlots plots = release_plots(facts.plan, facts.series, decisions, decision.trigger);
  view.plots.push_back(std::move(plots.share));
  std::move(plots.triggered.begin(), plots.triggered.end(), std::back_inserter(view.plots));
  // Without a trigger everything may have to do with it.
  if (decision.trigger.is_none()) {
    std::move(plots.others.begin(), plots.others.end(), std::back_inserter(view.plots));
  }
}

std::string count_text(uint64_t count) {
  return exact_quantity_text(static_cast<double>(count), PlanUnit::requests);
}

// What the samples say about who met the candidate. Its memory of requests is the gateway's, which
// may have begun before the release: differences count.
void add_affected(const ReportFacts& facts, const Decision& decision, ReportView& view) {
  if (facts.series.empty()) {
    view.affected.emplace_back("requests", "not recorded");
    return;
  }
  const SeriesPoint& first = facts.series.front();
  const SeriesPoint& last = facts.series.back();
  const uint64_t candidate = last.requests_candidate - first.requests_candidate;
  const uint64_t all = candidate + last.requests_baseline - first.requests_baseline;
  view.affected.emplace_back("requests the candidate answered",
                             fmt::format("{} of {}", count_text(candidate), count_text(all)));
  if (decision.since_ns != 0) {
    const auto before = std::find_if(
        facts.series.rbegin(), facts.series.rend(),
        [&](const SeriesPoint& point) { return point.time_ns <= decision.since_ns; });
    const SeriesPoint& from = before == facts.series.rend() ? first : *before;
    view.affected.emplace_back(
        "of them since the condition began to hold",
        count_text(last.requests_candidate - from.requests_candidate));
  }
  uint32_t highest = 0;
  for (const LoggedDecision& logged : facts.timeline) {
    highest = std::max(highest, logged.entry.decision.share_millionths);
  }
  view.affected.emplace_back("highest share of traffic", share_text(highest));
  for (size_t s = 0; s < facts.requests_other.size(); ++s) {
    if (facts.requests_other[s] == 0) continue;
    view.affected.emplace_back(
        fmt::format("requests that no segment guard of {} looked at: none of its values",
                    facts.plan.text(facts.plan.segments[s].name)),
        count_text(facts.requests_other[s]));
  }
  view.affected.emplace_back("users", facts.plan.sticky_by.is_none()
                                          ? "not known: this release does not assign by user"
                                          : "not counted");
}

// -- what was done

std::string_view status_word(const ActionRecord* record) {
  if (record == nullptr) return "not begun";
  switch (record->status) {
    case ActionStatus::started: return "being done";
    case ActionStatus::done: return "done";
    case ActionStatus::failed: return "failed";
    case ActionStatus::waiting: return "to be tried again";
    case ActionStatus::skipped: return "not needed";
  }
  return "";
}

const ActionRecord* record_of(const ReportFacts& facts, uint32_t action) {
  for (const ActionRecord& record : facts.outcomes) {
    if (record.action.value == action && record.round == ActionRound::first) return &record;
  }
  return nullptr;
}

void add_step(const ReportFacts& facts, const Decision& decision, uint32_t i, ReportView& view) {
  const Action& action = facts.plan.actions[i];
  if (is_of_hook(action.purpose)) return;
  const bool tells =
      action.purpose == ActionPurpose::notify || action.purpose == ActionPurpose::escalate;
  if (decision.kind == DecisionKind::withdrawn && tells) return;
  const ActionRecord* record = record_of(facts, i);
  ReportStep step;
  step.text = facts.plan.text(action.text);
  step.state = status_word(record);
  if (record != nullptr) {
    step.time = rfc3339_text(record->time_ns);
    step.took = duration_text(record->time_ns - decision.time_ns);
    step.detail = record->detail;
    if (record->attempts > 1) step.detail += fmt::format(" ({} tries)", record->attempts);
  }
  if (tells && record != nullptr && record->status == ActionStatus::done) {
    view.told.push_back(fmt::format("{}, {}", step.text, step.time));
  }
  view.way_back.push_back(std::move(step));
}

void add_way_back(const ReportFacts& facts, const Decision& decision, ReportView& view) {
  const Plan& plan = facts.plan;
  const std::string at = rfc3339_text(decision.time_ns);
  view.way_back.push_back({"all traffic to the baseline", "done", at, "0s", "in memory"});
  for (uint32_t i = 0; i < plan.actions.size(); i++) add_step(facts, decision, i, view);
  if (decision.kind == DecisionKind::rolled_back && plan.quarantine_candidate != 0) {
    view.way_back.push_back({fmt::format("{} is quarantined", candidate_identity(plan)), "done", at,
                             "0s", "it does not go out again until it is cleared"});
  }
  if (decision.kind == DecisionKind::rolled_back && plan.cooldown_ns > 0) {
    const std::string until = rfc3339_text(decision.time_ns + plan.cooldown_ns);
    view.way_back.push_back(
        {fmt::format("no release of `{}` before {}", plan.model, until), "done", at, "0s", ""});
  }
  if (facts.acknowledgement) {
    view.told.push_back(fmt::format("{} acknowledged it, {}: {}", facts.acknowledgement->who,
                                    rfc3339_text(facts.acknowledgement->time_ns),
                                    facts.acknowledgement->why));
  }
}

// What the record cannot answer, from what it shows; then what every review asks, about the system
// and never about a person.
std::vector<std::string> questions_of(const ReportFacts& facts, const Decision& decision) {
  std::vector<std::string> list;
  const auto count = [&](DecisionKind kind) {
    return std::count_if(facts.timeline.begin(), facts.timeline.end(),
                         [kind](const LoggedDecision& l) {
                           return l.entry.decision.kind == kind &&
                                  l.entry.decision.reason != Reason::action_outcome;
                         });
  };
  list.push_back("What is the cause in the candidate, and which check before the release could "
                 "have shown it?");
  if (decision.reason == Reason::trigger_unknown ||
      decision.reason == Reason::trigger_unknown_long) {
    list.push_back("The release went back because a number was unknown: which source failed, and "
                   "why?");
  }
  if (count(DecisionKind::alerted) > 0) list.push_back("Who saw the alerts before the way back?");
  if (count(DecisionKind::shared_degradation) > 0) {
    list.push_back("The baseline was degraded too: what do both arms depend on?");
  }
  if (count(DecisionKind::step_advanced) + count(DecisionKind::promoted) > 0) {
    list.push_back("Why did it not show at the smaller shares it had passed?");
  }
  for (const ActionRecord& record : facts.outcomes) {
    if (record.status != ActionStatus::failed || record.round != ActionRound::first) continue;
    list.push_back(fmt::format("`{}` failed: who does it by hand?",
                               facts.plan.text(facts.plan.actions[record.action.value].text)));
  }
  list.push_back("What did users see, and how do we know?");
  list.push_back("What in the system, not who, made it possible?");
  list.push_back("What went well, and where were we lucky?");
  list.push_back("What do we change, who does it, and until when?");
  return list;
}

// Of a release that has not gone back: where it stands by its last decision about itself.
void tell_progress(const ReportFacts& facts, ReportView& view) {
  const auto own = std::find_if(
      facts.timeline.rbegin(), facts.timeline.rend(), [](const LoggedDecision& logged) {
        return logged.entry.decision.reason != Reason::action_outcome;
      });
  const bool begun = own != facts.timeline.rend();
  const Decision last = begun ? own->entry.decision : Decision{};
  const bool completed = last.kind == DecisionKind::completed;
  view.title = fmt::format("{}: release `{}` of `{}`", completed ? "Completed" : "On its way",
                           facts.plan.release, facts.plan.model);
  view.summary = begun ? fmt::format("It has not gone back. The last that was decided: {}",
                                     sentence_of(facts.plan, own->entry))
                       : "It has not begun.";
  view.facts = facts_of(facts, last, "baseline",
                        {"share at the last decision", share_text(last.share_millionths)});
  if (!begun) return;
  view.arms_missing = "The numbers of both arms are kept when a release goes back.";
  add_plots(facts, last, view);
  add_affected(facts, last, view);
}

}  // namespace

ReportView report_view(const ReportFacts& facts) {
  ReportView view;
  for (const LoggedDecision& logged : facts.timeline) {
    const Decision& decision = logged.entry.decision;
    view.timeline.push_back({rfc3339_text(decision.time_ns),
                             std::string(decision_kind_name(decision.kind)),
                             sentence_of(facts.plan, logged.entry)});
  }
  const LoggedDecision* decided = way_back_of(facts);
  if (decided == nullptr) {
    tell_progress(facts, view);
    return view;
  }
  const Decision& decision = decided->entry.decision;
  view.gone_back = true;
  view.failed = decision.kind == DecisionKind::rolled_back;
  view.title = fmt::format("{}: release `{}` of `{}`", view.failed ? "Rolled back" : "Withdrawn",
                           facts.plan.release, facts.plan.model);
  view.summary = sentence_of(facts.plan, decided->entry);
  view.facts = facts_of(facts, decision, "baseline, which answers now",
                        {"ended", rfc3339_text(decision.time_ns)});
  add_trigger(facts, decision, view);
  add_arms(facts, decided->entry, view);
  add_plots(facts, decision, view);
  add_affected(facts, decision, view);
  add_way_back(facts, decision, view);
  view.questions = questions_of(facts, decision);
  return view;
}

std::string_view layout_of(const ReportFacts& facts, const ReportView& view) {
  if (!facts.layout.empty()) return facts.layout;
  return view.gone_back ? report_layout : progress_layout;
}

bool is_about_way_back(std::string_view section) {
  return section == "trigger" || section == "way_back" || section == "told" ||
         section == "questions";
}

std::vector<ReportPart> report_parts(std::string_view layout) {
  std::vector<ReportPart> parts;
  while (!layout.empty()) {
    const size_t open = layout.find("{{");
    const size_t close = open == std::string_view::npos ? open : layout.find("}}", open);
    if (close == std::string_view::npos) break;
    if (open > 0) parts.push_back({false, std::string(layout.substr(0, open))});
    std::string_view name = layout.substr(open + 2, close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    parts.push_back({true, std::string(name)});
    layout.remove_prefix(close + 2);
  }
  if (!layout.empty()) parts.push_back({false, std::string(layout)});
  return parts;
}

}  // namespace rel
