// The report as one HTML page without scripts, fonts or links: it can be mailed and kept.
#include <fmt/core.h>

#include "runtime/actuators/report_view.h"
#include "runtime/base/markup.h"

namespace rel {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1f2933; --soft: #52606d; --line: #d9e0e7;
  --paper: #fff; --wash: #f5f7fa; --bad: #b91c1c; --good: #2f6f3e }
@media (prefers-color-scheme: dark) { :root { --ink: #e5e9ee; --soft: #a3afbd; --line: #36414d;
  --paper: #161b22; --wash: #1f262f; --bad: #f87171; --good: #86d993 } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, sans-serif }
main { max-width: 880px; margin: 0 auto; padding: 32px 24px 64px }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 12px }
h2 { font-size: 18px; margin: 40px 0 12px; padding-top: 16px; border-top: 1px solid var(--line) }
code, pre { font: 13px ui-monospace, monospace; background: var(--wash); border-radius: 4px }
code { padding: 1px 4px }
h1 code { font-size: inherit }
pre { padding: 12px 14px; overflow-x: auto; border-left: 3px solid var(--bad) }
.summary { font-size: 17px; margin: 0 0 24px }
table { border-collapse: collapse; width: 100%; margin: 8px 0; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { color: var(--soft); font-weight: 600; font-size: 13px }
td.n, th.n { text-align: right; white-space: nowrap }
td.k { color: var(--soft); width: 30% }
td.t { white-space: nowrap; color: var(--soft) }
.state { white-space: nowrap; font-weight: 600 }
.done { color: var(--good) }
.failed { color: var(--bad) }
figure { margin: 16px 0; padding: 0; overflow-x: auto }
figure svg { width: 100%; min-width: 560px; height: auto; display: block }
ol.q li { margin: 0 0 40px; padding-bottom: 8px; border-bottom: 1px dotted var(--soft) }
@media print { main { max-width: none; padding: 0 } h2 { break-after: avoid }
  figure, tr { break-inside: avoid } }
)";

std::string escaped(std::string_view text) { return markup_escaped(text); }

// Text with `code` in it.
std::string words(std::string_view text) {
  std::string out;
  bool code = false;
  for (size_t at = 0; at <= text.size();) {
    const size_t tick = text.find('`', at);
    const bool closes = code || text.find('`', tick + 1) != std::string_view::npos;
    if (tick == std::string_view::npos || !closes) return out + escaped(text.substr(at));
    out += escaped(text.substr(at, tick - at)) + (code ? "</code>" : "<code>");
    code = !code;
    at = tick + 1;
  }
  return out;
}

std::string pairs(const ReportPairs& rows) {
  std::string html = "<table>";
  for (const auto& [name, value] : rows) {
    html += fmt::format("<tr><td class=\"k\">{}</td><td>{}</td></tr>", words(name), words(value));
  }
  return html + "</table>";
}

std::string trigger(const ReportView& view) {
  if (view.rule.empty()) return "<p>No trigger: the stage's own rule ended it.</p>";
  std::string html = fmt::format("<pre>{}</pre><p><code>{}</code> {}</p>", escaped(view.rule),
                                 escaped(view.rule_place), escaped(view.rule_since));
  html += "<table><tr><th>what it read</th><th class=\"n\">value</th></tr>";
  for (const auto& [expr, value] : view.read) {
    html += fmt::format("<tr><td><code>{}</code></td><td class=\"n\">{}</td></tr>", escaped(expr),
                        escaped(value));
  }
  return html + "</table>";
}

std::string plots(const ReportView& view) {
  std::string html;
  for (const Plot& plot : view.plots) html += "<figure>" + plot_svg(plot) + "</figure>";
  if (view.plots.empty()) html += "<p>No samples were kept of this release.</p>";
  if (!view.arms_missing.empty()) return html + "<p>" + escaped(view.arms_missing) + "</p>";
  html += "<table><tr><th>when it was decided</th><th class=\"n\">candidate</th>"
          "<th class=\"n\">samples</th><th class=\"n\">baseline</th>"
          "<th class=\"n\">samples</th></tr>";
  for (const ReportArms& row : view.arms) {
    html += fmt::format("<tr><td><code>{}</code></td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
                        "<td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                        escaped(row.measure), escaped(row.candidate),
                        escaped(row.candidate_samples), escaped(row.baseline),
                        escaped(row.baseline_samples));
  }
  return html + "</table>";
}

std::string timeline(const ReportView& view) {
  std::string html = "<table><tr><th>time</th><th>what</th><th>why</th></tr>";
  for (const ReportMoment& moment : view.timeline) {
    html += fmt::format("<tr><td class=\"t\">{}</td><td class=\"state\">{}</td><td>{}</td></tr>",
                        moment.time, escaped(moment.what), words(moment.text));
  }
  return html + "</table>";
}

std::string way_back(const ReportView& view) {
  std::string html =
      "<table><tr><th>step</th><th>state</th><th class=\"n\">after</th><th>detail</th></tr>";
  for (const ReportStep& step : view.way_back) {
    const std::string_view kind = step.state == "done"     ? "done"
                                  : step.state == "failed" ? "failed"
                                                           : "";
    html += fmt::format("<tr><td><code>{}</code></td><td class=\"state {}\">{}</td>"
                        "<td class=\"n\">{}</td><td>{}</td></tr>",
                        escaped(step.text), kind, step.state, step.took, escaped(step.detail));
  }
  return html + "</table>";
}

std::string list(const std::vector<std::string>& items, std::string_view none) {
  if (items.empty()) return fmt::format("<p>{}</p>", none);
  std::string html = "<ul>";
  for (const std::string& item : items) html += "<li>" + words(item) + "</li>";
  return html + "</ul>";
}

std::string questions(const ReportView& view) {
  std::string html = "<ol class=\"q\">";
  for (const std::string& item : view.questions) html += "<li>" + words(item) + "</li>";
  return html + "</ol>";
}

// Sections that stand within a line of the template are `title` and `summary`.
std::string inline_section(const ReportView& view, std::string_view name) {
  return name == "title" ? words(view.title) : name == "summary" ? words(view.summary) : "";
}

std::string block_section(const ReportView& view, std::string_view name) {
  if (!view.gone_back && is_about_way_back(name)) return "";
  if (name == "facts") return pairs(view.facts);
  if (name == "trigger") return trigger(view);
  if (name == "plots") return plots(view);
  if (name == "affected") return pairs(view.affected);
  if (name == "timeline") return timeline(view);
  if (name == "way_back") return way_back(view);
  if (name == "told") return list(view.told, "Nobody.");
  if (name == "questions") return questions(view);
  return "";
}

// What templates are written in: headings, list items and paragraphs, a line each.
std::string template_line(const ReportView& view, std::string_view line) {
  std::string_view tag = "p";
  if (line.starts_with("# ")) tag = "h1", line.remove_prefix(2);
  else if (line.starts_with("## ")) tag = "h2", line.remove_prefix(3);
  else if (line.starts_with("### ")) tag = "h3", line.remove_prefix(4);
  else if (line.starts_with("- ")) tag = "li", line.remove_prefix(2);
  std::string text;
  std::string blocks;
  bool summary = false;
  for (const ReportPart& part : report_parts(line)) {
    if (!part.is_section) {
      text += words(part.text);
      continue;
    }
    const std::string within = inline_section(view, part.text);
    summary = summary || part.text == "summary";
    if (!within.empty()) text += within;
    else blocks += block_section(view, part.text);
  }
  if (text.find_first_not_of(' ') == std::string::npos) return blocks;
  const std::string_view kind = summary && tag == "p" ? " class=\"summary\"" : "";
  return fmt::format("<{0}{1}>{2}</{0}>{3}\n", tag, kind, text, blocks);
}

}  // namespace

std::string report_html(const ReportFacts& facts) {
  const ReportView view = report_view(facts);
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
      escaped(view.title), style);
  std::string_view rest = layout_of(facts, view);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    html += template_line(view, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace rel
