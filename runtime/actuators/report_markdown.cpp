// The report as Markdown.
#include <fmt/core.h>

#include "runtime/actuators/report_view.h"

namespace rel {
namespace {

// A cell of a table: one line, no bar that would end it.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string pairs(const ReportPairs& rows) {
  std::string text = "| | |\n|---|---|";
  for (const auto& [name, value] : rows) {
    text += fmt::format("\n| {} | {} |", cell(name), cell(value));
  }
  return text;
}

std::string trigger(const ReportView& view) {
  if (view.rule.empty()) return "No trigger: the stage's own rule ended it.";
  std::string text = fmt::format("    {}\n\n`{}`.", view.rule, view.rule_place);
  if (!view.rule_since.empty()) text += " " + view.rule_since;
  text += "\n\n| what it read | value |\n|---|---|";
  for (const auto& [expr, value] : view.read) {
    text += fmt::format("\n| `{}` | {} |", cell(expr), cell(value));
  }
  return text;
}

std::string arms(const ReportView& view) {
  if (!view.arms_missing.empty()) return view.arms_missing;
  std::string text =
      "| measure | candidate | samples | baseline | samples |\n|---|---|---|---|---|";
  for (const ReportArms& row : view.arms) {
    text += fmt::format("\n| `{}` | {} | {} | {} | {} |", cell(row.measure), row.candidate,
                        row.candidate_samples, row.baseline, row.baseline_samples);
  }
  return text;
}

std::string timeline(const ReportView& view) {
  std::string text;
  for (const ReportMoment& moment : view.timeline) {
    text += fmt::format("{}- {} {}: {}", text.empty() ? "" : "\n", moment.time, moment.what,
                        cell(moment.text));
  }
  return text;
}

std::string way_back(const ReportView& view) {
  std::string text = "| step | state | after | detail |\n|---|---|---|---|";
  for (const ReportStep& step : view.way_back) {
    const std::string state = step.state == "failed" ? "**failed**" : step.state;
    text += fmt::format("\n| {} | {} | {} | {} |", cell(step.text), state, step.took,
                        cell(step.detail));
  }
  return text;
}

std::string list(const std::vector<std::string>& items, std::string_view none,
                 std::string_view after) {
  if (items.empty()) return std::string(none);
  std::string text;
  for (const std::string& item : items) {
    text += fmt::format("{}- {}{}", text.empty() ? "" : "\n", cell(item), after);
  }
  return text;
}

std::string section(const ReportView& view, std::string_view name) {
  if (name == "title") return view.title;
  if (name == "summary") return view.summary;
  if (!view.gone_back && is_about_way_back(name)) return "";
  if (name == "facts") return pairs(view.facts);
  if (name == "trigger") return trigger(view);
  // Markdown has no plots of its own: the numbers of both arms, the page beside it has the curves.
  if (name == "plots") return arms(view);
  if (name == "affected") return pairs(view.affected);
  if (name == "timeline") return timeline(view);
  if (name == "way_back") return way_back(view);
  if (name == "told") return list(view.told, "Nobody.", "");
  if (name == "questions") return list(view.questions, "None.", "\n\n  (to be filled in)\n");
  return "";
}

}  // namespace

std::string report_markdown(const ReportFacts& facts) {
  const ReportView view = report_view(facts);
  std::string text;
  for (const ReportPart& part : report_parts(layout_of(facts, view))) {
    text += part.is_section ? section(view, part.text) : part.text;
  }
  return text;
}

}  // namespace rel
