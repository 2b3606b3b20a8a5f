#include "runtime/host/why_text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/base/time_text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

bool is_of_the_way_back(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::action_started:
    case DecisionKind::action_done:
    case DecisionKind::action_failed:
    case DecisionKind::quarantined:
    case DecisionKind::unquarantined: return true;
    case DecisionKind::stage_entered:
    case DecisionKind::step_advanced:
    case DecisionKind::held:
    case DecisionKind::resumed:
    case DecisionKind::promoted:
    case DecisionKind::rolled_back:
    case DecisionKind::completed:
    case DecisionKind::withdrawn:
    case DecisionKind::alerted:
    case DecisionKind::shared_degradation:
    case DecisionKind::approved:
    case DecisionKind::reviewed:
    case DecisionKind::paused:
    case DecisionKind::overridden:
    case DecisionKind::aborted: return false;
  }
  return false;
}

// What the last word about a release's place may be.
bool says_where_it_stands(DecisionKind kind) {
  return !is_of_the_way_back(kind) && kind != DecisionKind::alerted &&
         kind != DecisionKind::shared_degradation && kind != DecisionKind::overridden;
}

std::string share_text(uint32_t millionths) {
  return quantity_text(millionths / 1e6, PlanUnit::ratio);
}

std::string_view stage_text(const Plan& plan, const Decision& decision) {
  return decision.stage.is_none() ? "" : plan.text(plan.stages[decision.stage.value].name);
}

std::string_view did(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::stage_entered: return "entered a stage";
    case DecisionKind::step_advanced: return "went on to its next step";
    case DecisionKind::held: return "was held";
    case DecisionKind::resumed: return "went on";
    case DecisionKind::promoted: return "was promoted";
    case DecisionKind::rolled_back: return "was rolled back";
    case DecisionKind::completed: return "completed";
    case DecisionKind::withdrawn: return "was withdrawn";
    case DecisionKind::alerted: return "alerted";
    case DecisionKind::shared_degradation: return "was held, because both arms are worse";
    case DecisionKind::approved: return "was approved";
    case DecisionKind::reviewed: return "was reviewed";
    case DecisionKind::paused: return "was paused";
    case DecisionKind::overridden: return "had a trigger overridden";
    case DecisionKind::aborted: return "was called off";
    case DecisionKind::action_started: return "began a step of its way back";
    case DecisionKind::action_done: return "finished a step of its way back";
    case DecisionKind::action_failed: return "failed in a step of its way back";
    case DecisionKind::quarantined: return "had its candidate quarantined";
    case DecisionKind::unquarantined: return "had its candidate cleared";
  }
  return "decided";
}

std::string place_text(const Plan& plan, const PlanSpan& span) {
  if (span.line == 0) return "";
  return fmt::format(" ({}:{}:{})", plan.text(span.file), span.line, span.column);
}

std::string rule_sentence(const Plan& plan, const Decision& decision) {
  if (decision.trigger.is_none()) return "";
  const Trigger& trigger = plan.triggers[decision.trigger.value];
  return fmt::format(" The rule is `{}`{}.", plan.text(trigger.text),
                     place_text(plan, trigger.span));
}

std::string because_sentence(const Plan& plan, const JournalEntry& entry) {
  const std::string because =
      entry.because.empty() ? because_text(plan, entry.decision) : entry.because;
  if (!entry.actor.empty()) return fmt::format(" {} ordered it: {}.", entry.actor, because);
  return fmt::format(" Because {}.", because);
}

std::string evidence_sentence(const Plan& plan, const Decision& decision) {
  std::string text;
  for (uint32_t i = 0; i < decision.evidence_count; i++) {
    const Evidence& one = decision.evidence[i];
    const Aggregate& aggregate = plan.aggregates[one.aggregate.value];
    const std::string value = one.causes != 0
                                  ? std::string(cause_name(worst_cause(one.causes)))
                                  : quantity_text(one.value, aggregate.unit);
    text += fmt::format("{}{} was {} ({} samples)", text.empty() ? "" : ", ",
                        aggregate_text(plan, one.aggregate, one.cell), value, one.samples);
  }
  return text.empty() ? "" : fmt::format(" It rests on: {}.", text);
}

// The other arm at that moment, from the aggregates that were kept with the decision.
std::string baseline_sentence(const JournalEntry& entry) {
  using Json = nlohmann::ordered_json;
  if (entry.frame.empty()) return "";
  const Json rows = Json::parse(entry.frame, nullptr, false);
  if (!rows.is_array()) return "";
  std::string text;
  for (const Json& row : rows) {
    const bool whole = row.value("arm", "") == "baseline" && row.contains("cell") &&
                       row["cell"].is_null() && row.contains("value") && row["value"].is_number();
    if (!whole) continue;
    std::string value = row["value"].dump();
    for (int u = 0; u <= static_cast<int>(PlanUnit::per_second); u++) {
      const PlanUnit unit = static_cast<PlanUnit>(u);
      if (unit_name(unit) == row.value("unit", "")) {
        value = quantity_text(row["value"].get<double>(), unit);
      }
    }
    text += fmt::format("{}{} was {}", text.empty() ? "" : ", ", row.value("expr", ""), value);
  }
  return text.empty() ? "" : fmt::format(" Of the baseline, at the same moment: {}.", text);
}

std::string lasted_sentence(const Decision& decision) {
  if (decision.since_ns == 0 || decision.since_ns >= decision.time_ns) return "";
  return fmt::format(" That had been so since {}, for {}.", rfc3339_text(decision.since_ns),
                     duration_text(decision.time_ns - decision.since_ns));
}

std::string share_sentence(std::span<const LoggedDecision> log, size_t index) {
  const uint32_t after = log[index].entry.decision.share_millionths;
  const uint32_t before = index == 0 ? 0 : log[index - 1].entry.decision.share_millionths;
  if (before == after) {
    return fmt::format(" The candidate's share stayed at {}.", share_text(after));
  }
  return fmt::format(" The candidate's share went from {} to {}.", share_text(before),
                     share_text(after));
}

std::string consequence_sentence(const Plan& plan, std::span<const LoggedDecision> log,
                                 size_t index) {
  const Decision& cause = log[index].entry.decision;
  std::string text;
  for (size_t i = index + 1; i < log.size(); i++) {
    const JournalEntry& entry = log[i].entry;
    const DecisionKind kind = entry.decision.kind;
    if (!is_of_the_way_back(kind) || kind == DecisionKind::action_started) continue;
    if (entry.decision.epoch != cause.epoch) continue;
    const std::string what = entry.because.empty() ? because_text(plan, entry.decision)
                                                   : entry.because;
    text += fmt::format("{}after {}: {}", text.empty() ? "" : "; ",
                        duration_text(entry.decision.time_ns - cause.time_ns), what);
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "" : fmt::format(" What followed: {}.", text);
}

bool went_back(DecisionKind kind) {
  return kind == DecisionKind::rolled_back || kind == DecisionKind::withdrawn ||
         kind == DecisionKind::aborted;
}

}  // namespace

Result<size_t> find_decision(std::span<const LoggedDecision> log, std::string_view wanted) {
  if (log.empty()) return Error{"the release has decided nothing yet"};
  int64_t sequence = 0;
  const auto read = std::from_chars(wanted.data(), wanted.data() + wanted.size(), sequence);
  const bool number = !wanted.empty() && read.ec == std::errc{} &&
                      read.ptr == wanted.data() + wanted.size();
  for (size_t i = log.size(); i-- > 0;) {
    const DecisionKind kind = log[i].entry.decision.kind;
    const bool found = wanted.empty() ? says_where_it_stands(kind)
                       : number       ? log[i].sequence == sequence
                                      : decision_kind_name(kind) == wanted;
    if (found) return i;
  }
  return Error{fmt::format("the log has no decision `{}`; give a number from 1 to {}, or a kind "
                           "such as rolled_back",
                           wanted, log.back().sequence)};
}

std::string why_text(const Plan& plan, std::span<const LoggedDecision> log, size_t index) {
  const JournalEntry& entry = log[index].entry;
  const Decision& decision = entry.decision;
  const std::string_view stage = stage_text(plan, decision);
  std::string text = fmt::format("Decision {}: at {} release `{}` {}{}{}.", log[index].sequence,
                                 rfc3339_text(decision.time_ns), plan.release, did(decision.kind),
                                 stage.empty() ? "" : ", in stage ", stage);
  text += because_sentence(plan, entry);
  text += rule_sentence(plan, decision);
  text += evidence_sentence(plan, decision);
  text += baseline_sentence(entry);
  text += lasted_sentence(decision);
  text += share_sentence(log, index);
  if (decision.durable_first != 0) text += " It was on disk before it took effect.";
  if (went_back(decision.kind)) text += consequence_sentence(plan, log, index);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text + "\n";
}

}  // namespace rel
