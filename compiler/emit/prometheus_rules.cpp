// Alert rules and their tests. Both are made from one table, so that a rule without a test is not
// possible.
#include <fmt/format.h>

#include <vector>

#include "compiler/emit/emit.h"
#include "runtime/plan/text.h"
#include "runtime/stage/quantity_text.h"

namespace rel::emitted {
namespace {

struct Rule {
  std::string alert;
  std::string expr;
  std::string for_time;  // empty: at once
  std::string severity;
  std::string summary;
  std::string labels;  // more labels of the alert in a test, as YAML lines' content
  // -- its test: a series that fires it, from the first minute on
  std::string series;
  std::string values;
  std::string at;  // time of the look
};

std::string selector(const Plan& plan, std::string_view metric, std::string_view more = "") {
  return fmt::format("{}{{release={}{}}}", metric, json_string(plan.release), more);
}

std::string severity_of(TriggerAction action) {
  switch (action) {
    case TriggerAction::rollback: return "critical";
    case TriggerAction::hold:
    case TriggerAction::alert: return "warning";
    case TriggerAction::promote:
    case TriggerAction::step: return "";
  }
  return "";
}

// CamelCase of a trigger's name: `too_slow_2` gives `TooSlow2`.
std::string camel(std::string_view name) {
  std::string out;
  bool up = true;
  for (const char c : name) {
    if (c == '_') {
      up = true;
      continue;
    }
    out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    up = false;
  }
  return out;
}

Rule simple(std::string alert, std::string series, std::string_view compare, std::string for_time,
            std::string severity, std::string summary, std::string values, std::string at) {
  Rule rule;
  rule.alert = std::move(alert);
  rule.expr = fmt::format("{} {}", series, compare);
  rule.for_time = std::move(for_time);
  rule.severity = std::move(severity);
  rule.summary = std::move(summary);
  rule.series = std::move(series);
  rule.values = std::move(values);
  rule.at = std::move(at);
  return rule;
}

void add_triggers(const Plan& plan, std::vector<Rule>& rules) {
  for (const Trigger& trigger : plan.triggers) {
    const std::string severity = severity_of(trigger.action);
    if (severity.empty()) continue;
    const std::string more = fmt::format(",trigger={}", json_string(plan.text(trigger.name)));
    Rule rule = simple("Release" + camel(plan.text(trigger.name)),
                       selector(plan, "release_trigger_true", more), "== 1", "", severity,
                       fmt::format("{}:{} {}", plan.text(trigger.span.file), trigger.span.line,
                                   plan.text(trigger.text)),
                       "0 1 1", "1m");
    rule.labels = fmt::format("trigger: {}", json_string(plan.text(trigger.name)));
    rules.push_back(std::move(rule));
  }
}

std::vector<Rule> rules_of(const Plan& plan) {
  const auto phase = [&](std::string_view name) {
    return selector(plan, "release_phase", fmt::format(",phase=\"{}\"", name));
  };
  std::vector<Rule> rules;
  add_triggers(plan, rules);
  rules.push_back(simple("ReleaseRolledBack", phase("rolled_back"), "== 1", "", "critical",
                         fmt::format("{} went back to the baseline", plan.release), "0 1", "1m"));
  rules.back().labels = "phase: \"rolled_back\"";
  rules.push_back(simple("ReleaseWithdrawn", phase("withdrawn"), "== 1", "", "warning",
                         fmt::format("{} was withdrawn", plan.release), "0 1", "1m"));
  rules.back().labels = "phase: \"withdrawn\"";
  rules.push_back(simple("ReleaseHeld", selector(plan, "release_held"), "== 1", "15m", "warning",
                         fmt::format("{} has been held for 15 minutes", plan.release), "1x20",
                         "16m"));
  rules.push_back(simple("ReleaseJournalFailing", selector(plan, "release_journal_up"), "== 0",
                         "1m", "critical",
                         fmt::format("the journal of {} fails: nothing is raised any more",
                                     plan.release),
                         "0x5", "2m"));
  rules.push_back(simple("ReleaseWayBackIncomplete",
                         selector(plan, "release_way_back_steps", ",status=\"failed\""), "> 0", "",
                         "critical",
                         fmt::format("a step of the way back of {} has to be done by hand",
                                     plan.release),
                         "0 1", "1m"));
  rules.back().labels = "status: \"failed\"";
  Rule silent;
  silent.alert = "ReleaseSilent";
  silent.expr = fmt::format("absent({})", selector(plan, "release_weight_ratio"));
  silent.for_time = "5m";
  silent.severity = "warning";
  silent.summary = fmt::format("nobody reports on {}: is its sidecar running?", plan.release);
  silent.series = "release_weight_ratio{release=\"another\"}";
  silent.values = "1x10";
  silent.at = "6m";
  rules.push_back(std::move(silent));
  return rules;
}

std::string labels_of(const Plan& plan, const Rule& rule, std::string_view indent) {
  return fmt::format("{0}severity: {1}\n{0}model: {2}\n{0}owner: {3}\n", indent, rule.severity,
                     json_string(plan.model), json_string(plan.owner));
}

}  // namespace

std::string prometheus_rules(const Plan& plan) {
  std::string text = fmt::format("# Alerts of release {} of {}: relc emit prometheus-rules\n"
                                 "groups:\n  - name: {}\n    interval: 15s\n    rules:\n",
                                 plan.release, plan.model, json_string("relc_" + plan.release));
  text += fmt::format("      - record: release:requests:rate1m\n        expr: {}\n",
                      json_string(fmt::format("rate({}[1m])",
                                              selector(plan, "release_requests_total"))));
  for (const Rule& rule : rules_of(plan)) {
    text += fmt::format("      - alert: {}\n        expr: {}\n", rule.alert,
                        json_string(rule.expr));
    if (!rule.for_time.empty()) text += fmt::format("        for: {}\n", rule.for_time);
    text += "        labels:\n" + labels_of(plan, rule, "          ");
    text += fmt::format("        annotations:\n          summary: {}\n",
                        json_string(rule.summary));
  }
  return text;
}

std::string prometheus_tests(const Plan& plan, const std::string& rules_file) {
  std::string text = fmt::format("rule_files: [{}]\nevaluation_interval: 1m\ntests:\n",
                                 json_string(rules_file));
  for (const Rule& rule : rules_of(plan)) {
    text += fmt::format("  - interval: 1m\n    input_series:\n      - series: {}\n"
                        "        values: {}\n    alert_rule_test:\n",
                        json_string(rule.series), json_string(rule.values));
    // Before it is due it is silent, then it fires once, with the labels of its series.
    text += fmt::format("      - eval_time: 0m\n        alertname: {}\n        exp_alerts: []\n",
                        rule.alert);
    text += fmt::format("      - eval_time: {}\n        alertname: {}\n        exp_alerts:\n"
                        "          - exp_labels:\n              release: {}\n",
                        rule.at, rule.alert, json_string(plan.release));
    text += labels_of(plan, rule, "              ");
    if (!rule.labels.empty()) text += "              " + rule.labels + "\n";
    text += fmt::format("            exp_annotations:\n              summary: {}\n",
                        json_string(rule.summary));
  }
  return text;
}

}  // namespace rel::emitted
