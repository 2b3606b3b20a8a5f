// A dashboard of one release: who gets the candidate, what is measured on both arms with the limits
// of the triggers, which trigger is true, and whether the way back is whole.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/emit/emit.h"
#include "runtime/plan/text.h"
#include "runtime/plot/release_plots.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/quantity_text.h"

namespace rel::emitted {
namespace {

using Json = nlohmann::ordered_json;

constexpr int panel_height = 8;
constexpr int grid_width = 24;

std::string_view grafana_unit(PlanUnit unit) {
  switch (unit) {
    case PlanUnit::ratio:
    case PlanUnit::points: return "percentunit";
    case PlanUnit::seconds: return "s";
    case PlanUnit::bytes: return "bytes";
    case PlanUnit::usd: return "currencyUSD";
    case PlanUnit::eur: return "currencyEUR";
    case PlanUnit::per_second: return "reqps";
    case PlanUnit::number:
    case PlanUnit::tokens:
    case PlanUnit::requests: return "short";
  }
  return "short";
}

Json source() { return {{"type", "prometheus"}, {"uid", "${DS_PROMETHEUS}"}}; }

Json target(const std::string& expr, const std::string& legend) {
  return {{"refId", "A"}, {"datasource", source()}, {"expr", expr}, {"legendFormat", legend}};
}

class Dashboard {
 public:
  explicit Dashboard(const Plan& plan) : plan_(plan) {}

  std::string write() {
    share();
    requests();
    measures();
    triggers();
    way_back();
    Json board = {
        {"__inputs",
         Json::array({{{"name", "DS_PROMETHEUS"},
                       {"label", "Prometheus"},
                       {"type", "datasource"},
                       {"pluginId", "prometheus"},
                       {"pluginName", "Prometheus"}}})},
        {"uid", ("relc-" + plan_.release).substr(0, 40)},
        {"title", fmt::format("Release {} of {}", plan_.release, plan_.model)},
        {"tags", Json::array({"relc", plan_.model})},
        {"timezone", "utc"},
        {"schemaVersion", 36},
        {"refresh", "10s"},
        {"time", {{"from", "now-1h"}, {"to", "now"}}},
        {"panels", std::move(panels_)}};
    return board.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }

 private:
  std::string selector(std::string_view metric, std::string_view more = "") const {
    return fmt::format("{}{{release={}{}}}", metric, json_string(plan_.release), more);
  }

  // Two panels a row.
  Json& panel(std::string_view type, std::string title, Json targets) {
    const int number = static_cast<int>(panels_.size());
    Json made = {{"id", number + 1},
                 {"type", type},
                 {"title", std::move(title)},
                 {"datasource", source()},
                 {"gridPos",
                  {{"x", number % 2 * grid_width / 2},
                   {"y", number / 2 * panel_height},
                   {"w", grid_width / 2},
                   {"h", panel_height}}},
                 {"targets", std::move(targets)}};
    char letter = 'A';
    for (Json& each : made["targets"]) each["refId"] = std::string(1, letter++);
    panels_.push_back(std::move(made));
    return panels_.back();
  }

  static void set_unit(Json& panel, std::string_view unit) {
    panel["fieldConfig"]["defaults"]["unit"] = unit;
  }

  void share() {
    Json& made = panel("timeseries", "Traffic given to the candidate",
                       Json::array({target(selector("release_weight_ratio"), "share")}));
    set_unit(made, "percentunit");
    made["fieldConfig"]["defaults"]["max"] = 1;
    made["fieldConfig"]["defaults"]["custom"] = {{"lineInterpolation", "stepAfter"}};
  }

  void requests() {
    Json& made = panel(
        "timeseries", "Requests",
        Json::array({target(fmt::format("rate({}[1m])", selector("release_requests_total")),
                            "{{arm}}")}));
    set_unit(made, "reqps");
  }

  // One panel a measured number and cell, both arms in it, limits as thresholds.
  void measures() {
    const ReleasePlots plots = release_plots(plan_, {}, {}, TriggerId{});
    for (const Plot& plot : plots.others) {
      Json targets = Json::array();
      PlanUnit unit = PlanUnit::number;
      for (const Aggregate& row : plan_.aggregates) {
        for (uint32_t cell = 0; cell < row.cell_count; cell++) {
          if (as_candidate(aggregate_expr(row, cell)) != as_candidate(plot.title)) continue;
          unit = row.unit;
          targets.push_back(target(selector("release_aggregate",
                                            ",expr=" + json_string(plan_.text(row.text)) +
                                                cell_label(row, cell)),
                                   "{{arm}}"));
        }
      }
      Json& made = panel("timeseries", plot.title, std::move(targets));
      set_unit(made, grafana_unit(unit));
      add_limits(plot, made);
    }
  }

  // The same number of the other arm has the same text but for the arm's name.
  static std::string as_candidate(std::string text) {
    constexpr std::string_view baseline = "baseline";
    for (size_t at = 0; (at = text.find(baseline, at)) != std::string::npos;) {
      text.replace(at, baseline.size(), "candidate");
    }
    return text;
  }

  std::string aggregate_expr(const Aggregate& row, uint32_t cell) const {
    const auto index = static_cast<uint32_t>(&row - plan_.aggregates.data());
    return aggregate_text(plan_, AggregateId{index}, row.cell_first + cell);
  }

  std::string cell_label(const Aggregate& row, uint32_t cell) const {
    return ",cell=" + json_string(cell_text(plan_, row.cell_first + cell));
  }

  static void add_limits(const Plot& plot, Json& panel) {
    if (plot.limits.empty()) return;
    Json steps = Json::array({{{"color", "green"}, {"value", nullptr}}});
    for (const PlotLimit& limit : plot.limits) {
      steps.push_back({{"color", "red"}, {"value", limit.value}});
    }
    Json& defaults = panel["fieldConfig"]["defaults"];
    defaults["thresholds"] = {{"mode", "absolute"}, {"steps", std::move(steps)}};
    defaults["custom"]["thresholdsStyle"] = {{"mode", "dashed"}};
  }

  void triggers() {
    panel("state-timeline", "Triggers that are true",
          Json::array({target(selector("release_trigger_true"), "{{action}} {{trigger}}")}));
    panel("state-timeline", "Phase",
          Json::array({target(selector("release_phase") + " == 1", "{{phase}}")}));
  }

  void way_back() {
    panel("stat", "Steps of the way back",
          Json::array({target(selector("release_way_back_steps"), "{{status}}")}));
    Json& made = panel(
        "stat", "Age of the last rehearsal",
        Json::array({target(fmt::format("time() - {}",
                                        selector("release_rehearsal_timestamp_seconds")),
                            "age")}));
    set_unit(made, "s");
  }

  const Plan& plan_;
  Json panels_ = Json::array();
};

}  // namespace

std::string grafana_dashboard(const Plan& plan) { return Dashboard(plan).write(); }

}  // namespace rel::emitted
