// A forecast for people and for programs.
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/forecast/forecast.h"
#include "runtime/plan/text.h"

namespace rel::forecast {

namespace {

using Json = nlohmann::ordered_json;

std::string time_text(double seconds) {
  if (!std::isfinite(seconds)) return "not in this stage";
  const double grid = seconds < 120 ? 1 : seconds < 7200 ? 60 : 3600;
  const auto whole = static_cast<int64_t>(std::ceil(seconds / grid) * grid);
  return exact_duration_text(whole * 1'000'000'000);
}

std::string share_of(double share) { return fmt::format("{:.3g} %", share * 100); }

std::string effect_text(const TestForecast& forecast, double size, Finding finding) {
  if (!std::isfinite(size)) return "none";
  switch (forecast.effect) {
    case Effect::ratio:
      return fmt::format("{:.3g} times {}", size, share_of(forecast.base_rate));
    case Effect::points:
      return fmt::format("{:+.3g} points on {}", size * 100, share_of(forecast.base_rate));
    case Effect::pairs:
      return fmt::format("a {} value in {} of pairs",
                         finding == Finding::above ? "larger" : "smaller", share_of(size));
  }
  return {};
}

// What the comparison takes for independent: "request", "label within 3d, absent is missing".
std::string unit_of_test(const Plan& plan, const EvidenceTest& test) {
  const MetricId metric = plan.trackers[test.tracker.value].metric;
  if (metric.is_none()) return "request";
  return sample_unit_text(plan.metrics[metric.value]).substr(std::string_view("per ").size());
}

std::string count_text(double count) {
  if (count >= 1e6) return fmt::format("{:.3g}M", count / 1e6);
  return count >= 1e4 ? fmt::format("{:.3g}k", count / 1e3) : fmt::format("{:.0f}", count);
}

void print_test(const Plan& plan, const StageForecast& stage, const TestForecast& forecast,
                std::string& out) {
  const EvidenceTest& test = plan.tests[forecast.test];
  const std::string unit = unit_of_test(plan, test);
  const auto line = [&](std::string_view text) { out += fmt::format("{}\n", text); };
  line(fmt::format("  {} when {}", action_name(plan.triggers[forecast.trigger.value].action),
                   plan.text(test.text)));
  if (!forecast.missing.empty()) {
    line(fmt::format("    unit: {}; not foreseen: not declared or not known is {}", unit,
                     forecast.missing));
    return;
  }
  line(fmt::format("    unit: {}; {}", unit, forecast.basis == Basis::computed
                                                ? "computed"
                                                : "simulated from a fixed seed"));
  line(fmt::format("    {} with 80 %: {}",
                   asks_for_alike(test) ? "still shown" : "smallest found",
                   effect_text(forecast, forecast.smallest, test.finding)));
  line(fmt::format("    {}: found with {}, median {}, 80 % {}",
                   effect_text(forecast, forecast.guarded, test.finding), share_of(forecast.found),
                   time_text(forecast.median_s), time_text(forecast.most_s)));
  if (forecast.found >= 0.8) return;
  std::string remedy;
  if (forecast.needed_s > 0 && std::isfinite(forecast.needed_s)) {
    remedy += fmt::format("; {} would do", time_text(forecast.needed_s));
  }
  if (forecast.needed_share > stage.share) {
    remedy += fmt::format("{} {} of the requests", remedy.empty() ? "; it takes" : ", or",
                          share_of(forecast.needed_share));
  }
  line("    warning: this stage cannot detect what it guards" + remedy);
}

void print_raw(const Plan& plan, const Forecast& forecast, const RawForecast& raw,
               std::string& out) {
  const Trigger& trigger = plan.triggers[raw.trigger.value];
  out += fmt::format("  {}\n", plan.text(trigger.text));
  if (!raw.missing.empty()) {
    out += fmt::format("    odds on a healthy candidate: not declared or not known is {}\n",
                       raw.missing);
    return;
  }
  out += fmt::format("    fires on a healthy candidate with {}, simulated from a fixed seed\n",
                     share_of(raw.odds));
  const double budget = forecast.budget > 0 ? forecast.budget : 0.05;
  if (raw.odds > budget) {
    out += fmt::format("    warning: that is more than the {} {}\n",
                       forecast.budget > 0 ? "budget of" : "usual", share_of(budget));
  }
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json test_json(const Plan& plan, const TestForecast& forecast) {
  const EvidenceTest& test = plan.tests[forecast.test];
  const Trigger& trigger = plan.triggers[forecast.trigger.value];
  Json row = {{"trigger", plan.text(trigger.name)},
              {"action", action_name(trigger.action)},
              {"comparison", plan.text(test.text)},
              {"unit", unit_of_test(plan, test)},
              {"alpha", test.alpha}};
  if (!forecast.missing.empty()) {
    row["missing"] = forecast.missing;
    return row;
  }
  constexpr std::string_view effects[] = {"ratio", "points", "pairs"};
  row["basis"] = forecast.basis == Basis::computed ? "computed" : "simulated";
  row["effect"] = effects[static_cast<size_t>(forecast.effect)];
  row["smallest_detectable"] = number(forecast.smallest);
  row["guarded"] = number(forecast.guarded);
  row["found"] = number(forecast.found);
  row["median_s"] = number(forecast.median_s);
  row["p80_s"] = number(forecast.most_s);
  row["detects"] = forecast.found >= 0.8;
  row["needed_s"] = forecast.needed_s > 0 ? number(forecast.needed_s) : Json(nullptr);
  row["needed_share"] = forecast.needed_share > 0 ? number(forecast.needed_share) : Json(nullptr);
  return row;
}

}  // namespace

std::string forecast_text(const Plan& plan, const Forecast& forecast) {
  std::string out;
  const double traffic = forecast.expected.traffic_per_s;
  out += fmt::format("release {} of {}: {}\n", plan.release, plan.model,
                     traffic > 0 ? fmt::format("{:.6g} requests a second", traffic)
                                 : "traffic not declared (`expect { traffic 120/s }`)");
  const std::string budget = forecast.budget > 0
                                 ? fmt::format(", the budget is {}", share_of(forecast.budget))
                                 : "; no `false_rollback` was declared";
  out += fmt::format("a healthy candidate goes back by its comparisons with {} at most{}\n",
                     share_of(forecast.false_rollback), budget);
  for (const StageForecast& stage : forecast.stages) {
    const Stage& row = plan.stages[stage.stage.value];
    out += fmt::format("\nstage {}: {}\n", plan.text(row.name), plan.text(row.text));
    const std::string length = stage.length_s > 0 ? time_text(stage.length_s) : "not known how";
    const std::string requests = traffic > 0 ? count_text(stage.requests) : "not known how many";
    out += fmt::format("  {} long, {} of the requests on average, {} of them; users not declared\n",
                       length, share_of(stage.share), requests);
    for (const TestForecast& test : stage.tests) print_test(plan, stage, test, out);
    for (const RawForecast& raw : stage.raw) print_raw(plan, forecast, raw, out);
  }
  return out;
}

std::string forecast_json(const Plan& plan, const Forecast& forecast) {
  const bool declared = forecast.expected.traffic_per_s > 0;
  Json stages = Json::array();
  for (const StageForecast& stage : forecast.stages) {
    Json tests = Json::array();
    for (const TestForecast& test : stage.tests) tests.push_back(test_json(plan, test));
    Json raw = Json::array();
    for (const RawForecast& each : stage.raw) {
      Json row = {{"trigger", plan.text(plan.triggers[each.trigger.value].name)},
                  {"rule", plan.text(plan.triggers[each.trigger.value].text)}};
      if (each.missing.empty()) row["odds"] = each.odds;
      else row["missing"] = each.missing;
      raw.push_back(std::move(row));
    }
    stages.push_back({{"stage", plan.text(plan.stages[stage.stage.value].name)},
                      {"length_s", stage.length_s > 0 ? Json(stage.length_s) : Json(nullptr)},
                      {"share", stage.share},
                      {"exposed_requests", declared ? Json(stage.requests) : Json(nullptr)},
                      {"exposed_users", nullptr},
                      {"comparisons", std::move(tests)},
                      {"raw", std::move(raw)}});
  }
  const double traffic = forecast.expected.traffic_per_s;
  const Json whole = {{"release", plan.release},
                      {"traffic_per_s", traffic > 0 ? Json(traffic) : Json(nullptr)},
                      {"false_rollback", forecast.false_rollback},
                      {"budget", forecast.budget > 0 ? Json(forecast.budget) : Json(nullptr)},
                      {"stages", std::move(stages)}};
  return whole.dump();
}

}  // namespace rel::forecast
