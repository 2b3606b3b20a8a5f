// The plan as text: one fact a line, tables in their order, rows named by their index.
#include <fmt/format.h>

#include "runtime/plan/plan.h"
#include "runtime/plan/print_routing.h"
#include "runtime/plan/text.h"

namespace rel {

namespace {

class Printer {
 public:
  explicit Printer(const Plan& plan) : plan_(plan) {}

  std::string print() {
    identity();
    population();
    numbers();
    tests();
    expressions();
    triggers();
    stages();
    out_ += print_routing(plan_);
    way_back();
    calendar();
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  // A place in another file than the release's own names the file.
  std::string at(const PlanSpan& span) const {
    const bool imported = !span.file.is_none() && !plan_.stages.empty() &&
                          span.file != plan_.stages[0].span.file;
    return fmt::format("@{}{}{}:{}", plan_.text(imported ? span.file : StringId{}),
                       imported ? ":" : "", span.line, span.column);
  }
  std::string quoted(StringId id) const { return quoted_text(plan_.text(id)); }
  std::string cells(uint32_t first, uint32_t count) const {
    return count == 1 ? fmt::format("cell {}", first)
                      : fmt::format("cells {}..{}", first, first + count - 1);
  }

  void identity() {
    line("release {} of {}", plan_.release, plan_.model);
    line("owner {}", quoted_text(plan_.owner));
    line("baseline {} is {}", plan_.text(plan_.baseline.text), plan_.text(plan_.baseline.digest));
    line("candidate {} is {}", plan_.text(plan_.candidate.text),
         plan_.text(plan_.candidate.digest));
    line("salt {:016x}", plan_.salt);
    line("pane {}", exact_duration_text(plan_.pane_ns));
  }

  std::string source_text(const Metric& metric) const {
    switch (metric.source) {
      case MetricSource::event_field:
        return metric.of.is_none() ? std::string("from events")
                                   : fmt::format("from metric {}", metric.of.value);
      case MetricSource::request_duration: return "from duration";
      case MetricSource::response_status:
        return fmt::format("from status {}..{}", metric.status_first, metric.status_last);
      case MetricSource::response_header:
        return fmt::format("from response header {}", quoted(metric.header));
      case MetricSource::no_answer: return "from no answer";
      case MetricSource::response_digest:
        return fmt::format("from another digest in {}", quoted(metric.header));
      case MetricSource::pair_agreement:
        return fmt::format("from agreement of metric {}", metric.of.value);
      case MetricSource::pair_difference:
        return fmt::format("from difference of metric {}", metric.of.value);
      case MetricSource::pair_loss: return fmt::format("from loss of metric {}", metric.of.value);
      case MetricSource::pair_unanswered: return "from shadows without an answer";
    }
    return {};
  }

  static std::string_view kind_text(MetricKind kind) {
    switch (kind) {
      case MetricKind::flag: return "flag";
      case MetricKind::duration: return "duration";
      case MetricKind::value: return "value";
      case MetricKind::count: return "count";
      case MetricKind::gauge: return "gauge";
      case MetricKind::category: return "category";
    }
    return {};
  }

  static std::string_view direction_text(Direction direction) {
    switch (direction) {
      case Direction::none: return "no direction";
      case Direction::lower_is_better: return "lower is better";
      case Direction::higher_is_better: return "higher is better";
    }
    return {};
  }

  void population() {
    for (size_t row = 0; row < plan_.metrics.size(); ++row) {
      const Metric& metric = plan_.metrics[row];
      std::string shape;
      if (metric.histogram.exponent_min != metric.histogram.exponent_max) {
        shape = fmt::format(", histogram 2^{}..2^{}{}", metric.histogram.exponent_min,
                            metric.histogram.exponent_max,
                            metric.histogram.mirrored != 0 ? " and mirrored" : "");
      }
      if (!metric.match.is_none()) {
        shape += fmt::format(", metric {} is {}", metric.of.value, quoted(metric.match));
      }
      if (metric.per != SampleUnit::request || metric.once != OncePer::sample) {
        shape += ", " + sample_unit_text(metric);
      }
      line("metric {} {}: {} in {}, {}, {}{} {}", row, plan_.text(metric.name),
           kind_text(metric.kind), unit_word(metric.unit), direction_text(metric.direction),
           source_text(metric), shape, at(metric.span));
    }
    for (size_t row = 0; row < plan_.segments.size(); ++row) {
      const Segment& segment = plan_.segments[row];
      std::string values;
      for (uint32_t value = segment.values.first; value < segment.values.end(); ++value) {
        values += " " + quoted(plan_.segment_values[value]);
      }
      line("segment {} {}:{} in {}, other in cell {} {}", row, plan_.text(segment.name), values,
           cells(segment.cell_first, segment.values.count),
           segment.cell_first + segment.values.count, at(segment.span));
    }
    for (size_t row = 0; row < plan_.products.size(); ++row) {
      const Product& product = plan_.products[row];
      std::string crossed;
      for (uint32_t each = product.segments.first; each < product.segments.end(); ++each) {
        crossed += fmt::format("{}{}", crossed.empty() ? "" : " x ",
                               plan_.product_segments[each].value);
      }
      line("product {} of segments {} in {}", row, crossed,
           cells(product.cell_first, product.cell_count));
    }
    line("cells {}", plan_.cell_count);
  }

  void numbers() {
    for (size_t row = 0; row < plan_.windows.size(); ++row) {
      const Window& window = plan_.windows[row];
      if (window.kind == WindowKind::stage) {
        line("window {} stage", row);
        continue;
      }
      if (window.kind == WindowKind::requests) {
        line("window {} {} requests in {} slots", row, window.requests, window.slots);
        continue;
      }
      line("window {} {} in {} slots of {}", row, exact_duration_text(window.length_ns),
           window.slots, exact_duration_text(window.slot_ns));
    }
    for (size_t row = 0; row < plan_.trackers.size(); ++row) {
      const Tracker& tracker = plan_.trackers[row];
      const std::string_view what = tracker.metric.is_none()
                                        ? std::string_view{"requests"}
                                        : plan_.text(plan_.metrics[tracker.metric.value].name);
      line("tracker {} {} in window {}{}", row, what, tracker.window.value,
           tracker.histogram != 0 ? " with histogram" : "");
    }
    for (size_t row = 0; row < plan_.aggregates.size(); ++row) {
      const Aggregate& aggregate = plan_.aggregates[row];
      const std::string quantile = aggregate.fn == AggregateFn::quantile
                                       ? fmt::format(" {}", aggregate.quantile)
                                       : std::string{};
      line("aggregate {} {}{} of tracker {}, {}, {}, frame {}, at least {} samples, in {}: {}", row,
           function_name(aggregate.fn), quantile, aggregate.tracker.value, arm_name(aggregate.arm),
           cells(aggregate.cell_first, aggregate.cell_count), aggregate.frame_first,
           aggregate.samples_min, unit_word(aggregate.unit), plan_.text(aggregate.text));
    }
    line("frame {}", plan_.frame_size);
  }

  void tests() {
    for (size_t row = 0; row < plan_.tests.size(); ++row) {
      const EvidenceTest& test = plan_.tests[row];
      const std::string where = test.stage.is_none() ? std::string{"every stage"}
                                                     : fmt::format("stage {}", test.stage.value);
      const std::string who = compares_arms(test.method)
                                  ? std::string{"both arms"}
                                  : std::string{arm_name(test.arm)};
      line("test {} {} {} {} of tracker {}, {}, in {}, alpha {}, evidence in aggregate {}: {}", row,
           method_name(test.method), test.finding == Finding::above ? "above" : "below",
           test.margin, test.tracker.value, who, where, test.alpha, test.evidence.value,
           plan_.text(test.text));
      line("  {}, at least {} samples, starts every {} panes of {}{}", fold_name(test.fold),
           test.samples_min, test.restart_panes, test.horizon_panes,
           test.randomised != 0 ? ", rests on the assignment" : "");
      for (uint32_t at = test.cells.first; at < test.cells.end(); ++at) {
        const TestCell& cell = plan_.test_cells[at];
        line("  cell {}{}{}{}", cell.cell, shown("evidence", cell.evidence),
             shown("baseline", cell.baseline), shown("candidate", cell.candidate));
      }
    }
    if (plan_.false_rollback_millionths != 0) {
      line("false rollback {}", share_text(plan_.false_rollback_millionths));
    }
  }

  static std::string shown(std::string_view what, AggregateId aggregate) {
    return aggregate.is_none() ? std::string{}
                               : fmt::format(", {} in aggregate {}", what, aggregate.value);
  }

  // Operands are printed as indices within the predicate, so that a change in one predicate does
  // not change the text of those after it.
  std::string operands(const Node& node, uint32_t first) const {
    switch (node.op) {
      case Op::constant: return fmt::format(" {}", node.constant);
      case Op::load: return fmt::format(" aggregate {}", node.a);
      case Op::sustained: return fmt::format(" sustain {}", node.a);
      case Op::neg:
      case Op::logical_not:
      case Op::certain: return fmt::format(" {}", node.a - first);
      case Op::fold_at_least:
        return fmt::format(" {} of {} over {} cells", node.count, node.a - first, node.b);
      case Op::fold_any:
      case Op::fold_every: return fmt::format(" {} over {} cells", node.a - first, node.b);
#define REL_ARITHMETIC(name, text, interpreted, ir) case Op::name:
#define REL_COMPARISON(name, text, interpreted, ir) case Op::name:
#include "runtime/plan/ops.def"
      case Op::logical_and:
      case Op::logical_or: return fmt::format(" {} {}", node.a - first, node.b - first);
    }
    return {};
  }

  void expressions() {
    for (size_t row = 0; row < plan_.predicates.size(); ++row) {
      const Predicate& predicate = plan_.predicates[row];
      line("predicate {} {}", row, plan_.text(predicate.text));
      for (uint32_t index = 0; index < predicate.nodes.count; ++index) {
        const Node& node = plan_.nodes[predicate.nodes.first + index];
        line("  {} {}{} {}", index, op_name(node.op), operands(node, predicate.nodes.first),
             at(node.span));
      }
    }
    for (size_t row = 0; row < plan_.sustains.size(); ++row) {
      const Sustain& sustain = plan_.sustains[row];
      const std::string end = sustain.until.is_none()
                                  ? std::string{}
                                  : fmt::format(" predicate {}", sustain.until.value);
      line("sustain {} predicate {} {}{}", row, sustain.input.value, sustain_text(sustain), end);
    }
  }

  void triggers() {
    for (size_t row = 0; row < plan_.triggers.size(); ++row) {
      const Trigger& trigger = plan_.triggers[row];
      std::string more;
      if (!trigger.sustain.is_none()) more += fmt::format(", sustain {}", trigger.sustain.value);
      if (!trigger.baseline_when.is_none()) {
        more += fmt::format(", baseline {}", trigger.baseline_when.value);
      }
      if (trigger.even_if_baseline != 0) more += ", even if baseline";
      if (trigger.after_ns != 0) {
        more += fmt::format(", after {}", exact_duration_text(trigger.after_ns));
        if (trigger.after_share_millionths != 0) {
          more += fmt::format(" at {}", share_text(trigger.after_share_millionths));
        }
      }
      if (trigger.replaced_in != 0) more += ", replaced in" + stages_of(trigger.replaced_in);
      const std::string where = trigger.stage.is_none()
                                    ? std::string{"every stage"}
                                    : fmt::format("stage {}", trigger.stage.value);
      line("trigger {} {}: {} in {}, when {}, condition {}{} {}", row, plan_.text(trigger.name),
           action_name(trigger.action), where, trigger.when.value, trigger.condition.value, more,
           at(trigger.span));
      line("  {}", plan_.text(trigger.text));
    }
  }

  // The stages of a mask: " 1 3".
  static std::string stages_of(uint32_t mask) {
    std::string text;
    for (uint32_t stage = 0; stage < limits::stages_max; ++stage) {
      if (mask >> stage & 1) text += fmt::format(" {}", stage);
    }
    return text;
  }

  static std::string_view kind_text(StageKind kind) {
    switch (kind) {
      case StageKind::mirror: return "mirror";
      case StageKind::steps: return "steps";
      case StageKind::split: return "split";
      case StageKind::full: return "share";
      case StageKind::blue_green: return "blue_green";
      case StageKind::waves: return "waves";
    }
    return {};
  }

  static std::string_view otherwise_text(Otherwise otherwise) {
    switch (otherwise) {
      case Otherwise::none: return "";
      case Otherwise::hold: return " otherwise hold";
      case Otherwise::withdraw: return " otherwise withdraw";
      case Otherwise::rollback: return " otherwise rollback";
    }
    return {};
  }

  void stages() {
    for (size_t row = 0; row < plan_.stages.size(); ++row) {
      const Stage& stage = plan_.stages[row];
      std::string more;
      if (stage.mirror_millionths != 0) {
        more += fmt::format(", mirror {}", share_text(stage.mirror_millionths));
      }
      if (stage.holdback_millionths != 0) {
        more += fmt::format(", holdback {}", share_text(stage.holdback_millionths));
      }
      if (stage.soak_ns != 0) more += fmt::format(", soak {}", exact_duration_text(stage.soak_ns));
      if (stage.at_least_ns != 0) {
        more += fmt::format(", at least {}", exact_duration_text(stage.at_least_ns));
      }
      if (stage.at_most_ns != 0) {
        more += fmt::format(", at most {}{}", exact_duration_text(stage.at_most_ns),
                            otherwise_text(stage.otherwise));
        if (!stage.otherwise_reason.is_none()) more += " " + quoted(stage.otherwise_reason);
      }
      if (stage.step_samples_min != 0) {
        more += fmt::format(", steps until aggregate {} >= {}", stage.step_samples.value,
                            stage.step_samples_min);
      }
      if (stage.watch_ns != 0) {
        more += fmt::format(", watch {}", exact_duration_text(stage.watch_ns));
      }
      if (stage.keep_warm_ns != 0) {
        more += fmt::format(", keep baseline warm {}", exact_duration_text(stage.keep_warm_ns));
      }
      if (stage.increase.count != 0) more += ", increase" + windows_of(stage.increase);
      line("stage {} {}: {}{} {}", row, plan_.text(stage.name), kind_text(stage.kind), more,
           at(stage.span));
      for (uint32_t index = stage.steps.first; index < stage.steps.end(); ++index) {
        const Step& step = plan_.steps[index];
        const std::string time =
            step.duration_ns == 0 ? std::string{"to the end of the stage"}
                                  : "for " + exact_duration_text(step.duration_ns);
        line("  step {} {} {}", index - stage.steps.first, share_text(step.share_millionths), time);
      }
    }
  }

  static std::string windows_of(Rows<IncreaseWindowId> rows) {
    return rows.count == 1 ? fmt::format(" in window {}", rows.first)
                           : fmt::format(" in windows {} to {}", rows.first, rows.end() - 1);
  }

  static std::string days_text(const IncreaseWindow& window) {
    switch (window.days) {
      case IncreaseDays::weekly:
        return fmt::format("weekly {:07b} {:02}:{:02} to {:02}:{:02}", window.weekdays,
                           window.from_minute / 60, window.from_minute % 60,
                           window.to_minute / 60, window.to_minute % 60);
      case IncreaseDays::yearly:
        return fmt::format("yearly {:04} to {:04}", window.first, window.last);
      case IncreaseDays::dates: return fmt::format("days {} to {}", window.first, window.last);
    }
    return {};
  }

  void calendar() {
    if (plan_.observe_only != 0) line("observe only");
    if (plan_.increase.count != 0) line("increase{}", windows_of(plan_.increase));
    for (size_t row = 0; row < plan_.increase_windows.size(); ++row) {
      const IncreaseWindow& window = plan_.increase_windows[row];
      line("window {} {} {} in zone {} {}", row,
           window.rule == IncreaseRule::allow ? "allow" : "except", days_text(window),
           window.zone.value, quoted(window.text));
    }
    for (size_t row = 0; row < plan_.zones.size(); ++row) {
      const Zone& zone = plan_.zones[row];
      line("zone {} {}: {}s and {} changes", row, quoted(zone.name), zone.first_offset_s,
           zone.changes.count);
    }
  }

  static std::string_view unknown_text(UnknownAction action) {
    switch (action) {
      case UnknownAction::hold: return "hold";
      case UnknownAction::alert: return "alert";
      case UnknownAction::rollback: return "rollback";
    }
    return {};
  }

  static std::string rule_text(const UnknownRule& rule) {
    if (rule.up_to_ns == 0) return std::string{unknown_text(rule.action)};
    return fmt::format("{} up to {} then {}", unknown_text(rule.action),
                       exact_duration_text(rule.up_to_ns), unknown_text(rule.then));
  }

  void way_back() {
    constexpr std::string_view causes[] = {"insufficient", "no_data", "source_error"};
    for (size_t row = 0; row < std::size(causes); ++row) {
      line("unknown {}: {}", causes[row], rule_text(plan_.unknown[row]));
    }
    for (const UnknownOverride& inner : plan_.unknown_overrides) {
      const bool of_stage = inner.trigger.is_none();
      line("unknown {} in {} {}: {}", causes[inner.cause], of_stage ? "stage" : "trigger",
           of_stage ? inner.stage.value : inner.trigger.value, rule_text(inner.rule));
    }
    for (const EvidenceFile& file : plan_.evidence_files) {
      line("evidence {} is {}", quoted(file.path), plan_.text(file.digest));
    }
    for (const Need& need : plan_.needs) {
      line("needs {} {} version {}{}", subject_kind_name(need.kind), quoted(need.name),
           quoted(need.version), need.beside.is_none() ? "" : " beside " + quoted(need.beside));
    }
    for (size_t row = 0; row < plan_.actions.size(); ++row) action(row);
    gates();
    hooks();
    if (plan_.quarantine_candidate != 0) line("quarantine candidate");
    if (plan_.cooldown_ns != 0) line("cooldown {}", exact_duration_text(plan_.cooldown_ns));
  }

  std::string arguments(Rows<StringId> rows) {
    std::string list;
    for (uint32_t at = rows.first; at < rows.end(); ++at) {
      list += " " + quoted(plan_.arguments[at]);
    }
    return list;
  }

  void action(size_t row) {
    const Action& action = plan_.actions[row];
    std::string more;
    if (!action.subject.is_none()) {
      more += fmt::format(" {} {} to {}", subject_kind_name(action.subject_kind),
                          quoted(action.subject), quoted(action.version));
    }
    if (action.after_ns != 0) more += " after " + exact_duration_text(action.after_ns);
    if (action.kind != ActionKind::report) {
      more += fmt::format(" by {}", action_kind_name(action.kind));
    }
    line("action {} {}{}:{} {}", row, purpose_name(action.purpose), more,
         arguments(action.arguments), at(action.span));
    const std::string retries = action.retries_max == Action::no_limit
                                    ? std::string{}
                                    : fmt::format(", at most {} retries", action.retries_max);
    line("  within {}{}", exact_duration_text(action.within_ns), retries);
    if (action.probe.count != 0) line("  probe:{}", arguments(action.probe));
  }

  void gates() {
    constexpr std::string_view kinds[] = {"approval", "review", "card", "rehearsal",
                                          "evidence", "hook",   "told", "http", "rule"};
    constexpr std::string_view places[] = {"every raise", "leaving ", "entering ", "after "};
    for (size_t row = 0; row < plan_.gates.size(); ++row) {
      const Gate& gate = plan_.gates[row];
      std::string where(places[static_cast<size_t>(gate.at)]);
      if (!gate.stage.is_none()) where += plan_.text(plan_.stages[gate.stage.value].name);
      std::string arguments;
      for (uint32_t at = gate.arguments.first; at < gate.arguments.end(); ++at) {
        arguments += " " + quoted(plan_.gate_arguments[at]);
      }
      const std::string within =
          gate.within_ns == 0 ? "" : " within " + exact_duration_text(gate.within_ns);
      const std::string count = gate.count == 0 ? "" : fmt::format(" {} of", gate.count);
      if (!gate.predicate.is_none()) {
        arguments = fmt::format(" predicate {}", gate.predicate.value);
      }
      line("gate {} {} ({}):{}{}{} {}", row, kinds[static_cast<size_t>(gate.kind)], where, count,
           arguments, within, at(gate.span));
    }
  }

  void hooks() {
    constexpr std::string_view failures[] = {"hold", "go on", "withdraw", "roll back"};
    for (size_t row = 0; row < plan_.hooks.size(); ++row) {
      const Hook& hook = plan_.hooks[row];
      const std::string reason = hook.reason.is_none() ? "" : " " + quoted(hook.reason);
      line("hook {}: action {} for gate {}, otherwise {}{}", row, hook.action.value,
           hook.gate.value, failures[static_cast<size_t>(hook.otherwise)], reason);
    }
  }

  const Plan& plan_;
  std::string out_;
};

}  // namespace

std::string print_plan(const Plan& plan) { return Printer(plan).print(); }

}  // namespace rel
