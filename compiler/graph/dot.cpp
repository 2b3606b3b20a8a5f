// Graphviz's language.
#include "compiler/graph/graph.h"

namespace rel {
namespace {

constexpr size_t label_width = 60;

std::string quoted(const std::string& text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\';
    made += c;
  }
  return made + "\"";
}

// Lines to the left of each other: `\l` ends one in dot.
std::string label(const std::vector<std::string>& lines) {
  std::string made = "\"";
  for (const std::string& line : lines) {
    for (const std::string& part : wrap(line, label_width)) {
      const std::string escaped = quoted(part);
      made += escaped.substr(1, escaped.size() - 2) + "\\l";
    }
  }
  return made + "\"";
}

std::string node(size_t index) { return "stage_" + std::to_string(index); }

}  // namespace

std::string render_dot(const Graph& graph) {
  std::string out = "digraph " + quoted(graph.release) + " {\n" +
                    "  graph [rankdir=TB, fontname=\"monospace\", labelloc=t, label=" +
                    quoted(graph.release + " of " + graph.model) + "];\n" +
                    "  node [shape=box, fontname=\"monospace\"];\n" +
                    "  edge [fontname=\"monospace\"];\n" +
                    "  baseline [style=filled, fillcolor=\"#eeeeee\", label=" +
                    label({"baseline", graph.baseline}) + "];\n" +
                    "  completed [shape=doublecircle];\n";
  for (size_t i = 0; i < graph.stages.size(); ++i) {
    const GraphStage& stage = graph.stages[i];
    std::vector<std::string> lines = {stage.name};
    lines.insert(lines.end(), stage.lines.begin(), stage.lines.end());
    const std::string next = i + 1 < graph.stages.size() ? node(i + 1) : "completed";
    std::vector<std::string> back = graph.back;
    back.insert(back.end(), stage.back.begin(), stage.back.end());
    out += "  " + node(i) + " [label=" + label(lines) + "];\n";
    out += "  " + node(i) + " -> " + next + " [label=" + label(stage.onward) + "];\n";
    if (!back.empty())
      out += "  " + node(i) + " -> baseline [color=\"#b00020\", label=" + label(back) + "];\n";
    if (!stage.otherwise.empty() && !stage.otherwise.ends_with("hold"))
      out += "  " + node(i) + " -> baseline [style=dashed, label=" + label({stage.otherwise}) +
             "];\n";
  }
  std::vector<std::string> legend;
  for (const GraphTrigger& each : graph.triggers) legend.push_back(each.name + ": " + each.text);
  if (!legend.empty()) out += "  triggers [shape=note, label=" + label(legend) + "];\n";
  return out + "}\n";
}

}  // namespace rel
