// Tests for programs: one object a line, `type` first.
#include <nlohmann/json.hpp>

#include "compiler/plan/render.h"
#include "compiler/testing/report.h"
#include "runtime/simulation/assumptions.h"
#include "runtime/stage/decision_text.h"

namespace rel::testing {
namespace {

using nlohmann::ordered_json;

constexpr double second_ns = 1e9;

// Texts are those of a policy that passed the scan: valid UTF-8.
std::string line_of(const ordered_json& object) { return object.dump() + "\n"; }

uint32_t line_number(const Sources& sources, Span span) {
  return sources.position(span.file, span.offset).line;
}

}  // namespace

std::string test_json(const Sources& sources, const sema::TypedPolicy& policy,
                      const TestRun& run) {
  ordered_json expectations = ordered_json::array();
  for (size_t i = 0; i < run.judgements.size(); ++i) {
    const Judgement& judged = run.judgements[i];
    const Span span = run.test->expectations[i].span;
    expectations.push_back({{"expected", render_statement(sources, span)},
                            {"line", line_number(sources, span)},
                            {"passed", judged.met},
                            {"happened", judged.met ? ordered_json()
                                                    : ordered_json(judged.happened)}});
  }
  ordered_json unfed = ordered_json::array();
  for (const uint32_t metric : run.unfed) unfed.push_back(policy.metrics[metric].name);
  ordered_json decisions = ordered_json::array();
  for (const Decision& decision : run.log.decisions)
    decisions.push_back(ordered_json::parse(decision_json(*run.log.plan, decision)));
  return line_of({{"type", "test"},
                  {"file", sources.file(run.test->span.file).path},
                  {"line", line_number(sources, run.test->span)},
                  {"name", run.test->name},
                  {"release", run.log.plan->release},
                  {"passed", run.passed()},
                  {"seconds", static_cast<double>(run.log.end_ns) / second_ns},
                  {"requests", run.requests},
                  {"expectations", expectations},
                  {"unfed", unfed},
                  {"decisions", decisions}});
}

std::string coverage_json(const Coverage& coverage) {
  const Plan& plan = *coverage.plan;
  ordered_json never = ordered_json::array();
  for (size_t i = 0; i < coverage.fired.size(); ++i) {
    if (coverage.fired[i]) continue;
    const Trigger& trigger = plan.triggers[i];
    never.push_back({{"name", plan.text(trigger.name)},
                     {"rule", plan.text(trigger.text)},
                     {"line", trigger.span.line}});
  }
  return line_of({{"type", "coverage"},
                  {"release", plan.release},
                  {"triggers", coverage.fired.size()},
                  {"fired", coverage.count()},
                  {"never", never},
                  {"assumed", simulation_assumes(plan)}});
}

}  // namespace rel::testing
