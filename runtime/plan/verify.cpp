// The trust boundary of a plan: what passes here can be evaluated, watched and carried out without
// one more check. Input: a plan from lowering or from a file. Output: ok, or the first broken rule.
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <xxhash.h>

#include "runtime/plan/plan.h"
#include "runtime/plan/verify_actions.h"
#include "runtime/plan/verify_calendar.h"
#include "runtime/plan/verify_gates.h"
#include "runtime/plan/verify_joined.h"
#include "runtime/plan/verify_nodes.h"
#include "runtime/plan/verify_routing.h"
#include "runtime/plan/verify_segments.h"
#include "runtime/plan/verify_tests.h"

namespace rel {

namespace {

constexpr uint32_t million = 1'000'000;
constexpr int exponent_limit = 64;  // a double has octaves far beyond any measured quantity

// A refused rule: `what` reads after "the plan is not valid: ".
Error broken(std::string_view what) {
  return Error{fmt::format("the plan is not valid: {}", what)};
}
Error broken_row(std::string_view table, size_t row, std::string_view what) {
  return broken(fmt::format("{} {} {}", table, row, what));
}

template <typename E>
bool known(E value, E last) {
  return value <= last;
}

bool known_unit(PlanUnit unit) { return known(unit, PlanUnit::per_second); }

template <typename Id, typename Table>
bool names_row(Id id, const Table& table) {
  return id.value < table.size();
}
template <typename Id, typename Table>
bool none_or_row(Id id, const Table& table) {
  return id.is_none() || names_row(id, table);
}
template <typename Id, typename Table>
bool fits(Rows<Id> rows, const Table& table) {
  return rows.first <= table.size() && rows.count <= table.size() - rows.first;
}

bool span_fits(const Plan& plan, const PlanSpan& span) {
  return none_or_row(span.file, plan.strings);
}

bool names_text(const Plan& plan, StringId id) {
  return names_row(id, plan.strings) && !plan.strings[id.value].empty();
}

bool is_time(int64_t ns) { return ns >= 0 && ns <= limits::duration_ns_max; }

// Text goes into JSON, argument vectors and terminals: valid UTF-8 without NUL, shortest form.
bool is_text(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<uint8_t>(text[at]);
    if (lead == 0) return false;
    const size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3
                        : lead >> 3 == 30 ? 4 : 0;
    if (size == 0 || size > text.size() - at) return false;
    uint32_t point = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t next = 1; next < size; ++next) {
      const auto byte = static_cast<uint8_t>(text[at + next]);
      if (byte >> 6 != 2) return false;
      point = point << 6 | (byte & 0x3fu);
    }
    constexpr uint32_t first_of_size[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    if (point < first_of_size[size] || surrogate || point > 0x10ffff) return false;
    at += size;
  }
  return true;
}

Status verify_counts(const Plan& plan) {
  const struct {
    std::string_view what;
    size_t count;
    size_t limit;
  } tables[] = {
      {"metrics", plan.metrics.size(), limits::metrics_max},
      {"segments", plan.segments.size(), limits::segments_max},
      {"segment values", plan.segment_values.size(),
       limits::segments_max * limits::segment_values_max},
      {"windows", plan.windows.size(), limits::windows_max},
      {"trackers", plan.trackers.size(), limits::trackers_max},
      {"aggregates", plan.aggregates.size(), limits::aggregates_max},
      {"nodes", plan.nodes.size(), limits::nodes_max},
      {"predicates", plan.predicates.size(), limits::predicates_max},
      {"sustains", plan.sustains.size(), limits::sustains_max},
      {"triggers", plan.triggers.size(), limits::triggers_max},
      {"stages", plan.stages.size(), limits::stages_max},
      {"steps", plan.steps.size(), limits::steps_max},
      {"actions", plan.actions.size(), limits::actions_max},
      {"rules for unknown", plan.unknown_overrides.size(), limits::unknown_overrides_max},
      {"products", plan.products.size(), limits::products_max},
      {"evidence files", plan.evidence_files.size(), limits::evidence_files_max},
      {"tests", plan.tests.size(), limits::tests_max},
      {"cells of tests", plan.test_cells.size(), limits::test_cells_max},
      {"time zones", plan.zones.size(), limits::zones_max},
      {"changes of time zones", plan.zone_changes.size(), limits::zone_changes_max},
      {"windows of increase", plan.increase_windows.size(), limits::increase_windows_max},
      {"needs", plan.needs.size(), limits::needs_max},
      {"gates", plan.gates.size(), limits::gates_max},
      {"hooks", plan.hooks.size(), limits::actions_max},
      {"frame values", plan.frame_size, limits::frame_values_max},
  };
  for (const auto& table : tables) {
    if (table.count <= table.limit) continue;
    return broken(fmt::format("it has {} {}, the limit is {}", table.count, table.what,
                              table.limit));
  }
  return ok();
}

Status verify_identity(const Plan& plan) {
  for (const std::string* text : {&plan.release, &plan.model, &plan.owner}) {
    if (!is_text(*text)) return broken("its identity is not valid UTF-8");
  }
  for (const std::string& text : plan.strings) {
    if (!is_text(text)) return broken("a string is not valid UTF-8");
  }
  if (plan.release.empty()) return broken("the release has no name");
  if (plan.model.empty()) return broken("the release has no model");
  for (const ModelRef& reference : {plan.baseline, plan.candidate}) {
    if (!names_text(plan, reference.text) || !names_text(plan, reference.digest)) {
      return broken("an arm has no model reference");
    }
  }
  if (plan.salt != XXH64(plan.release.data(), plan.release.size(), 0)) {
    return broken("the salt is not that of the release's name");
  }
  if (plan.pane_ns < limits::duration_ns_min || plan.pane_ns > limits::duration_ns_max) {
    return broken("the pane is out of range");
  }
  return ok();
}

Status verify_metric(const Plan& plan, const Metric& metric, size_t row) {
  const auto refuse = [&](std::string_view what) { return broken_row("metric", row, what); };
  if (!names_text(plan, metric.name)) return refuse("has no name");
  if (!known(metric.kind, MetricKind::category) || !known_unit(metric.unit)) {
    return refuse("has no known kind");
  }
  if (!known(metric.direction, Direction::higher_is_better)) return refuse("has no direction");
  if (!span_fits(plan, metric.span)) return refuse("has no place");
  switch (metric.source) {
    case MetricSource::event_field: break;
    case MetricSource::request_duration:
      if (metric.kind != MetricKind::duration) return refuse("is no duration");
      break;
    case MetricSource::response_status:
      if (metric.kind != MetricKind::flag) return refuse("is no flag");
      if (metric.status_first < 100 || metric.status_last > 599 ||
          metric.status_first > metric.status_last) {
        return refuse("has no range of status codes");
      }
      break;
    case MetricSource::response_header:
      if (!names_text(plan, metric.header)) return refuse("has no header");
      break;
    case MetricSource::no_answer:
      if (metric.kind != MetricKind::flag) return refuse("is no flag");
      break;
    case MetricSource::response_digest:
      if (metric.kind != MetricKind::flag) return refuse("is no flag");
      if (!names_text(plan, metric.header)) return refuse("has no header");
      break;
    case MetricSource::pair_agreement:
    case MetricSource::pair_difference:
    case MetricSource::pair_loss:
    case MetricSource::pair_unanswered: break;  // verify_joined
    default: return refuse("has no known source");  // rel: read from a file
  }
  if (metric.source != MetricSource::response_header && !none_or_row(metric.header, plan.strings)) {
    return refuse("has a header out of range");
  }
  const bool counted = !metric.match.is_none();
  const Metric* category = names_row(metric.of, plan.metrics) ? &plan.metrics[metric.of.value]
                                                              : nullptr;
  if (!none_or_row(metric.of, plan.metrics) || !none_or_row(metric.match, plan.strings) ||
      (counted && (category == nullptr || category->kind != MetricKind::category ||
                   metric.kind != MetricKind::flag || metric.source != category->source))) {
    return refuse("is a value of no category");
  }
  const HistogramShape& shape = metric.histogram;
  const bool shaped = shape.exponent_min >= -exponent_limit &&
                      shape.exponent_max <= exponent_limit &&
                      shape.exponent_min <= shape.exponent_max && shape.mirrored <= 1;
  return shaped ? ok() : refuse("has a histogram out of range");
}

Status verify_metrics(const Plan& plan) {
  std::set<std::string_view> names;
  for (size_t row = 0; row < plan.metrics.size(); ++row) {
    if (Status status = verify_metric(plan, plan.metrics[row], row); !status) return status;
    if (!names.insert(plan.text(plan.metrics[row].name)).second) {
      return broken_row("metric", row, "has the name of another");
    }
  }
  return verify_joined(plan);
}

Status verify_windows(const Plan& plan) {
  for (size_t row = 0; row < plan.windows.size(); ++row) {
    const Window& window = plan.windows[row];
    const auto refuse = [&](std::string_view what) { return broken_row("window", row, what); };
    if (window.kind == WindowKind::stage) {
      if (window.slots != 0 || window.length_ns != 0 || window.slot_ns != 0 ||
          window.requests != 0) {
        return refuse("is of the whole stage and has a length");
      }
      continue;
    }
    if (window.kind == WindowKind::requests) {
      if (window.requests == 0 || window.requests > limits::window_requests_max ||
          window.length_ns != 0 || window.slot_ns != 0 ||
          window.slots != request_window_slots(window.requests)) {
        return refuse("holds no number of requests");
      }
      continue;
    }
    if (window.requests != 0) return refuse("holds requests and time");
    if (window.kind != WindowKind::sliding) return refuse("has no known kind");
    if (window.length_ns <= 0 || !is_time(window.length_ns)) return refuse("is out of range");
    if (window.slot_ns < plan.pane_ns || window.slot_ns > window.length_ns ||
        window.slot_ns % plan.pane_ns != 0) {
      return refuse("has slots that are not whole panes");
    }
    const int64_t slots = (window.length_ns + window.slot_ns - 1) / window.slot_ns;
    if (window.slots != slots || window.slots > limits::window_slots_max) {
      return refuse("has the wrong number of slots");
    }
  }
  return ok();
}

Status verify_trackers(const Plan& plan) {
  for (size_t row = 0; row < plan.trackers.size(); ++row) {
    const Tracker& tracker = plan.trackers[row];
    const auto refuse = [&](std::string_view what) { return broken_row("tracker", row, what); };
    if (!none_or_row(tracker.metric, plan.metrics)) return refuse("counts no known metric");
    if (!names_row(tracker.window, plan.windows)) return refuse("has no window");
    if (tracker.histogram > 1) return refuse("has no known form");
    if (tracker.histogram == 0) continue;
    if (tracker.metric.is_none()) return refuse("keeps a histogram of requests");
    const Metric& metric = plan.metrics[tracker.metric.value];
    if (metric.kind == MetricKind::flag || metric.kind == MetricKind::category) {
      return refuse("keeps a histogram of flags");
    }
    if (metric.histogram.exponent_min == metric.histogram.exponent_max) {
      return refuse("keeps a histogram without a range");
    }
  }
  return ok();
}

// Whether the function can be read from what the tracker counts.
bool function_fits(const Plan& plan, const Aggregate& aggregate) {
  const Tracker& tracker = plan.trackers[aggregate.tracker.value];
  const bool requests = tracker.metric.is_none();
  const MetricKind kind =
      requests ? MetricKind::category : plan.metrics[tracker.metric.value].kind;
  const bool flag = kind == MetricKind::flag;
  const bool numbers = kind != MetricKind::flag && kind != MetricKind::category;
  switch (aggregate.fn) {
    case AggregateFn::samples: return true;
    case AggregateFn::count:
    case AggregateFn::rate: return flag;
    case AggregateFn::sum: return numbers && kind != MetricKind::gauge;
    case AggregateFn::mean: return numbers;
    case AggregateFn::quantile:
    case AggregateFn::min:
    case AggregateFn::max: return tracker.histogram == 1;
    case AggregateFn::psi:
    case AggregateFn::jensen_shannon:
    case AggregateFn::kolmogorov_smirnov:
      return tracker.histogram == 1 && aggregate.arm == Arm::candidate;
    case AggregateFn::evidence:
    case AggregateFn::estimate: return true;  // verify_tests has more to say
  }
  return false;
}

// Everybody, or cells of one segment without its `other`.
bool cells_fit(const Plan& plan, const Aggregate& aggregate) {
  if (aggregate.cell_first == 0) return aggregate.cell_count == 1;
  for (const Segment& segment : plan.segments) {
    if (aggregate.cell_first < segment.cell_first) continue;
    const uint32_t skipped = aggregate.cell_first - segment.cell_first;
    if (skipped >= segment.values.count) continue;
    return aggregate.cell_count <= segment.values.count - skipped;
  }
  for (const Product& product : plan.products) {
    if (aggregate.cell_first != product.cell_first) continue;
    return aggregate.cell_count == product.cell_count;
  }
  return false;
}

Status verify_aggregates(const Plan& plan) {
  uint32_t next_frame = 0;
  for (size_t row = 0; row < plan.aggregates.size(); ++row) {
    const Aggregate& aggregate = plan.aggregates[row];
    const auto refuse = [&](std::string_view what) { return broken_row("aggregate", row, what); };
    if (!known(aggregate.fn, AggregateFn::kolmogorov_smirnov) ||
        !known(aggregate.arm, Arm::candidate) ||
        !known_unit(aggregate.unit)) {
      return refuse("has no known function, arm or unit");
    }
    if (!names_row(aggregate.tracker, plan.trackers)) return refuse("has no tracker");
    if (!function_fits(plan, aggregate)) return refuse("cannot be read from its tracker");
    const bool quantile = aggregate.fn == AggregateFn::quantile;
    const bool share = aggregate.quantile > 0 && aggregate.quantile < 1;  // false for NaN
    if (quantile ? !share : aggregate.quantile != 0) return refuse("has a quantile out of range");
    const bool counts = aggregate.fn == AggregateFn::samples || aggregate.fn == AggregateFn::count;
    if (counts && aggregate.samples_min != 0) return refuse("is a count with a minimum");
    if (aggregate.cell_count == 0 || !cells_fit(plan, aggregate)) return refuse("has no cells");
    if (aggregate.frame_first != next_frame) return refuse("does not own its frame values");
    if (!names_text(plan, aggregate.text)) return refuse("has no text");
    next_frame += aggregate.cell_count;
  }
  return next_frame == plan.frame_size ? ok() : broken("the size of the frame is wrong");
}

// The numbers of checks belong to the kind.
bool counts_fit(const Sustain& sustain) {
  switch (sustain.kind) {
    case SustainKind::held:
    case SustainKind::latch:
    case SustainKind::keep: return sustain.count == 0 && sustain.of == 0;
    case SustainKind::consecutive:
      return sustain.count >= 1 && sustain.count <= limits::checks_max && sustain.of == 0;
    case SustainKind::of_last:
      return sustain.count >= 1 && sustain.count <= sustain.of && sustain.of <= limits::checks_max;
    case SustainKind::failures_over:
    case SustainKind::failures_within:
      return sustain.count >= 1 && sustain.count <= limits::failures_max && sustain.of == 0;
  }
  return false;  // rel: read from a file
}

Status verify_sustains(const Plan& plan) {
  for (size_t row = 0; row < plan.sustains.size(); ++row) {
    const Sustain& sustain = plan.sustains[row];
    const bool latch = sustain.kind == SustainKind::latch;
    const bool timed = sustain.duration_ns >= limits::duration_ns_min &&
                       is_time(sustain.duration_ns);
    const bool ends = names_row(sustain.until, plan.predicates);
    if (!names_row(sustain.input, plan.predicates) || (latch ? sustain.duration_ns != 0 : !timed)) {
      return broken_row("sustain", row, "has no predicate or no duration");
    }
    if (latch ? !ends : !sustain.until.is_none()) {
      return broken_row("sustain", row, "has no end, or one that it does not read");
    }
    if (!counts_fit(sustain)) return broken_row("sustain", row, "counts what it cannot");
  }
  return ok();
}

// The `when` of a sustained trigger is that sustain and nothing else.
bool sustain_fits(const Plan& plan, const Trigger& trigger) {
  if (trigger.sustain.is_none()) return trigger.condition == trigger.when;
  if (!names_row(trigger.sustain, plan.sustains)) return false;
  const Predicate& when = plan.predicates[trigger.when.value];
  const Node& root = plan.nodes[when.root().value];
  return when.nodes.count == 1 && root.op == Op::sustained && root.a == trigger.sustain.value &&
         plan.sustains[trigger.sustain.value].input == trigger.condition;
}

Status verify_triggers(const Plan& plan) {
  std::set<std::string_view> names;
  for (size_t row = 0; row < plan.triggers.size(); ++row) {
    const Trigger& trigger = plan.triggers[row];
    const auto refuse = [&](std::string_view what) { return broken_row("trigger", row, what); };
    if (!names_text(plan, trigger.name)) return refuse("has no name");
    if (!names.insert(plan.text(trigger.name)).second) return refuse("has the name of another");
    if (!known(trigger.action, TriggerAction::step)) return refuse("has no known action");
    if (trigger.even_if_baseline > 1) return refuse("has a flag out of range");
    if (!none_or_row(trigger.stage, plan.stages)) return refuse("has no known stage");
    if (!names_row(trigger.when, plan.predicates) ||
        !names_row(trigger.condition, plan.predicates) ||
        !none_or_row(trigger.baseline_when, plan.predicates)) {
      return refuse("has no predicate");
    }
    const bool raises =
        trigger.action == TriggerAction::promote || trigger.action == TriggerAction::step;
    if (raises && trigger.stage.is_none()) return refuse("raises exposure outside a stage");
    if (!trigger.baseline_when.is_none() && trigger.action != TriggerAction::rollback) {
      return refuse("reads the baseline and is no rollback");
    }
    if (!sustain_fits(plan, trigger)) return refuse("is not sustained as it says");
    const uint64_t stages = (uint64_t{1} << plan.stages.size()) - 1;
    const bool delayed = trigger.after_ns > 0 || trigger.after_share_millionths == 0;
    if (!is_time(trigger.after_ns) || !delayed || trigger.after_share_millionths > million) {
      return refuse("is delayed out of range");
    }
    const bool elsewhere = trigger.replaced_in != 0 && !trigger.stage.is_none();
    if ((trigger.replaced_in & ~stages) != 0 || elsewhere) {
      return refuse("is replaced where it does not act");
    }
    if (!names_text(plan, trigger.text) || !span_fits(plan, trigger.span)) {
      return refuse("has no text or place");
    }
  }
  return ok();
}

// Copies only, then everybody but the holdback.
bool switch_fits(const Plan& plan, const Stage& stage) {
  if (stage.steps.count != 2 || stage.holdback_millionths >= million) return false;
  if (stage.mirror_millionths == 0 || stage.mirror_millionths > million) return false;
  const Step& before = plan.steps[stage.steps.first];
  const Step& after = plan.steps[stage.steps.first + 1];
  return before.share_millionths == 0 && is_time(before.duration_ns) &&
         after.share_millionths == million - stage.holdback_millionths && after.duration_ns == 0;
}

// Shares and copies that belong to the kind of a stage.
bool shares_fit(const Plan& plan, const Stage& stage) {
  if (stage.kind == StageKind::blue_green) return switch_fits(plan, stage);
  const bool mirrors = stage.kind == StageKind::mirror;
  if (mirrors != (stage.mirror_millionths > 0) || stage.mirror_millionths > million) return false;
  if (stage.holdback_millionths >= million) return false;
  if (stage.holdback_millionths > 0 && stage.kind != StageKind::full) return false;
  const bool stepped = stage.kind == StageKind::steps || stage.kind == StageKind::waves;
  if (!stepped && stage.steps.count != 1) return false;
  for (uint32_t at = stage.steps.first; at < stage.steps.end(); ++at) {
    const Step& step = plan.steps[at];
    const uint32_t most = million - stage.holdback_millionths;
    if (mirrors ? step.share_millionths != 0 : step.share_millionths == 0) return false;
    if (step.share_millionths > most || !is_time(step.duration_ns)) return false;
    const bool last = at + 1 == stage.steps.end();
    if (!last && step.duration_ns == 0 && stage.step_samples_min == 0) return false;
  }
  return true;
}

// What a stage waits for beside its times.
bool waits_fit(const Plan& plan, const Stage& stage, bool last) {
  if (!is_time(stage.watch_ns) || !is_time(stage.keep_warm_ns)) return false;
  if (!last && (stage.watch_ns != 0 || stage.keep_warm_ns != 0)) return false;
  if (stage.step_samples_min == 0) return stage.step_samples.is_none();
  if (!names_row(stage.step_samples, plan.aggregates)) return false;
  return plan.aggregates[stage.step_samples.value].fn == AggregateFn::samples;
}

Status verify_stages(const Plan& plan) {
  if (plan.stages.empty()) return broken("it has no stage");
  uint32_t next_step = 0;
  std::set<std::string_view> names;
  for (size_t row = 0; row < plan.stages.size(); ++row) {
    const Stage& stage = plan.stages[row];
    const auto refuse = [&](std::string_view what) { return broken_row("stage", row, what); };
    if (!names_text(plan, stage.name)) return refuse("has no name");
    if (!names.insert(plan.text(stage.name)).second) return refuse("has the name of another");
    if (!known(stage.kind, StageKind::waves) || !known(stage.otherwise, Otherwise::rollback)) {
      return refuse("has no known kind or end");
    }
    if (stage.steps.first != next_step || stage.steps.count == 0 ||
        !fits(stage.steps, plan.steps)) {
      return refuse("does not own its steps");
    }
    if (!shares_fit(plan, stage)) return refuse("has shares that do not fit its kind");
    if (!is_time(stage.soak_ns) || !is_time(stage.at_least_ns) || !is_time(stage.at_most_ns)) {
      return refuse("has a time out of range");
    }
    if (!waits_fit(plan, stage, row + 1 == plan.stages.size())) {
      return refuse("waits for what it cannot");
    }
    if ((stage.at_most_ns > 0) != (stage.otherwise != Otherwise::none)) {
      return refuse("has a limit without its end, or an end without its limit");
    }
    if (!none_or_row(stage.otherwise_reason, plan.strings) || !names_text(plan, stage.text) ||
        !span_fits(plan, stage.span)) {
      return refuse("has no text or place");
    }
    next_step = stage.steps.end();
  }
  return next_step == plan.steps.size() ? ok() : broken("a step has no stage");
}

// Rules for too little and for no data may not roll back at once: every stage begins without data.
Status verify_unknown_rule(const Plan& plan, const UnknownRule& rule, size_t cause) {
  const auto refuse = [&](std::string_view what) {
    return broken_row("unknown rule", cause, what);
  };
  const auto last = UnknownAction::rollback;
  if (!known(rule.action, last) || !known(rule.then, last)) return refuse("has no known action");
  if (!is_time(rule.up_to_ns) || !span_fits(plan, rule.span)) return refuse("is out of range");
  if (rule.up_to_ns > 0 && rule.action != UnknownAction::hold) {
    return refuse("waits and does not hold");
  }
  const bool source_error = cause == 2;
  if (rule.action == last && !source_error) return refuse("rolls back before there is any data");
  return ok();
}

Status verify_unknown(const Plan& plan) {
  for (size_t cause = 0; cause < std::size(plan.unknown); ++cause) {
    Status status = verify_unknown_rule(plan, plan.unknown[cause], cause);
    if (!status) return status;
  }
  for (size_t row = 0; row < plan.unknown_overrides.size(); ++row) {
    const UnknownOverride& inner = plan.unknown_overrides[row];
    const bool placed = inner.trigger.is_none() ? names_row(inner.stage, plan.stages)
                                                : names_row(inner.trigger, plan.triggers) &&
                                                      inner.stage.is_none();
    if (!placed || inner.cause >= std::size(plan.unknown)) {
      return broken_row("rule for unknown", row, "belongs to no stage, trigger or cause");
    }
    if (Status status = verify_unknown_rule(plan, inner.rule, inner.cause); !status) return status;
  }
  return ok();
}

Status verify_evidence(const Plan& plan) {
  for (size_t row = 0; row < plan.evidence_files.size(); ++row) {
    const EvidenceFile& file = plan.evidence_files[row];
    if (!names_text(plan, file.path) || !names_text(plan, file.digest)) {
      return broken_row("evidence file", row, "has no path or no digest");
    }
  }
  return ok();
}

Status verify_way_back(const Plan& plan) {
  if (Status s = verify_actions(plan); !s) return s;
  if (plan.quarantine_candidate > 1 || plan.observe_only > 1 || !is_time(plan.cooldown_ns)) {
    return broken("the way back is out of range");
  }
  return ok();
}

bool texts_fit(const Plan& plan) {
  for (const Predicate& predicate : plan.predicates) {
    if (!names_text(plan, predicate.text)) return false;
  }
  for (const Node& node : plan.nodes) {
    if (!span_fits(plan, node.span)) return false;
  }
  return true;
}

}  // namespace

Status verify_plan(const Plan& plan) {
  // In this order: each check relies on those before it.
  for (const auto verify : {verify_counts, verify_identity, verify_metrics, verify_segments,
                            verify_windows, verify_trackers, verify_aggregates, verify_sustains,
                            verify_predicates, verify_stages, verify_routing, verify_tests,
                            verify_triggers, verify_unknown, verify_evidence, verify_way_back,
                            verify_calendar, verify_gates}) {
    if (Status status = verify(plan); !status) return status;
  }
  return texts_fit(plan) ? ok() : broken("a predicate has no text, or a node no place");
}

}  // namespace rel
