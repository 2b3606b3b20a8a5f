#include "runtime/plot/release_plots.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "runtime/plan/text.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

bool is_pair(const Aggregate& a, const Aggregate& b) {
  return a.arm != b.arm && a.fn == b.fn && a.tracker == b.tracker && a.quantile == b.quantile &&
         a.cell_first == b.cell_first && a.cell_count == b.cell_count;
}

std::optional<uint32_t> other_arm(const Plan& plan, uint32_t aggregate) {
  for (uint32_t i = 0; i < plan.aggregates.size(); i++) {
    if (is_pair(plan.aggregates[aggregate], plan.aggregates[i])) return i;
  }
  return std::nullopt;
}

bool reads(const Plan& plan, PredicateId predicate, uint32_t aggregate);

bool node_reads(const Plan& plan, const Node& node, uint32_t aggregate) {
  if (node.op == Op::load) return node.a == aggregate;
  return node.op == Op::sustained && reads(plan, plan.sustains[node.a].input, aggregate);
}

bool reads(const Plan& plan, PredicateId predicate, uint32_t aggregate) {
  if (predicate.is_none()) return false;
  const Rows<NodeId> rows = plan.predicates[predicate.value].nodes;
  for (uint32_t i = 0; i < rows.count; i++) {
    if (node_reads(plan, plan.nodes[rows.at(i).value], aggregate)) return true;
  }
  return false;
}

bool is_comparison(Op op) {
  return op == Op::lt || op == Op::le || op == Op::gt || op == Op::ge;
}

// Constants the aggregate is compared with, in this predicate and what it sustains.
void add_limits(const Plan& plan, PredicateId predicate, uint32_t aggregate, Plot& plot) {
  const Rows<NodeId> rows = plan.predicates[predicate.value].nodes;
  for (uint32_t i = 0; i < rows.count; i++) {
    const Node& node = plan.nodes[rows.at(i).value];
    if (node.op == Op::sustained) add_limits(plan, plan.sustains[node.a].input, aggregate, plot);
    if (!is_comparison(node.op)) continue;
    const Node& a = plan.nodes[node.a];
    const Node& b = plan.nodes[node.b];
    const bool loads = a.op == Op::load && a.a == aggregate;
    if (!loads || b.op != Op::constant) continue;
    const bool known = std::any_of(
        plot.limits.begin(), plot.limits.end(),
        [&](const PlotLimit& limit) { return limit.value == b.constant; });
    if (known) continue;
    const PlanUnit unit = plan.aggregates[aggregate].unit;
    plot.limits.push_back({b.constant, "limit " + quantity_text(b.constant, unit)});
  }
}

std::vector<PlotMark> marks_of(const Plan& plan, std::span<const Decision> decisions) {
  std::vector<PlotMark> marks;
  for (const Decision& decision : decisions) {
    switch (decision.kind) {
      case DecisionKind::stage_entered:
      case DecisionKind::step_advanced: {
        const std::string_view stage = decision.stage.is_none()
                                           ? std::string_view{}
                                           : plan.text(plan.stages[decision.stage.value].name);
        marks.push_back({decision.time_ns,
                         fmt::format("{} {}", stage, share_text(decision.share_millionths))});
        break;
      }
      case DecisionKind::held: marks.push_back({decision.time_ns, "held"}); break;
      case DecisionKind::rolled_back:
        marks.push_back({decision.time_ns, "rolled back", true});
        break;
      case DecisionKind::withdrawn: marks.push_back({decision.time_ns, "withdrawn", true}); break;
      case DecisionKind::completed: marks.push_back({decision.time_ns, "completed"}); break;
      default: break;  // rel: the others move no traffic
    }
  }
  return marks;
}

class Builder {
 public:
  Builder(const Plan& plan, std::span<const SeriesPoint> points, std::vector<PlotMark> marks)
      : plan_(plan), points_(points), marks_(std::move(marks)) {}

  Plot empty(std::string title) const {
    Plot plot;
    plot.title = std::move(title);
    plot.marks = marks_;
    if (!points_.empty()) {
      plot.first_ns = points_.front().time_ns;
      plot.last_ns = points_.back().time_ns;
    }
    return plot;
  }

  // Samples may lie far apart, decisions say when the share changed.
  Plot share(std::span<const Decision> decisions) const {
    Plot plot = empty("traffic given to the candidate");
    plot.shape = PlotShape::steps;
    plot.value_text = [](double value) { return quantity_text(value, PlanUnit::ratio); };
    PlotSeries& series = plot.series.emplace_back();
    series.tone = PlotTone::candidate;
    for (const SeriesPoint& point : points_) {
      series.points.push_back({point.time_ns, point.share_millionths / 1e6});
    }
    for (const Decision& decision : decisions) {
      series.points.push_back({decision.time_ns, decision.share_millionths / 1e6});
      if (!points_.empty()) plot.first_ns = std::min(plot.first_ns, decision.time_ns);
    }
    std::stable_sort(
        series.points.begin(), series.points.end(),
        [](const PlotPoint& a, const PlotPoint& b) { return a.time_ns < b.time_ns; });
    return plot;
  }

  Plot measure(uint32_t aggregate, uint32_t cell) const {
    const Aggregate& row = plan_.aggregates[aggregate];
    Plot plot = empty(aggregate_text(plan_, AggregateId{aggregate}, row.cell_first + cell));
    const PlanUnit unit = row.unit;
    plot.value_text = [unit](double value) { return quantity_text(value, unit); };
    if (const auto other = other_arm(plan_, aggregate)) add(*other, cell, plot);
    add(aggregate, cell, plot);
    for (const Trigger& trigger : plan_.triggers) {
      if (trigger.action != TriggerAction::promote && trigger.action != TriggerAction::step) {
        add_limits(plan_, trigger.when, aggregate, plot);
      }
    }
    return plot;
  }

 private:
  void add(uint32_t aggregate, uint32_t cell, Plot& plot) const {
    const Aggregate& row = plan_.aggregates[aggregate];
    const bool candidate = row.arm == Arm::candidate;
    PlotSeries series{.name = candidate ? "candidate" : "baseline",
                      .tone = candidate ? PlotTone::candidate : PlotTone::baseline,
                      .points = {}};
    for (const SeriesPoint& point : points_) {
      series.points.push_back({point.time_ns, point.values[row.frame_first + cell]});
    }
    plot.series.push_back(std::move(series));
  }

  const Plan& plan_;
  std::span<const SeriesPoint> points_;
  std::vector<PlotMark> marks_;
};

// A pair is drawn once, from the candidate's side.
bool is_told_by_other(const Plan& plan, uint32_t aggregate) {
  return plan.aggregates[aggregate].arm == Arm::baseline && other_arm(plan, aggregate).has_value();
}

}  // namespace

ReleasePlots release_plots(const Plan& plan, std::span<const SeriesPoint> points,
                           std::span<const Decision> decisions, TriggerId trigger) {
  const Builder builder(plan, points, marks_of(plan, decisions));
  ReleasePlots plots;
  plots.share = builder.share(decisions);
  for (uint32_t a = 0; a < plan.aggregates.size(); a++) {
    if (is_told_by_other(plan, a)) continue;
    const auto other = other_arm(plan, a);
    const PredicateId when = trigger.is_none() ? PredicateId{} : plan.triggers[trigger.value].when;
    const bool decided = reads(plan, when, a) || (other && reads(plan, when, *other));
    std::vector<Plot>& list = decided ? plots.triggered : plots.others;
    for (uint32_t cell = 0; cell < plan.aggregates[a].cell_count; cell++) {
      if (list.size() < limits::plots_max) list.push_back(builder.measure(a, cell));
    }
  }
  return plots;
}

}  // namespace rel
