// The way back of a policy as a page for the people who are woken by it.
#include <fmt/format.h>

#include "compiler/emit/emit.h"
#include "runtime/plan/text.h"

namespace rel::emitted {
namespace {

std::string span_text(const Plan& plan, const PlanSpan& span) {
  return fmt::format("{}:{}", plan.text(span.file), span.line);
}

std::string head(const Plan& plan) {
  std::string text = fmt::format("# Runbook: release `{}` of `{}`\n\n", plan.release, plan.model);
  text += "| | |\n|---|---|\n";
  text += fmt::format("| owner | {} |\n", plan.owner.empty() ? "not named" : plan.owner);
  text += fmt::format("| candidate | {} |\n", plan.text(plan.candidate.text));
  text += fmt::format("| baseline, the way back | {} |\n\n", plan.text(plan.baseline.text));
  return text;
}

std::string now(const Plan& plan) {
  const std::string& name = plan.release;
  return fmt::format(
      "## Right now\n\n"
      "1. Look: `relc status {0} --watch --control unix:PATH`, and `relc history {0}` for why.\n"
      "2. If the candidate must go and has not: `relc rollback {0} --why \"...\"`. The route is "
      "back in memory within a tick; nothing below has to work for that.\n"
      "3. Say that you are on it: `relc acknowledge {0} --why \"...\"`. Until then it escalates.\n"
      "4. Go through the steps below; those that failed are for you to do by hand.\n\n",
      name);
}

std::string triggers(const Plan& plan) {
  std::string text = "## What sends it back\n\n| rule | where | place |\n|---|---|---|\n";
  for (const Trigger& trigger : plan.triggers) {
    if (trigger.action != TriggerAction::rollback) continue;
    const std::string_view where = trigger.stage.is_none()
                                       ? "every stage"
                                       : plan.text(plan.stages[trigger.stage.value].name);
    text += fmt::format("| `{}` | {} | {} |\n", plan.text(trigger.text), where,
                        span_text(plan, trigger.span));
  }
  return text + "\n";
}

std::string exposure(const Plan& plan) {
  std::string text = "## Who can be affected\n\n| stage | routes |\n|---|---|\n";
  for (const Stage& stage : plan.stages) {
    text += fmt::format("| {} | {} |\n", plan.text(stage.name), plan.text(stage.text));
  }
  return text + "\n";
}

std::string by_hand(const Plan& plan, const Action& action) {
  std::string words;
  for (uint32_t i = 0; i < action.arguments.count; i++) {
    words += fmt::format("{}{}", i == 0 ? "" : " ",
                         quoted_text(plan.text(plan.arguments[action.arguments.at(i).value])));
  }
  switch (action.kind) {
    case ActionKind::command: return fmt::format("run {}", words);
    case ActionKind::webhook: return fmt::format("call {}", words);
    case ActionKind::haproxy:
      return fmt::format("on proxy {}: set the map's entry to 0 (`set map MAP KEY 0`), in the file "
                         "too",
                         words);
    case ActionKind::mlflow_alias:
      return fmt::format("in the registry: let {} name version {} again", plan.text(action.subject),
                         plan.text(action.version));
    case ActionKind::slack:
    case ActionKind::pagerduty:
    case ActionKind::alertmanager:
      return fmt::format("tell {} {}", action_kind_name(action.kind), words);
    case ActionKind::report: return "write it from `relc history`";
  }
  return "";
}

std::string steps(const Plan& plan) {
  std::string text =
      "## The way back, in this order\n\n1. **All traffic to the baseline.** In memory, at once, "
      "with nothing else working.\n";
  int number = 2;
  for (const Action& action : plan.actions) {
    text += fmt::format("{}. `{}`\n", number++, plan.text(action.text));
    if (action.purpose == ActionPurpose::escalate) {
      text += fmt::format("   - after {}, unless somebody has acknowledged\n",
                          exact_duration_text(action.after_ns));
    }
    const std::string retries = action.retries_max == Action::no_limit
                                    ? std::string()
                                    : fmt::format(", at most {} times more", action.retries_max);
    text += fmt::format("   - tried for {}{}\n", exact_duration_text(action.within_ns), retries);
    text += fmt::format("   - by hand: {}\n", by_hand(plan, action));
  }
  if (plan.quarantine_candidate != 0) {
    text += fmt::format("{}. The candidate is quarantined. When it is mended under its own digest, "
                        "nothing is to be cleared.\n",
                        number++);
  }
  if (plan.cooldown_ns > 0) {
    text += fmt::format("{}. No release of `{}` starts for {}.\n", number++, plan.model,
                        exact_duration_text(plan.cooldown_ns));
  }
  return text + "\n";
}

std::string needs(const Plan& plan) {
  if (plan.needs.empty()) return "";
  std::string text = "## What must be as the baseline needs it\n\n| what | candidate | baseline |\n"
                     "|---|---|---|\n";
  for (const Need& need : plan.needs) {
    text += fmt::format("| {} `{}` | {} | {} |\n", subject_kind_name(need.kind),
                        plan.text(need.name), plan.text(need.version),
                        need.beside.is_none() ? "not said" : plan.text(need.beside));
  }
  return text + "\n";
}

std::string afterwards(const Plan& plan) {
  return fmt::format(
      "## Afterwards\n\n- The report is below `reports/{0}-TIME/` of the state directory.\n"
      "- `relc replay STATE` shows each decision again.\n"
      "- Try this way back before the next release: `relc rehearse {0} --control unix:PATH`.\n",
      plan.release);
}

}  // namespace

std::string runbook(const Plan& plan) {
  return head(plan) + now(plan) + triggers(plan) + exposure(plan) + steps(plan) + needs(plan) +
         afterwards(plan);
}

}  // namespace rel::emitted
