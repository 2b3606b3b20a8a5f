#include "runtime/stage/decision_text.h"

#include <fmt/format.h>

#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/plan/text.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

constexpr double millionths = 1'000'000;

// `null` for an empty text: a decision without a rule or stage.
std::string json_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(text);
}

std::string_view stage_name(const Plan& plan, const Decision& decision) {
  if (decision.stage.is_none()) return {};
  return plan.text(plan.stages[decision.stage.value].name);
}

std::string evidence_json(const Plan& plan, const Evidence& evidence) {
  const Aggregate& aggregate = plan.aggregates[evidence.aggregate.value];
  return fmt::format(
      R"({{"expr":{},"value":{},"unit":{},"samples":{},"unknown":{}}})",
      json_string(aggregate_text(plan, evidence.aggregate, evidence.cell)),
      evidence.causes ? "null" : json_number(evidence.value),
      json_string(unit_name(aggregate.unit)), evidence.samples,
      json_or_null(cause_name(worst_cause(evidence.causes))));
}

}  // namespace

std::string_view decision_kind_name(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::stage_entered: return "stage_entered";
    case DecisionKind::step_advanced: return "step_advanced";
    case DecisionKind::held: return "held";
    case DecisionKind::resumed: return "resumed";
    case DecisionKind::promoted: return "promoted";
    case DecisionKind::rolled_back: return "rolled_back";
    case DecisionKind::completed: return "completed";
    case DecisionKind::withdrawn: return "withdrawn";
    case DecisionKind::alerted: return "alerted";
    case DecisionKind::shared_degradation: return "shared_degradation";
    case DecisionKind::approved: return "approved";
    case DecisionKind::reviewed: return "reviewed";
    case DecisionKind::paused: return "paused";
    case DecisionKind::overridden: return "overridden";
    case DecisionKind::aborted: return "aborted";
    case DecisionKind::action_started: return "action_started";
    case DecisionKind::action_done: return "action_done";
    case DecisionKind::action_failed: return "action_failed";
    case DecisionKind::quarantined: return "quarantined";
    case DecisionKind::unquarantined: return "unquarantined";
  }
  REL_CHECK(false);
}

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::idle: return "idle";
    case Phase::running: return "running";
    case Phase::completed: return "completed";
    case Phase::rolled_back: return "rolled_back";
    case Phase::withdrawn: return "withdrawn";
  }
  REL_CHECK(false);
}

std::string_view cause_name(Cause cause) {
  switch (cause) {
    case cause_none: return {};
    case cause_insufficient: return "insufficient";
    case cause_no_data: return "no_data";
    case cause_source_error: return "source_error";
  }
  REL_CHECK(false);
}

std::string aggregate_text(const Plan& plan, AggregateId id, uint32_t cell) {
  std::string text{plan.text(plan.aggregates[id.value].text)};
  return cell == 0 ? text : text + " in " + cell_words(plan, cell);
}

std::string_view rule_text(const Plan& plan, const Decision& decision) {
  if (!decision.action.is_none()) return plan.text(plan.actions[decision.action.value].text);
  if (!decision.trigger.is_none()) return plan.text(plan.triggers[decision.trigger.value].text);
  return {};
}

std::string decision_json(const Plan& plan, const Decision& decision) {
  std::string evidence;
  for (uint32_t i = 0; i < decision.evidence_count; ++i) {
    if (i > 0) evidence += ',';
    evidence += evidence_json(plan, decision.evidence[i]);
  }
  return fmt::format(
      R"({{"time":"{}","release":{},"kind":"{}","stage":{},"share":{},"rule":{},"because":{},)"
      R"("actor":"relc","evidence":[{}]}})",
      rfc3339_text(decision.time_ns), json_string(plan.release),
      decision_kind_name(decision.kind), json_or_null(stage_name(plan, decision)),
      json_number(decision.share_millionths / millionths), json_or_null(rule_text(plan, decision)),
      json_string(because_text(plan, decision)), evidence);
}

std::string decision_line(const Plan& plan, const Decision& decision) {
  const std::string_view stage = stage_name(plan, decision);
  std::string line = fmt::format(
      "{}  {:<18}  {:<10}  {:>5}  {}", rfc3339_text(decision.time_ns),
      decision_kind_name(decision.kind), stage.empty() ? "-" : stage,
      quantity_text(decision.share_millionths / millionths, PlanUnit::ratio),
      because_text(plan, decision));
  const std::string_view rule = rule_text(plan, decision);
  return rule.empty() ? line : line + fmt::format("  [{}]", rule);
}

}  // namespace rel
