// Tests as people read them: one line for what passes; for what fails what was expected, what
// happened, and the decisions around it.
#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "compiler/plan/render.h"
#include "compiler/testing/report.h"
#include "runtime/base/time_text.h"
#include "runtime/simulation/assumptions.h"
#include "runtime/stage/decision_text.h"

namespace rel::testing {
namespace {

// Decisions shown before and after the moment that matters.
constexpr size_t log_around = 4;

std::string painted(std::string_view text, const char* code, Paint paint) {
  if (paint == Paint::plain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}
constexpr const char* green = "32";
constexpr const char* red = "1;31";
constexpr const char* faint = "2";

std::string log_line(const RunLog& log, const Decision& decision) {
  const std::string place =
      decision.stage.is_none()
          ? std::string()
          : place_text(*log.plan, decision.stage, decision.share_millionths);
  return fmt::format("{:>10}  {:<18}  {:<16}  {}",
                     duration_text(decision.time_ns - log.start_ns),
                     decision_kind_name(decision.kind), place,
                     because_text(*log.plan, decision));
}

// The decisions near a moment; the one it is about is marked.
std::string log_text(const RunLog& log, std::optional<size_t> about, int64_t moment_ns,
                     Paint paint) {
  if (log.decisions.empty()) return "        (nothing was decided)\n";
  size_t middle = about.value_or(0);
  if (!about)
    while (middle + 1 < log.decisions.size() &&
           log.decisions[middle + 1].time_ns - log.start_ns <= moment_ns)
      ++middle;
  const size_t first = middle > log_around ? middle - log_around : 0;
  const size_t end = std::min(middle + log_around + 1, log.decisions.size());
  std::string text;
  if (first > 0) text += fmt::format("        ... {} before\n", first);
  for (size_t i = first; i < end; ++i) {
    const std::string line = log_line(log, log.decisions[i]);
    text += about == i ? "      > " + painted(line, red, paint) : "        " + line;
    text += '\n';
  }
  if (end < log.decisions.size())
    text += fmt::format("        ... {} after\n", log.decisions.size() - end);
  return text;
}

std::string place_of(const Sources& sources, Span span) {
  const Position at = sources.position(span.file, span.offset);
  return fmt::format("{}:{}:{}", sources.file(span.file).path, at.line, at.column);
}

// What a failing test may simply lack.
std::string hint_text(const sema::TypedPolicy& policy, const TestRun& run) {
  std::string names;
  for (const uint32_t metric : run.unfed)
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", policy.metrics[metric].name);
  if (names.empty()) return {};
  return fmt::format("      nothing carries {}: what reads it is unknown (feed it, or declare it "
                     "in the model's `expect`)\n",
                     names);
}

}  // namespace

std::string test_text(const Sources& sources, const sema::TypedPolicy& policy, const TestRun& run,
                      Paint paint, ShowLog show) {
  const bool passed = run.passed();
  std::string text = fmt::format(
      "  {}  {}  {}\n", passed ? painted("ok  ", green, paint) : painted("FAIL", red, paint),
      run.test->name,
      painted(fmt::format("({} of traffic, {} requests)", duration_text(run.log.end_ns),
                          run.requests),
              faint, paint));
  if (passed && show == ShowLog::every)
    text += log_text(run.log, std::nullopt, 0, paint);
  for (size_t i = 0; i < run.judgements.size(); ++i) {
    const Judgement& judged = run.judgements[i];
    if (judged.met) continue;
    const Span span = run.test->expectations[i].span;
    text += fmt::format("      {}\n", place_of(sources, span));
    text += fmt::format("      expected  {}\n",
                        render_statement(sources, span).substr(sizeof("expect ") - 1));
    text += fmt::format("      happened  {}\n", judged.happened);
    text += log_text(run.log, judged.decision, judged.about_ns, paint);
  }
  return passed ? text : text + hint_text(policy, run);
}

void Coverage::add(const TestRun& run) {
  fired.resize(run.fired.size());
  for (size_t i = 0; i < run.fired.size(); ++i) fired[i] = fired[i] || run.fired[i];
}

size_t Coverage::count() const {
  return static_cast<size_t>(std::count(fired.begin(), fired.end(), true));
}

std::string coverage_text(const Coverage& coverage, Paint paint) {
  const Plan& plan = *coverage.plan;
  std::string text = fmt::format("  coverage of {}: {} of {} triggers fired", plan.release,
                                 coverage.count(), coverage.fired.size());
  if (coverage.count() < coverage.fired.size()) text += "; no test ever fired";
  text += '\n';
  for (size_t i = 0; i < coverage.fired.size(); ++i) {
    if (coverage.fired[i]) continue;
    const Trigger& trigger = plan.triggers[i];
    text += painted(fmt::format("    {}  (line {})", plan.text(trigger.text), trigger.span.line),
                    faint, paint);
    text += '\n';
  }
  for (const std::string& assumed : simulation_assumes(plan)) {
    text += painted(fmt::format("    assumed: {}", assumed), faint, paint) + '\n';
  }
  return text;
}

}  // namespace rel::testing
