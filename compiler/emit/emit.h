// What a policy says, for the systems around it: alert rules for Prometheus with their tests, a
// dashboard for Grafana, the way back as a page for people. Pure: a plan in, text out.
// The metrics they read are those of runtime/host/metrics_text.h.
#pragma once

#include <string>

#include "runtime/plan/plan.h"

namespace rel::emitted {

// A rule file, as `promtool check rules` wants it.
std::string prometheus_rules(const Plan& plan);
// Unit tests of that file for `promtool test rules`; `rules_file` is its name.
std::string prometheus_tests(const Plan& plan, const std::string& rules_file);
// A dashboard to import, with the data source as an input.
std::string grafana_dashboard(const Plan& plan);
// Markdown.
std::string runbook(const Plan& plan);

}  // namespace rel::emitted
