#include "compiler/testing/judge.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/base/time_text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel::testing {
namespace {

using sema::TypedExpectation;

int64_t time_of(const RunLog& log, const Decision& decision) {
  return decision.time_ns - log.start_ns;
}

bool reads_metric(const Plan& plan, PredicateId predicate, std::string_view name) {
  if (predicate.is_none()) return false;
  const Rows<NodeId>& nodes = plan.predicates[predicate.value].nodes;
  for (uint32_t i = nodes.first; i < nodes.end(); ++i) {
    const Node& node = plan.nodes[i];
    if (node.op == Op::sustained && reads_metric(plan, plan.sustains[node.a].input, name))
      return true;
    if (node.op != Op::load) continue;
    const MetricId metric = plan.trackers[plan.aggregates[node.a].tracker.value].metric;
    if (metric.is_none()) continue;
    const Metric& read = plan.metrics[metric.value];
    if (plan.text(read.name) == name) return true;
    if (!read.of.is_none() && plan.text(plan.metrics[read.of.value].name) == name) return true;
  }
  return false;
}

// A second trigger of one guard is `slow_2` in a plan, one that a stage tightens `ramp.slow`.
bool is_guard(std::string_view trigger, std::string_view name) {
  trigger.remove_prefix(trigger.rfind('.') + 1);  // no stage: from the start
  if (!trigger.starts_with(name)) return false;
  trigger.remove_prefix(name.size());
  return trigger.empty() || (trigger.size() > 1 && trigger[0] == '_' &&
                             trigger.find_first_not_of("0123456789", 1) == trigger.npos);
}

bool rests_on(const Plan& plan, const Decision& decision, const TypedExpectation& expected) {
  if (!expected.because_is_name)
    return because_text(plan, decision).find(expected.because) != std::string::npos;
  if (cause_name(static_cast<Cause>(decision.cause)) == expected.because) return true;
  if (decision.trigger.is_none()) return false;
  const Trigger& trigger = plan.triggers[decision.trigger.value];
  return is_guard(plan.text(trigger.name), expected.because) ||
         reads_metric(plan, trigger.when, expected.because);
}

// What a decision lacks of what is expected, in the order in which people ask.
enum class Lack : uint8_t { nothing, reason, place, time, kind };

Lack lack_of(const RunLog& log, const Decision& decision, const TypedExpectation& expected) {
  if (decision.kind != *expected.kind) return Lack::kind;
  const int64_t at_ns = time_of(log, decision);
  if ((expected.from_ns && at_ns < *expected.from_ns) ||
      (expected.to_ns && at_ns > *expected.to_ns))
    return Lack::time;
  const bool stage = !expected.stage || decision.stage.value == *expected.stage;
  const bool share =
      !expected.share_millionths || decision.share_millionths == *expected.share_millionths;
  if (!stage || !share) return Lack::place;
  const bool reason = expected.because.empty() || rests_on(*log.plan, decision, expected);
  return reason ? Lack::nothing : Lack::reason;
}

std::string decided_text(const RunLog& log, const Decision& decision) {
  const Plan& plan = *log.plan;
  std::string text = fmt::format("{} after {}", decision_kind_name(decision.kind),
                                 duration_text(time_of(log, decision)));
  if (!decision.stage.is_none())
    text += " in " + place_text(plan, decision.stage, decision.share_millionths);
  const std::string because = because_text(plan, decision);
  return because.empty() ? text : fmt::format("{} because {}", text, because);
}

Standing standing_at(const RunLog& log, int64_t at_ns) {
  Standing found;
  for (const Standing& each : log.standings)
    if (each.at_ns <= at_ns) found = each;
  return found;
}

std::string standing_text(const RunLog& log, const Standing& standing) {
  const std::string place = standing.stage.is_none()
                                ? std::string("at the baseline")
                                : "in " + place_text(*log.plan, standing.stage,
                                                     standing.share_millionths);
  if (standing.phase == Phase::running) return place;
  return fmt::format("{} ({})", place, phase_name(standing.phase));
}

bool is_there(const Standing& standing, const TypedExpectation& expected) {
  const bool stage = !expected.stage || standing.stage.value == *expected.stage;
  const bool share =
      !expected.share_millionths || standing.share_millionths == *expected.share_millionths;
  return stage && share;
}

// Where the release stands: at a moment, or (within) at some time up to one.
Judgement judge_standing(const RunLog& log, const TypedExpectation& expected) {
  Judgement judged;
  const int64_t from_ns = expected.from_ns.value_or(expected.to_ns ? 0 : log.end_ns);
  const int64_t to_ns = expected.to_ns.value_or(from_ns);
  judged.about_ns = to_ns;
  judged.met = is_there(standing_at(log, from_ns), expected);
  for (const Standing& each : log.standings)
    if (each.at_ns > from_ns && each.at_ns <= to_ns && is_there(each, expected)) judged.met = true;
  if (!judged.met)
    judged.happened = fmt::format("after {} the release was {}", duration_text(to_ns),
                                  standing_text(log, standing_at(log, to_ns)));
  return judged;
}

std::string lacking_text(const RunLog& log, const Decision& decision, Lack lack,
                         const TypedExpectation& expected) {
  const std::string decided = decided_text(log, decision);
  switch (lack) {
    case Lack::nothing:
    case Lack::kind: return decided;
    case Lack::reason: return fmt::format("{}: for another reason", decided);
    case Lack::place: return fmt::format("{}: at another place", decided);
    case Lack::time: break;
  }
  const int64_t at_ns = time_of(log, decision);
  if (expected.to_ns && at_ns > *expected.to_ns)
    return fmt::format("{}: {} too late", decided, duration_text(at_ns - *expected.to_ns));
  return fmt::format("{}: {} too early", decided, duration_text(*expected.from_ns - at_ns));
}

}  // namespace

std::string place_text(const Plan& plan, StageId stage, uint32_t share_millionths) {
  constexpr double millionths = 1e6;
  const Stage& row = plan.stages[stage.value];
  const std::string_view name = plan.text(row.name);
  if (row.kind == StageKind::mirror) return std::string(name);
  return fmt::format("{} at {}", name,
                     quantity_text(share_millionths / millionths, PlanUnit::ratio));
}

std::optional<size_t> find_decision(const RunLog& log, const TypedExpectation& expected) {
  if (!expected.kind) return std::nullopt;
  for (size_t i = 0; i < log.decisions.size(); ++i)
    if (lack_of(log, log.decisions[i], expected) == Lack::nothing) return i;
  return std::nullopt;
}

Judgement judge(const RunLog& log, const TypedExpectation& expected) {
  if (!expected.kind) return judge_standing(log, expected);
  Judgement judged;
  judged.decision = find_decision(log, expected);
  judged.met = judged.decision.has_value() != expected.none;
  judged.about_ns = expected.to_ns.value_or(log.end_ns);
  if (judged.decision) judged.about_ns = time_of(log, log.decisions[*judged.decision]);
  if (judged.met) return judged;
  if (expected.none) {
    judged.happened = decided_text(log, log.decisions[*judged.decision]);
    return judged;
  }
  Lack nearest = Lack::kind;
  for (size_t i = 0; i < log.decisions.size(); ++i) {
    const Lack lack = lack_of(log, log.decisions[i], expected);
    if (lack >= nearest) continue;
    nearest = lack;
    judged.decision = i;
  }
  if (judged.decision) {
    const Decision& decision = log.decisions[*judged.decision];
    judged.happened = lacking_text(log, decision, nearest, expected);
    judged.about_ns = time_of(log, decision);
    return judged;
  }
  judged.happened = fmt::format("no {} in {}; the release was {}",
                                decision_kind_name(*expected.kind), duration_text(log.end_ns),
                                standing_text(log, standing_at(log, log.end_ns)));
  return judged;
}

}  // namespace rel::testing
