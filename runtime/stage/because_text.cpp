// The sentence that says why. Where the condition is made of comparisons it says both sides of
// those that decided; otherwise it lists the numbers the decision rests on.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/plan/text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/evidence_text.h"
#include "runtime/stage/named_cell.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

enum class Polarity { as_is, negated };

// One comparison that decided, and how many samples stand behind it.
struct Part {
  std::string text;
  std::string samples;
};

// A predicate read together with the evidence of its decision.
struct Account {
  const Plan& plan;
  const Decision& decision;
  std::vector<Part> parts;
};

const Evidence* evidence_of(const Account& account, uint32_t aggregate) {
  for (uint32_t i = 0; i < account.decision.evidence_count; ++i) {
    const Evidence& evidence = account.decision.evidence[i];
    if (evidence.aggregate.value == aggregate) return &evidence;
  }
  return nullptr;
}

// The value of an expression from the quoted numbers; nothing when one is missing or unknown.
std::optional<double> value_of(const Account& account, uint32_t index) {
  const Node& node = account.plan.nodes[index];
  switch (node.op) {
    case Op::constant: return node.constant;
    case Op::load: {
      const Evidence* evidence = evidence_of(account, node.a);
      if (!evidence || evidence->causes) return std::nullopt;
      return evidence->value;
    }
    case Op::neg: {
      const auto a = value_of(account, node.a);
      return a ? std::optional(-*a) : std::nullopt;
    }
#define REL_ARITHMETIC(name, text, interpreted, ir)               \
  case Op::name: {                                                \
    const auto left = value_of(account, node.a);                  \
    const auto right = value_of(account, node.b);                 \
    if (!left || !right) return std::nullopt;                     \
    const double a = *left, b = *right;                           \
    return (interpreted);                                         \
  }
#include "runtime/plan/ops.def"
    case Op::sustained:
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
    case Op::certain:
    case Op::fold_any:
    case Op::fold_every:
    case Op::fold_at_least: return std::nullopt;
  }
  REL_CHECK(false);
}

bool holds(Op op, double a, double b) {
#define REL_COMPARISON(name, text, interpreted, ir) \
  if (op == Op::name) return (interpreted);
#include "runtime/plan/ops.def"
  return false;
}

// How a comparison reads: `was X, above Y`; seen from its right side; and when it is denied.
struct ComparisonWords {
  Op op;
  const char* words;
  Op mirrored;
  Op opposite;
};

constexpr ComparisonWords comparisons[] = {
    {Op::lt, "below", Op::gt, Op::ge},       {Op::le, "at or below", Op::ge, Op::gt},
    {Op::gt, "above", Op::lt, Op::le},       {Op::ge, "at or above", Op::le, Op::lt},
    {Op::eq, "equal to", Op::eq, Op::ne},    {Op::ne, "other than", Op::ne, Op::eq},
};

const ComparisonWords& words_for(Op op) {
  for (const ComparisonWords& row : comparisons) {
    if (row.op == op) return row;
  }
  REL_CHECK(false);
}

std::string samples_text(const Plan& plan, const Evidence& evidence) {
  if (plan.aggregates[evidence.aggregate.value].fn == AggregateFn::samples) return {};
  const double samples = static_cast<double>(evidence.samples);
  return fmt::format("{} {}", exact_quantity_text(samples, PlanUnit::requests),
                     evidence.samples == 1 ? "sample" : "samples");
}

std::string evidence_text(const Plan& plan, const Evidence& evidence) {
  const Aggregate& aggregate = plan.aggregates[evidence.aggregate.value];
  return fmt::format("{} was {}", aggregate_text(plan, evidence.aggregate, evidence.cell),
                     quantity_text(evidence.value, aggregate.unit));
}

// The numbers of an expression beside its value: ` (p99(baseline.latency) over 5s was 400ms)`.
void list_loads(const Account& account, uint32_t index, std::string& text) {
  const Node& node = account.plan.nodes[index];
  if (node.op == Op::load) {
    if (const Evidence* evidence = evidence_of(account, node.a)) {
      text += text.empty() ? "" : ", ";
      text += evidence_text(account.plan, *evidence);
    }
    return;
  }
  if (node.op == Op::constant || node.op == Op::sustained) return;
  if (node.a != NodeId::none_value) list_loads(account, node.a, text);
  if (node.b != NodeId::none_value) list_loads(account, node.b, text);
}

// `L was X, above Y`, where L is one aggregate.
Part compared(const Account& account, Op op, const Evidence& left, double right,
              uint32_t right_node) {
  const PlanUnit unit = account.plan.aggregates[left.aggregate.value].unit;
  std::string value = quantity_text(left.value, unit);
  std::string limit = quantity_text(right, unit);
  if (value == limit && left.value != right) {
    value = exact_quantity_text(left.value, unit);
    limit = exact_quantity_text(right, unit);
  }
  std::string text =
      fmt::format("{} was {}, {} {}", aggregate_text(account.plan, left.aggregate, left.cell),
                  value, words_for(op).words, limit);
  std::string others;
  list_loads(account, right_node, others);
  if (!others.empty()) text += fmt::format(" ({})", others);
  return {std::move(text), samples_text(account.plan, left)};
}

void add_comparison(Account& account, const Node& node, Polarity polarity) {
  const auto left = value_of(account, node.a);
  const auto right = value_of(account, node.b);
  if (!left || !right) return;
  const Op op = polarity == Polarity::as_is ? node.op : words_for(node.op).opposite;
  if (!holds(op, *left, *right)) return;
  const Node& left_node = account.plan.nodes[node.a];
  const Node& right_node = account.plan.nodes[node.b];
  const EvidenceTest* test =
      left_node.op == Op::load ? test_of(account.plan, AggregateId{left_node.a}) : nullptr;
  if (test) {
    account.parts.push_back({finding_text(account.plan, account.decision, *test,
                                          *evidence_of(account, left_node.a)),
                             {}});
  } else if (left_node.op == Op::load) {
    account.parts.push_back(
        compared(account, op, *evidence_of(account, left_node.a), *right, node.b));
  } else if (right_node.op == Op::load) {
    account.parts.push_back(compared(account, words_for(op).mirrored,
                                     *evidence_of(account, right_node.a), *left, node.a));
  } else {
    std::string numbers;
    list_loads(account, node.a, numbers);
    list_loads(account, node.b, numbers);
    account.parts.push_back({std::move(numbers), {}});
  }
}

// How long, or how often, a condition that is sustained has been true at least.
std::string lasting_text(const Sustain& sustain) {
  switch (sustain.kind) {
    case SustainKind::held: return ", for at least " + duration_text(sustain.duration_ns);
    case SustainKind::consecutive:
    case SustainKind::of_last:
      return fmt::format(", in {} checks {} apart",
                         sustain.kind == SustainKind::consecutive
                             ? fmt::format("{} consecutive", sustain.count)
                             : fmt::format("{} of {}", sustain.count, sustain.of),
                         duration_text(sustain.duration_ns));
    case SustainKind::failures_over:
      return fmt::format(", in more than {} {} {} apart", sustain.count,
                         sustain.count == 1 ? "check" : "checks",
                         duration_text(sustain.duration_ns));
    case SustainKind::failures_within:
    case SustainKind::latch:
    case SustainKind::keep: return {};
  }
  REL_CHECK(false);
}

// Collects the comparisons below a node that hold.
void collect(Account& account, uint32_t index, Polarity polarity) {
  const Node& node = account.plan.nodes[index];
  switch (node.op) {
    case Op::constant:
    case Op::load:
    case Op::neg:
#define REL_ARITHMETIC(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
      return;
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
      return add_comparison(account, node, polarity);
    case Op::sustained: {
      const Sustain& sustain = account.plan.sustains[node.a];
      const size_t before = account.parts.size();
      const bool fails = sustain.kind == SustainKind::failures_within;
      if (sustain.kind == SustainKind::latch || fails) return;  // it may be long past
      collect(account, account.plan.predicates[sustain.input.value].root().value, polarity);
      if (account.parts.size() > before && polarity == Polarity::as_is) {
        account.parts.back().text += lasting_text(sustain);
      }
      return;
    }
    case Op::logical_and:
    case Op::logical_or:
      collect(account, node.a, polarity);
      return collect(account, node.b, polarity);
    case Op::logical_not:
      return collect(account, node.a,
                     polarity == Polarity::as_is ? Polarity::negated : Polarity::as_is);
    case Op::certain:
    case Op::fold_any:
    case Op::fold_every:
    case Op::fold_at_least: return collect(account, node.a, polarity);
  }
}

// One comparison: `TEXT, for 2s (1,024 samples)`; several: `A (n samples) and B, for 2s`.
std::string joined(const std::vector<Part>& parts, const std::string& lasted) {
  const auto bracketed = [](const Part& part) {
    return part.samples.empty() ? std::string{} : fmt::format(" ({})", part.samples);
  };
  if (parts.size() == 1) return parts[0].text + lasted + bracketed(parts[0]);
  std::string text;
  for (const Part& part : parts) {
    text += text.empty() ? "" : " and ";
    text += part.text + bracketed(part);
  }
  return text + lasted;
}

std::string all_evidence(const Plan& plan, const Decision& decision) {
  std::string text;
  for (uint32_t i = 0; i < decision.evidence_count; ++i) {
    if (decision.evidence[i].causes) continue;
    text += text.empty() ? "" : ", ";
    text += evidence_text(plan, decision.evidence[i]);
  }
  return text;
}

// How long the trigger's condition has been true, when the trigger asks for a time.
std::string lasted_text(const Plan& plan, const Decision& decision, const Trigger& trigger) {
  if (trigger.sustain.is_none()) return {};
  const Sustain& sustain = plan.sustains[trigger.sustain.value];
  if (sustain.kind != SustainKind::held) return lasting_text(sustain);
  if (decision.since_ns == 0) return {};
  return ", for " + duration_text(decision.time_ns - decision.since_ns);
}

// `; not covered: region apac (12 samples)`: segments that had too little data to take part.
std::string uncovered_text(const Plan& plan, const Decision& decision) {
  std::string text;
  std::vector<uint32_t> cells;
  for (uint32_t i = 0; i < decision.evidence_count; ++i) {
    const Evidence& evidence = decision.evidence[i];
    const bool listed = std::find(cells.begin(), cells.end(), evidence.cell) != cells.end();
    if (!evidence.causes || evidence.cell == 0 || listed) continue;
    cells.push_back(evidence.cell);
    text += fmt::format("{}{} ({})", text.empty() ? "; not covered: " : ", ",
                        cell_words(plan, evidence.cell), samples_text(plan, evidence));
  }
  return text;
}

std::string true_trigger(const Plan& plan, const Decision& decision) {
  const Trigger& trigger = plan.triggers[decision.trigger.value];
  Account account{plan, decision, {}};
  collect(account, plan.predicates[trigger.condition.value].root().value, Polarity::as_is);
  const std::string lasted = lasted_text(plan, decision, trigger);
  const std::string uncovered = uncovered_text(plan, decision);
  if (!account.parts.empty()) return joined(account.parts, lasted) + uncovered;
  const std::string numbers = all_evidence(plan, decision);
  const std::string fallback{plan.text(plan.predicates[trigger.condition.value].text)};
  return (numbers.empty() ? fallback + " is true" : numbers) + lasted + uncovered;
}

std::string unknown_number(const Plan& plan, const Evidence& evidence, Cause cause) {
  if (const EvidenceTest* test = test_of(plan, evidence.aggregate)) {
    return unknown_finding(plan, *test, cause);
  }
  const std::string expr = aggregate_text(plan, evidence.aggregate, evidence.cell);
  switch (cause) {
    case cause_none: return {};
    case cause_no_data: return "no data on " + expr;
    case cause_source_error: return "the source of " + expr + " is failing";
    case cause_insufficient: break;
  }
  const Aggregate& aggregate = plan.aggregates[evidence.aggregate.value];
  return fmt::format("too little data on {}: {}, {} needed", expr, samples_text(plan, evidence),
                     exact_quantity_text(aggregate.samples_min, PlanUnit::requests));
}

// Its comparison says why there is none.
bool is_estimate(const Plan& plan, const Evidence& evidence) {
  return plan.aggregates[evidence.aggregate.value].fn == AggregateFn::estimate;
}

std::string unknown_trigger(const Plan& plan, const Decision& decision) {
  const Trigger& trigger = plan.triggers[decision.trigger.value];
  const Cause cause = static_cast<Cause>(decision.cause);
  std::string text;
  size_t more = 0;
  for (uint32_t i = 0; i < decision.evidence_count; ++i) {
    const Evidence& evidence = decision.evidence[i];
    if (worst_cause(evidence.causes) != cause || is_estimate(plan, evidence)) continue;
    if (text.empty()) text = unknown_number(plan, evidence, cause);
    else ++more;
  }
  if (more > 0) text += fmt::format(", and {} more", more);
  if (!text.empty()) return text;
  const std::string_view condition = plan.text(plan.predicates[trigger.condition.value].text);
  if (!trigger.sustain.is_none()) {
    const Sustain& sustain = plan.sustains[trigger.sustain.value];
    if (sustain.kind != SustainKind::held) {
      return fmt::format("{} has not been checked often enough for `{}` yet", condition,
                         sustain_text(sustain));
    }
    return fmt::format("{} has not been watched for {} yet", condition,
                       duration_text(sustain.duration_ns));
  }
  return fmt::format("{} has no verdict: {}", condition, cause_name(cause));
}

std::string gate_text(const Plan& plan, const Decision& decision) {
  if (decision.trigger.is_none()) return {};
  return "; " + true_trigger(plan, decision);
}

std::string step_samples_text(const Plan& plan, const Decision& decision) {
  const uint32_t wanted = plan.stages[decision.stage.value].step_samples_min;
  return exact_quantity_text(wanted, PlanUnit::requests);
}

std::string stage_done(const Plan& plan, const Decision& decision) {
  const std::string_view name = plan.text(plan.stages[decision.stage.value].name);
  if (decision.kind == DecisionKind::stage_entered) return "the stage before it is complete";
  return fmt::format("stage {} is complete{}", name, gate_text(plan, decision));
}

std::string overdue(const Plan& plan, const Decision& decision) {
  const Stage& stage = plan.stages[decision.stage.value];
  const std::string_view reason = plan.text(stage.otherwise_reason);
  std::string text = fmt::format("stage {} was not complete after {}", plan.text(stage.name),
                                 duration_text(stage.at_most_ns));
  return reason.empty() ? text : fmt::format("{}: {}", text, reason);
}

std::string of_action(const Plan& plan, const Decision& decision) {
  const std::string_view action =
      decision.action.is_none() ? "" : plan.text(plan.actions[decision.action.value].text);
  const auto with = [&](const char* outcome) { return fmt::format("{} {}", action, outcome); };
  if (decision.kind == DecisionKind::action_started) return with("started");
  if (decision.kind == DecisionKind::action_done) return with("is done");
  if (decision.kind == DecisionKind::action_failed) return with("failed");
  if (decision.kind == DecisionKind::quarantined) {
    return fmt::format("the candidate {} went back and does not go out again until it is cleared",
                       plan.text(plan.candidate.text));
  }
  return std::string{action};
}

}  // namespace

std::string because_text(const Plan& plan, const Decision& decision) {
  switch (decision.reason) {
    case Reason::release_started: return "the release starts";
    case Reason::step_time_full: return "the step's time is full" + gate_text(plan, decision);
    case Reason::stage_complete: return stage_done(plan, decision);
    case Reason::trigger_true: return true_trigger(plan, decision);
    case Reason::trigger_unknown: return unknown_trigger(plan, decision);
    case Reason::trigger_unknown_long:
      return unknown_trigger(plan, decision) + ", for " +
             duration_text(decision.time_ns - decision.since_ns);
    case Reason::baseline_also_true:
      return true_trigger(plan, decision) + "; the same is true of the baseline";
    case Reason::stage_overdue: return overdue(plan, decision);
    case Reason::step_samples_full:
      return fmt::format("the step has seen {} requests{}",
                         step_samples_text(plan, decision), gate_text(plan, decision));
    case Reason::watch_begins:
      return fmt::format("{}; it is watched for {} more", stage_done(plan, decision),
                         duration_text(plan.stages[decision.stage.value].watch_ns));
    case Reason::watch_over:
      return fmt::format("the watch of {} is over",
                         duration_text(plan.stages[decision.stage.value].watch_ns));
    case Reason::baseline_released:
      return fmt::format("the baseline was kept warm for {} and is not needed any more",
                         duration_text(decision.time_ns - decision.since_ns));
    case Reason::nothing_holds:
      return "nothing holds the release any more; it was held for " +
             duration_text(decision.time_ns - decision.since_ns);
    case Reason::recovered: return "the release goes on after a restart";
    case Reason::action_outcome: return of_action(plan, decision);
    case Reason::by_hand: return "a person ordered it";
    case Reason::set_went_back:
      return fmt::format("another release of the set {} went back", plan.text(plan.set));
  }
  REL_CHECK(false);
}

}  // namespace rel
