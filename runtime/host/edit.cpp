#include "runtime/host/edit.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/time_text.h"
#include "runtime/plan/safe_edit.h"
#include "runtime/runtime.h"

namespace rel {
namespace {

// The release of that name which runs under another plan.
struct Running {
  ReleaseRecord record;
  Plan plan;
  EngineState state;
};

Result<std::optional<Running>> find_running(Journal& journal, const Plan& edited) {
  Result<std::vector<ReleaseRecord>> releases = journal.releases();
  if (!releases) return releases.error();
  for (ReleaseRecord& record : *releases) {
    const bool other = record.name == edited.release && record.superseded_ns == 0 &&
                       record.plan_hash != plan_hash(edited);
    if (!other) continue;
    Result<Plan> plan = load_plan(record.plan);
    if (!plan) return plan.error();
    auto state = journal.state(record.id, *plan);
    if (!state) return state.error();
    if (state->has_value() && (*state)->state.phase == Phase::running) {
      return std::optional(Running{std::move(record), std::move(*plan), (*state)->state});
    }
  }
  return std::optional<Running>();
}

EditJudgement judge(const Running& running, const Plan& edited) {
  EditJudgement judgement = judge_edit(running.plan, edited);
  // The memory that gateway and sidecar share stays what it is.
  if (judgement.refused.empty() &&
      Runtime::shared_size(running.plan) != Runtime::shared_size(edited)) {
    judgement.refused.emplace_back("what is kept of the traffic", true);
  }
  return judgement;
}

std::string explanation(const Running& running, const Plan& edited) {
  const EditJudgement judgement = judge(running, edited);
  std::string text = fmt::format(
      "release `{}` runs since {} under plan {:016x}, and the policy given is another one:\n",
      running.record.name, rfc3339_text(running.record.begun_ns), running.record.plan_hash);
  for (const std::string& change : judgement.safe) text += fmt::format("  safe:     {}\n", change);
  bool decides = false;
  for (const PlanChange& change : judgement.refused) {
    text += fmt::format("  {} {}\n", change.decides ? "decides:  " : "after it: ", change.what);
    decides |= change.decides;
  }
  if (judgement.refused.empty()) {
    return text + "all of it is safe: take it up with `relc run ... --edit \"why\"`";
  }
  text += decides ? "what it has seen and how far it has gone belong to what was written; "
                  : "none of this changes what it decides, but its way back is pinned with it; ";
  return text + "put the former policy back, or end the release first (`relc withdraw` or `relc "
                "rollback`)";
}

HandRecord order_of(const EditOrder& by, const Running& running, const Plan& edited,
                    uint64_t sequence) {
  HandRecord order{.release = running.record.id,
                   .key = fmt::format("edit-{:016x}-{}", plan_hash(edited), by.now_ns),
                   .verb = "edit",
                   .argument = fmt::format("plan {:016x}", plan_hash(edited)),
                   .actor = by.peer.name,
                   .why = by.why,
                   .time_ns = by.now_ns};
  order.command.sequence = sequence;
  return order;
}

JournalEntry entry_of(const Running& running, const HandRecord& order,
                      const std::vector<std::string>& changes) {
  const EngineState& state = running.state;
  JournalEntry entry{.because = fmt::format("the policy was edited ({}): {}",
                                            fmt::join(changes, "; "), order.why),
                     .actor = order.actor};
  entry.decision.time_ns = order.time_ns;
  entry.decision.epoch = state.epoch;
  entry.decision.kind = DecisionKind::overridden;
  entry.decision.reason = Reason::by_hand;
  entry.decision.hand = order.command.sequence;
  entry.decision.stage = state.stage;
  entry.decision.share_millionths = route_of(running.plan, state).share_millionths;
  return entry;
}

// Hooks stand behind the steps of the way back: when that has grown, theirs have other rows.
Result<std::vector<ActionRecord>> moved_actions(Journal& journal, const Running& running,
                                                const Plan& edited) {
  Result<std::vector<ActionRecord>> records = journal.actions(running.record.id);
  if (!records) return records.error();
  const auto shift = static_cast<uint32_t>(edited.actions.size() - running.plan.actions.size());
  for (ActionRecord& record : *records) {
    if (is_of_hook(running.plan.actions[record.action.value].purpose)) {
      record.action.value += shift;
    }
  }
  return records;
}

Status record_edit(Journal& journal, const Running& running, const Plan& edited, HandRecord order,
                   const std::vector<std::string>& changes) {
  Result<std::vector<ActionRecord>> actions = moved_actions(journal, running, edited);
  if (!actions) return actions.error();
  order.outcome = HandOutcome::done;
  const JournalEntry entry = entry_of(running, order, changes);
  const EditRecord edit{.time_ns = order.time_ns,
                        .who = order.actor,
                        .why = order.why,
                        .changes = fmt::format("{}", fmt::join(changes, "\n")),
                        .former_plan = running.record.plan};
  return journal.record(running.record.id, edited,
                        {.entries = {&entry, 1},
                         .actions = *actions,
                         .order = &order,
                         .edit = &edit});
}

}  // namespace

Result<std::string> explain_edit(Journal& journal, const Plan& edited) {
  Result<std::optional<Running>> running = find_running(journal, edited);
  if (!running) return running.error();
  return running->has_value() ? explanation(**running, edited) : std::string();
}

Result<std::vector<std::string>> take_up_edit(Journal& journal, const Plan& edited,
                                              const ControlRules& rules, const EditOrder& order) {
  Result<std::optional<Running>> running = find_running(journal, edited);
  if (!running) return running.error();
  if (!running->has_value()) return std::vector<std::string>();
  Result<uint64_t> last = journal.hands().last_sequence();
  if (!last) return last.error();
  HandRecord record = order_of(order, **running, edited, *last + 1);
  EditJudgement judgement = judge(**running, edited);
  std::string refusal;
  if (Status s = may_use(rules, order.peer, "edit"); !s) refusal = s.error().message;
  else if (order.why.empty()) refusal = "say why: --edit \"...\"";
  else if (!judgement.refused.empty()) refusal = explanation(**running, edited);
  if (!refusal.empty()) {
    record.outcome = HandOutcome::refused;
    record.detail = refusal;
    if (Status s = journal.hands().put(record); !s) return s.error();
    return Error{std::move(refusal)};
  }
  // Places and comments alone change nothing, and are an edit all the same.
  if (judgement.safe.empty()) judgement.safe.emplace_back("nothing that it decides by");
  Status written = record_edit(journal, **running, edited, std::move(record), judgement.safe);
  if (!written) return written.error();
  return std::move(judgement.safe);
}

}  // namespace rel
