#include "compiler/plan/lower.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <xxhash.h>

#include "compiler/plan/predicates.h"
#include "compiler/plan/render.h"
#include "compiler/plan/routing.h"
#include "compiler/plan/tables.h"
#include "runtime/plan/text.h"

namespace rel {

namespace {

using namespace sema;

// The octaves worth telling apart: microseconds to a quarter of an hour for durations, shares up to
// one, a millionth to a billion for the rest. Numbers that can be negative keep a mirrored half.
HistogramShape shape_of(const TypedMetric& metric) {
  constexpr int16_t lowest = -20;
  if (metric.kind == MetricKind::flag || metric.kind == MetricKind::category) return {};
  if (metric.kind == MetricKind::gauge) return {lowest, 40, 1};
  if (metric.kind == MetricKind::duration) return {lowest, 10, 0};
  switch (metric.unit) {
    case PlanUnit::ratio:
    case PlanUnit::points: return {lowest, 1, 0};
    case PlanUnit::number:
    case PlanUnit::usd:
    case PlanUnit::eur: return {lowest, 40, 1};
    case PlanUnit::seconds:
    case PlanUnit::bytes:
    case PlanUnit::tokens:
    case PlanUnit::requests:
    case PlanUnit::per_second: return {lowest, 40, 0};
  }
  return {};
}

bool reads_arm(const TypedPolicy& policy, TypedId id, Arm arm) {
  const TypedExpr& expr = policy[id];
  if (expr.op == Op::load) return policy.reads(policy.aggregates[expr.aggregate], arm);
  return (!expr.left.is_none() && reads_arm(policy, expr.left, arm)) ||
         (!expr.right.is_none() && reads_arm(policy, expr.right, arm));
}

// A pair has no baseline of its own.
bool reads_pairs(const TypedPolicy& policy, TypedId id) {
  if (id.is_none()) return false;
  const TypedExpr& expr = policy[id];
  if (expr.op != Op::load) return reads_pairs(policy, expr.left) || reads_pairs(policy, expr.right);
  const std::optional<uint32_t> metric = policy.aggregates[expr.aggregate].metric;
  return metric && policy.metrics[*metric].per == SampleUnit::pair;
}

// What `step until samples >= N` counts.
const TypedAggregate step_requests{.fn = AggregateFn::samples,
                                   .arm = Arm::candidate,
                                   .unit = PlanUnit::requests,
                                   .window = {.kind = WindowKind::stage}};

class Lowering {
 public:
  Lowering(const Sources& sources, const TypedPolicy& policy, const TypedRelease& release,
           double time_scale, Diagnostics& diagnostics)
      : sources_(sources),
        policy_(policy),
        release_(release),
        time_scale_(time_scale),
        tables_(sources, release.name_span.file, policy, plan_, diagnostics),
        tests_(policy, plan_, tables_),
        predicates_(policy, plan_, tables_, tests_) {}

  std::optional<Plan> lower() {
    tables_.at(release_.name_span);
    identity();
    metrics();
    segments();
    increases();
    reserve_names();
    for (const TypedTrigger& trigger : release_.triggers) add_trigger(trigger, StageId{});
    // Before the reviews of the stages: people meet them in this order.
    for (const TypedGate& gate : release_.checklist) add_gate(gate, StageId{});
    for (const TypedStage& stage : release_.stages) add_stage(stage);
    tests_.finish(release_);
    way_back();
    hooks();
    evidence();
    lower_routing(sources_, policy_, release_, tables_, plan_);
    if (tables_.failed()) return std::nullopt;
    return std::move(plan_);
  }

 private:
  void identity() {
    const TypedModel& model = policy_.models[release_.model];
    plan_.release = release_.name;
    plan_.model = model.name;
    plan_.owner = release_.owner;
    plan_.baseline = {tables_.string(model.baseline.text), tables_.string(model.baseline.digest)};
    plan_.candidate = {tables_.string(model.candidate.text),
                       tables_.string(model.candidate.digest)};
    plan_.salt = XXH64(plan_.release.data(), plan_.release.size(), 0);
    plan_.pane_ns = release_.pane.ns;
  }

  void metrics() {
    for (const TypedMetric& metric : policy_.metrics) {
      Metric row;
      row.name = tables_.string(metric.name);
      row.kind = metric.kind;
      row.unit = metric.unit;
      row.direction = metric.direction;
      row.source = metric.source;
      if (!metric.header.empty()) row.header = tables_.string(metric.header);
      row.status_first = metric.status_first;
      row.status_last = metric.status_last;
      row.histogram = shape_of(metric);
      row.per = metric.per;
      row.absent = metric.absent;
      row.once = metric.once;
      row.unit_of_once = metric.unit_of_once;
      row.within_ns = metric.within_ns;
      if (metric.of) row.of = MetricId{*metric.of};
      if (!metric.match.empty()) row.match = tables_.string(metric.match);
      row.span = tables_.span(metric.span);
      plan_.metrics.push_back(row);
    }
    tables_.check_limit("metrics and those derived of them", plan_.metrics.size(),
                        limits::metrics_max);
  }

  void segments() {
    for (const TypedSegment& segment : policy_.segments) {
      Segment row;
      row.name = tables_.string(segment.name);
      row.values = {static_cast<uint32_t>(plan_.segment_values.size()),
                    static_cast<uint32_t>(segment.values.size())};
      for (const std::string& value : segment.values) {
        plan_.segment_values.push_back(tables_.string(value));
      }
      row.cell_first = plan_.cell_count;
      row.span = tables_.span(segment.span);
      plan_.cell_count += row.values.count + 1;  // and the values outside the set
      plan_.segments.push_back(row);
    }
  }

  // Zones and windows of the release; a stage's come with the stage.
  void increases() {
    for (const TypedZone& zone : policy_.zones) {
      Zone row;
      row.name = tables_.string(zone.name);
      row.first_offset_s = zone.first_offset_s;
      row.changes = {static_cast<uint32_t>(plan_.zone_changes.size()),
                     static_cast<uint32_t>(zone.changes.size())};
      plan_.zone_changes.insert(plan_.zone_changes.end(), zone.changes.begin(),
                                zone.changes.end());
      plan_.zones.push_back(row);
    }
    tables_.check_limit("time zones", plan_.zones.size(), limits::zones_max);
    tables_.check_limit("changes of time zones", plan_.zone_changes.size(),
                        limits::zone_changes_max);
    plan_.increase = add_windows(release_.increase);
    plan_.observe_only = release_.observe_only ? 1 : 0;
  }

  Rows<IncreaseWindowId> add_windows(const std::vector<TypedIncreaseWindow>& windows) {
    if (windows.empty()) return {};
    const Rows<IncreaseWindowId> rows{static_cast<uint32_t>(plan_.increase_windows.size()),
                                      static_cast<uint32_t>(windows.size())};
    for (const TypedIncreaseWindow& window : windows) {
      plan_.increase_windows.push_back({.rule = window.rule,
                                        .days = window.days,
                                        .weekdays = window.weekdays,
                                        .from_minute = window.from_minute,
                                        .to_minute = window.to_minute,
                                        .first = window.first,
                                        .last = window.last,
                                        .zone = ZoneId{window.zone},
                                        .text = tables_.string(window.text),
                                        .span = tables_.span(window.span)});
    }
    tables_.check_limit("calendar windows", plan_.increase_windows.size(),
                        limits::increase_windows_max);
    return rows;
  }

  // Names that are written belong to their triggers, whatever the others would be called.
  void reserve_names() {
    for (const TypedTrigger& trigger : release_.triggers) names_.insert(trigger.name);
    for (const TypedStage& stage : release_.stages) {
      for (const TypedTrigger& trigger : stage.triggers) names_.insert(trigger.name);
    }
  }

  // As written; one that replaces a trigger of the release, or has the name of another stage's, is
  // `canary.slow_eu`.
  std::string written_name(const TypedTrigger& trigger, StageId stage) {
    if (given_.insert(trigger.name).second) return trigger.name;
    return fmt::format("{}.{}", release_.stages[stage.value].name, trigger.name);
  }

  // The guard's name, or `rollback_1`; a second trigger of the same guard is `slow_2`.
  std::string name_of(const TypedTrigger& trigger) {
    const std::string base =
        trigger.guard.empty() ? std::string{action_name(trigger.action)} : trigger.guard;
    std::string name = trigger.guard.empty() ? base + "_1" : base;
    for (int number = 2; !names_.insert(name).second; ++number) {
      name = fmt::format("{}_{}", base, number);
    }
    return name;
  }

  void add_trigger(const TypedTrigger& trigger, StageId stage) {
    tables_.at(trigger.span);
    tests_.within(stage, trigger.action);
    const TypedExpr& when = policy_[trigger.when];
    Trigger row;
    row.name = tables_.string(trigger.name.empty() ? name_of(trigger)
                                                   : written_name(trigger, stage));
    for (const uint32_t replaced : trigger.replaced_in) row.replaced_in |= uint32_t{1} << replaced;
    row.action = trigger.action;
    row.even_if_baseline = trigger.even_if_baseline ? 1 : 0;
    row.stage = stage;
    row.when = predicates_.predicate(trigger.when, Reader::as_written);
    row.condition = row.when;
    if (when.op == Op::sustained) {
      row.sustain = predicates_.sustain(trigger.when);
      row.condition = plan_.sustains[row.sustain.value].input;
    }
    const bool twin = trigger.action == TriggerAction::rollback && !trigger.even_if_baseline &&
                      reads_arm(policy_, trigger.when, Arm::candidate) &&
                      !reads_arm(policy_, trigger.when, Arm::baseline) &&
                      !reads_pairs(policy_, trigger.when);
    if (twin) row.baseline_when = predicates_.predicate(trigger.when, Reader::from_baseline);
    row.after_ns = trigger.after.ns;
    row.after_share_millionths = trigger.after_share.millionths;
    row.text = tables_.string(render_statement(sources_, trigger.span));
    row.span = tables_.span(trigger.span);
    add_unknown(trigger.unknown, TriggerId{static_cast<uint32_t>(plan_.triggers.size())},
                StageId{});
    plan_.triggers.push_back(row);
    tables_.check_limit("triggers", plan_.triggers.size(), limits::triggers_max);
  }

  void add_gate(const TypedGate& gate, StageId stage) {
    tables_.at(gate.span);
    Gate row;
    row.kind = gate.kind;
    row.at = gate.hook           ? gate.hook->at
             : stage.is_none()   ? GateAt::every_raise
                                 : GateAt::leaving;
    if (gate.hook) hooks_.emplace_back(&gate, GateId{static_cast<uint32_t>(plan_.gates.size())});
    row.stage = stage;
    row.count = gate.count;
    row.within_ns = gate.within.ns;
    if (gate.kind == GateKind::evidence) {
      row.predicate = predicates_.predicate(gate.when, Reader::as_written);
    }
    row.name = tables_.string(gate.name);
    row.arguments = {static_cast<uint32_t>(plan_.gate_arguments.size()),
                     static_cast<uint32_t>(gate.arguments.size())};
    for (const std::string& argument : gate.arguments) {
      plan_.gate_arguments.push_back(tables_.string(argument));
    }
    row.text = tables_.string(render_statement(sources_, gate.span));
    row.span = tables_.span(gate.span);
    plan_.gates.push_back(row);
    tables_.check_limit("points of the checklist and reviews", plan_.gates.size(),
                        limits::gates_max);
  }

  int64_t scaled(const Time& time) {
    if (time.ns == 0) return 0;
    const double ns = std::round(static_cast<double>(time.ns) * time_scale_);
    if (ns > static_cast<double>(limits::duration_ns_max)) {
      tables_.at(time.span);
      tables_.fail(Code::out_of_range, "this time is too long once it is scaled")
          .with_help(fmt::format("scale it so that it stays below {}",
                                 exact_duration_text(limits::duration_ns_max)));
      return 0;
    }
    // A time that was written stays one, however small the scale.
    return std::max(static_cast<int64_t>(ns), limits::duration_ns_min);
  }

  void add_stage(const TypedStage& stage) {
    tables_.at(stage.name_span);
    Stage row;
    row.name = tables_.string(stage.name);
    row.kind = stage.kind;
    row.steps = {static_cast<uint32_t>(plan_.steps.size()),
                 static_cast<uint32_t>(stage.steps.size())};
    for (const TypedStep& step : stage.steps) {
      plan_.steps.push_back(Step{step.share.millionths, 0, scaled(step.duration)});
    }
    row.mirror_millionths = stage.mirror.millionths;
    row.holdback_millionths = stage.holdback.millionths;
    row.soak_ns = scaled(stage.soak);
    row.at_least_ns = scaled(stage.at_least);
    row.at_most_ns = scaled(stage.at_most);
    row.otherwise = stage.otherwise;
    row.watch_ns = scaled(stage.watch);
    row.keep_warm_ns = scaled(stage.keep_warm);
    row.step_samples_min = stage.step_samples_min;
    if (stage.step_samples_min > 0) row.step_samples = tables_.aggregate(step_requests, {});
    row.increase = add_windows(stage.increase);
    if (stage.otherwise_reason) row.otherwise_reason = tables_.string(*stage.otherwise_reason);
    row.text = tables_.string(render_statement(sources_, stage.strategy_span));
    row.span = tables_.span(stage.span);
    const StageId id{static_cast<uint32_t>(plan_.stages.size())};
    plan_.stages.push_back(row);
    tables_.check_limit("stages", plan_.stages.size(), limits::stages_max);
    tables_.check_limit("steps", plan_.steps.size(), limits::steps_max);
    for (const TypedTrigger& trigger : stage.triggers) add_trigger(trigger, id);
    for (const TypedGate& gate : stage.reviews) add_gate(gate, id);
    for (const TypedGate& gate : stage.hooks) add_gate(gate, id);
  }

  UnknownRule rule_of(const TypedUnknown& rule) {
    return {.action = rule.action,
            .then = rule.then,
            .up_to_ns = rule.up_to.ns,
            .span = tables_.span(rule.span)};
  }

  void add_unknown(const TypedUnknowns& rules, TriggerId trigger, StageId stage) {
    for (uint8_t cause = 0; cause < rules.size(); ++cause) {
      if (!rules[cause]) continue;
      plan_.unknown_overrides.push_back(
          {.trigger = trigger, .stage = stage, .cause = cause, .rule = rule_of(*rules[cause])});
    }
    tables_.check_limit("rules for unknown", plan_.unknown_overrides.size(),
                        limits::unknown_overrides_max);
  }

  // The files whose numbers stand in the conditions of the policy.
  void evidence() {
    std::set<std::string_view> known;
    for (const TypedEvidence& number : policy_.evidence) {
      if (!known.insert(number.path).second) continue;
      tables_.at(number.span);
      plan_.evidence_files.push_back({tables_.string(number.path), tables_.string(number.digest)});
      tables_.check_limit("evidence files", plan_.evidence_files.size(),
                          limits::evidence_files_max);
    }
  }

  void way_back() {
    for (size_t cause = 0; cause < std::size(plan_.unknown); ++cause) {
      if (release_.unknown[cause]) plan_.unknown[cause] = rule_of(*release_.unknown[cause]);
    }
    for (uint32_t index = 0; index < release_.stages.size(); ++index) {
      add_unknown(release_.stages[index].unknown, TriggerId{}, StageId{index});
    }
    for (const TypedAction& action : release_.actions) {
      tables_.at(action.span);
      add_action(action);
    }
    for (const TypedNeed& need : policy_.models[release_.model].needs) {
      tables_.at(need.span);
      Need row;
      row.kind = need.kind;
      row.name = tables_.string(need.name);
      row.version = tables_.string(need.version);
      if (!need.beside.empty()) row.beside = tables_.string(need.beside);
      plan_.needs.push_back(row);
      tables_.check_limit("needs", plan_.needs.size(), limits::needs_max);
    }
    // A release that only observes keeps nobody from going out.
    if (release_.observe_only) return;
    plan_.quarantine_candidate = release_.quarantine_candidate ? 1 : 0;
    plan_.cooldown_ns = release_.cooldown.ns;
  }

  // After the way back, whose steps are counted from one.
  void hooks() {
    for (const auto& [gate, id] : hooks_) {
      tables_.at(gate->span);
      Hook row;
      row.action = ActionId{static_cast<uint32_t>(plan_.actions.size())};
      row.gate = id;
      row.otherwise = gate->hook->otherwise;
      if (row.otherwise == HookFailure::withdraw) row.reason = tables_.string(gate->hook->reason);
      add_action(gate->hook->action);
      plan_.hooks.push_back(row);
    }
  }

  Rows<StringId> add_arguments(const std::vector<std::string>& list) {
    const Rows<StringId> rows{static_cast<uint32_t>(plan_.arguments.size()),
                              static_cast<uint32_t>(list.size())};
    for (const std::string& each : list) plan_.arguments.push_back(tables_.string(each));
    tables_.check_limit("arguments of an action", list.size(), limits::action_arguments_max);
    return rows;
  }

  void add_action(const TypedAction& action) {
    Action row;
    row.kind = action.kind;
    row.purpose = action.purpose;
    row.subject_kind = action.subject_kind;
    row.retries_max = action.retries_max;
    row.within_ns = action.within.ns;
    row.after_ns = action.after.ns;
    if (!action.subject.empty()) row.subject = tables_.string(action.subject);
    if (!action.version.empty()) row.version = tables_.string(action.version);
    row.arguments = add_arguments(action.arguments);
    row.probe = add_arguments(action.probe);
    std::string text = render_statement(sources_, action.part.value_or(action.span));
    if (action.part && action.purpose == ActionPurpose::notify) text = "notify " + text;
    if (action.part && action.purpose == ActionPurpose::escalate) text = "escalate to " + text;
    row.text = tables_.string(text);
    row.span = tables_.span(action.span);
    plan_.actions.push_back(row);
    tables_.check_limit("actions", plan_.actions.size(), limits::actions_max);
  }

  const Sources& sources_;
  const TypedPolicy& policy_;
  const TypedRelease& release_;
  double time_scale_;
  Plan plan_;
  PlanTables tables_;
  TestTable tests_;
  PredicateTable predicates_;
  std::set<std::string> names_;
  std::vector<std::pair<const TypedGate*, GateId>> hooks_;  // in the order of their gates
  std::set<std::string> given_;  // of the written ones, those that a trigger has
};

}  // namespace

std::optional<Plan> lower(const Sources& sources, const TypedPolicy& policy,
                          const TypedRelease& release, double time_scale,
                          Diagnostics& diagnostics) {
  return Lowering(sources, policy, release, time_scale, diagnostics).lower();
}

}  // namespace rel
