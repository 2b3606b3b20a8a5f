#include "runtime/actuators/report_text.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "runtime/base/time_text.h"
#include "runtime/journal/log_text.h"
#include "runtime/plan/text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

// A cell of a Markdown table: one line, no bar that would end it.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

const LoggedDecision* way_back_of(const ReportFacts& facts) {
  const auto is_way_back = [](const LoggedDecision& logged) {
    const DecisionKind kind = logged.entry.decision.kind;
    return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn;
  };
  const auto found = std::find_if(facts.timeline.rbegin(), facts.timeline.rend(), is_way_back);
  return found == facts.timeline.rend() ? nullptr : &*found;
}

std::string head(const ReportFacts& facts, const Decision& decision) {
  const Plan& plan = facts.plan;
  const bool failed = decision.kind == DecisionKind::rolled_back;
  std::string text = fmt::format("# {}: release `{}` of `{}`\n\n",
                                 failed ? "Rolled back" : "Withdrawn", plan.release, plan.model);
  text += fmt::format("{}\n\n", decision_line(plan, decision));
  text += "| | |\n|---|---|\n";
  text += fmt::format("| candidate | {} |\n", cell(plan.text(plan.candidate.text)));
  text += fmt::format("| its identity | `{}` |\n", cell(candidate_identity(plan)));
  text += fmt::format("| baseline, which answers now | {} |\n",
                      cell(plan.text(plan.baseline.text)));
  text += fmt::format("| owner | {} |\n", plan.owner.empty() ? "not named" : cell(plan.owner));
  text += fmt::format("| plan | `{:016x}` |\n", facts.release.plan_hash);
  text += fmt::format("| begun | {} |\n", rfc3339_text(facts.release.begun_ns));
  text += fmt::format("| ended | {} |\n", rfc3339_text(decision.time_ns));
  text += fmt::format("| report written | {} |\n\n", rfc3339_text(facts.now_ns));
  return text;
}

std::string samples_text(const Evidence& evidence) {
  return evidence.causes & cause_source_error ? "-" : std::to_string(evidence.samples);
}

std::string trigger(const ReportFacts& facts, const Decision& decision) {
  const Plan& plan = facts.plan;
  std::string text = "## The trigger\n\n";
  if (decision.trigger.is_none()) {
    return text + "No trigger: the stage's own rule ended it.\n\n";
  }
  const Trigger& row = plan.triggers[decision.trigger.value];
  text += fmt::format("    {}\n\n", plan.text(row.text));
  text += fmt::format("`{}`, {}:{}.", plan.text(row.name), plan.text(row.span.file), row.span.line);
  if (decision.since_ns != 0) {
    text += fmt::format(" True since {}, for {} when it acted.", rfc3339_text(decision.since_ns),
                        duration_text(decision.time_ns - decision.since_ns));
  }
  text += "\n\n| what it read | value | samples |\n|---|---|---|\n";
  for (uint32_t i = 0; i < decision.evidence_count; i++) {
    const Evidence& e = decision.evidence[i];
    const Aggregate& aggregate = plan.aggregates[e.aggregate.value];
    text += fmt::format("| `{}` | {} | {} |\n", cell(plan.text(aggregate.text)),
                        e.causes != 0 ? "unknown" : quantity_text(e.value, aggregate.unit),
                        samples_text(e));
  }
  return text + "\n";
}

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

std::string both_arms(const ReportFacts& facts, const JournalEntry& entry) {
  std::string text = "## Both arms at that moment\n\n";
  const nlohmann::json frame = nlohmann::json::parse(entry.frame, nullptr, false);
  if (!frame.is_array()) {
    return text + "Not recorded: the sidecar was not running when the gateway decided.\n\n";
  }
  const Plan& plan = facts.plan;
  const std::vector<FrameRow> rows = rows_of(plan, frame);
  text += "| measure | candidate | samples | baseline | samples |\n|---|---|---|---|---|\n";
  for (const FrameRow& row : rows) {
    const Aggregate& aggregate = plan.aggregates[row.aggregate];
    const FrameRow* other = other_arm(plan, rows, row);
    const bool candidate = aggregate.arm == Arm::candidate;
    // A pair is one line, told from the candidate's side.
    if (!candidate && other != nullptr) continue;
    const std::string own = value_of(*row.values, aggregate.unit) + " | " +
                            row.values->at("samples").dump();
    const std::string opposite =
        other == nullptr ? "not measured | -"
                         : value_of(*other->values, aggregate.unit) + " | " +
                               other->values->at("samples").dump();
    const std::string where = aggregate.cell_count > 1
                                  ? " in " + row.values->at("cell").get<std::string>()
                                  : std::string();
    text += fmt::format("| `{}`{} | {} | {} |\n", cell(plan.text(aggregate.text)), cell(where),
                        candidate ? own : opposite, candidate ? opposite : own);
  }
  return text + "\n";
}

std::string timeline(const ReportFacts& facts) {
  std::string text = "## Timeline\n\n";
  for (const LoggedDecision& logged : facts.timeline) {
    text += fmt::format("- {}\n", cell(logged_line(facts.plan, logged.entry)));
  }
  return text + "\n";
}

std::string outcome_text(const ReportFacts& facts, uint32_t action) {
  for (const ActionRecord& record : facts.outcomes) {
    if (record.action.value != action) continue;
    switch (record.status) {
      case ActionStatus::started: return "being done";
      case ActionStatus::done: return "done: " + record.detail;
      case ActionStatus::failed: return "**failed**: " + record.detail;
    }
  }
  return "after this report";
}

std::string way_back(const ReportFacts& facts, const Decision& decision) {
  const Plan& plan = facts.plan;
  std::string text = "## The way back\n\n1. all traffic to the baseline: done, ";
  text += fmt::format("{}\n", rfc3339_text(decision.time_ns));
  int number = 2;
  for (uint32_t i = 0; i < plan.actions.size(); i++) {
    const bool report = plan.actions[i].kind == ActionKind::report;
    if (decision.kind == DecisionKind::withdrawn && !report) continue;
    text += fmt::format("{}. `{}`: {}\n", number++, plan.text(plan.actions[i].text),
                        outcome_text(facts, i));
  }
  if (decision.kind == DecisionKind::rolled_back && plan.quarantine_candidate != 0) {
    text += fmt::format("{}. `{}` is quarantined: it does not go out again until it is cleared\n",
                        number++, candidate_identity(plan));
  }
  if (decision.kind == DecisionKind::rolled_back && plan.cooldown_ns > 0) {
    text += fmt::format("{}. no release of `{}` before {}\n", number++, plan.model,
                        rfc3339_text(decision.time_ns + plan.cooldown_ns));
  }
  return text + "\n";
}

// What the record cannot answer, from what it shows.
std::string open_questions(const ReportFacts& facts, const Decision& decision) {
  std::string text = "## Open questions\n\n";
  const auto count = [&](DecisionKind kind) {
    return std::count_if(
        facts.timeline.begin(), facts.timeline.end(),
        [kind](const LoggedDecision& l) { return l.entry.decision.kind == kind; });
  };
  text += "- What is the cause in the candidate, and which check before the release could have "
          "shown it?\n";
  if (decision.reason == Reason::trigger_unknown ||
      decision.reason == Reason::trigger_unknown_long) {
    text += "- The release went back because a number was unknown: which source failed, and why?\n";
  }
  if (count(DecisionKind::alerted) > 0) text += "- Who saw the alerts before the way back?\n";
  if (count(DecisionKind::shared_degradation) > 0) {
    text += "- The baseline was degraded too: what do both arms depend on?\n";
  }
  if (count(DecisionKind::step_advanced) + count(DecisionKind::promoted) > 0) {
    text += "- Why did it not show at the smaller shares it had passed?\n";
  }
  for (const ActionRecord& record : facts.outcomes) {
    if (record.status != ActionStatus::failed) continue;
    text += fmt::format("- `{}` failed: who does it by hand?\n",
                        facts.plan.text(facts.plan.actions[record.action.value].text));
  }
  return text;
}

}  // namespace

std::string report_text(const ReportFacts& facts) {
  const LoggedDecision* decided = way_back_of(facts);
  if (decided == nullptr) {
    return fmt::format("# Release `{}` of `{}`\n\nIt has not gone back.\n\n{}",
                       facts.plan.release, facts.plan.model, timeline(facts));
  }
  const Decision& decision = decided->entry.decision;
  return head(facts, decision) + trigger(facts, decision) + both_arms(facts, decided->entry) +
         timeline(facts) + way_back(facts, decision) + open_questions(facts, decision);
}

}  // namespace rel
