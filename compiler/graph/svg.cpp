// A column of stages, the baseline beside it, and below them what the triggers are. Text is
// monospaced, so that its width is known without a font.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/graph/graph.h"
#include "runtime/base/markup.h"

namespace rel {
namespace {

constexpr int letter = 8;        // width of one at `font` pixels, rounded up
constexpr int font = 13;
constexpr int line_height = 18;
constexpr int padding = 12;
constexpr int margin = 24;
constexpr size_t box_letters = 44;
constexpr size_t edge_letters = 40;
constexpr int gap_min = 46;      // between two stages
constexpr int lane = 240;        // between the stages and the baseline
constexpr int baseline_letters = 26;

using Lines = std::vector<std::string>;

Lines wrapped(const Lines& lines, size_t width) {
  Lines made;
  for (const std::string& each : lines)
    for (std::string& part : wrap(each, width)) made.push_back(std::move(part));
  return made;
}

int width_of(const Lines& lines) {
  size_t longest = 0;
  for (const std::string& each : lines) longest = std::max(longest, each.size());
  return static_cast<int>(longest) * letter;
}

int height_of(const Lines& lines) { return static_cast<int>(lines.size()) * line_height; }

class Drawing {
 public:
  void text(int x, int y, const Lines& lines, const char* style = "") {
    for (const std::string& each : lines) {
      y += line_height;
      body_ += fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", x, y - 5, style,
                           markup_escaped(each));
    }
  }
  void box(int x, int y, int width, int height, const char* fill) {
    body_ += fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{}\" "
        "stroke=\"#444\"/>\n",
        x, y, width, height, fill);
    reach(x + width, y + height);
  }
  void arrow(int x1, int y1, int x2, int y2, const char* colour, bool dashed) {
    body_ += fmt::format(
        "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\"{} "
        "marker-end=\"url(#tip)\"/>\n",
        x1, y1, x2, y2, colour, dashed ? " stroke-dasharray=\"5 4\"" : "");
  }
  void reach(int x, int y) {
    width_ = std::max(width_, x + margin);
    height_ = std::max(height_, y + margin);
  }
  std::string done(const std::string& title) const {
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
               "height=\"{1}\" font-family=\"monospace\" font-size=\"{2}\">\n",
               width_, height_, font) +
           "<title>" + markup_escaped(title) + "</title>\n" +
           "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
           "markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n" +
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + body_ + "</svg>\n";
  }

 private:
  std::string body_;
  int width_ = 0;
  int height_ = 0;
};

constexpr const char* bold = " font-weight=\"bold\"";
constexpr const char* red = "#b00020";

// What is drawn of one stage, measured before anything is drawn.
struct Block {
  Lines box;
  Lines onward;
  Lines back;
  Lines otherwise;
  int box_height = 0;
  int height = 0;  // to the next block
};

Block block_of(const Graph& graph, const GraphStage& stage) {
  Block made;
  made.box = {stage.name};
  for (std::string& each : wrapped(stage.lines, box_letters)) made.box.push_back(std::move(each));
  made.onward = wrapped(stage.onward, edge_letters);
  Lines back = graph.back;
  back.insert(back.end(), stage.back.begin(), stage.back.end());
  made.back = wrapped(back, lane / letter - 2);
  if (!stage.otherwise.empty()) made.otherwise = wrapped({stage.otherwise}, lane / letter - 2);
  const int beside = height_of(made.back) + height_of(made.otherwise) + 2 * padding;
  made.box_height = std::max(height_of(made.box) + 2 * padding, beside);
  made.height = made.box_height + std::max(gap_min, height_of(made.onward) + 2 * padding);
  return made;
}

}  // namespace

std::string render_svg(const Graph& graph) {
  Drawing drawing;
  std::vector<Block> blocks;
  int box_width = 0;
  int stages_height = 0;
  for (const GraphStage& stage : graph.stages) {
    blocks.push_back(block_of(graph, stage));
    box_width = std::max(box_width, width_of(blocks.back().box) + 2 * padding);
    stages_height += blocks.back().height;
  }
  const Lines title = {graph.release + " of " + graph.model};
  drawing.text(margin, margin - line_height, title, bold);
  drawing.reach(margin + width_of(title), 0);
  const int top = margin + line_height;
  const int middle = margin + box_width / 2;
  const int right = margin + box_width;
  const int baseline_x = right + lane;

  int y = top;
  for (const Block& block : blocks) {
    drawing.box(margin, y, box_width, block.box_height, "#e8f0fe");
    drawing.text(margin + padding, y + padding, {block.box.front()}, bold);
    drawing.text(margin + padding, y + padding + line_height,
                 Lines(block.box.begin() + 1, block.box.end()));
    const int below = y + block.box_height;
    drawing.arrow(middle, below, middle, y + block.height, "#444", false);
    drawing.text(middle + padding, below + padding / 2, block.onward);
    drawing.reach(middle + padding + width_of(block.onward), below);
    if (!block.back.empty()) {
      drawing.text(right + padding, y, block.back, " fill=\"#b00020\"");
      const int at = y + height_of(block.back) + 3;
      drawing.arrow(right, at, baseline_x, at, red, false);
    }
    if (!block.otherwise.empty()) {
      const int from = y + height_of(block.back) + padding / 2;
      drawing.text(right + padding, from, block.otherwise);
      const int at = from + height_of(block.otherwise) + 3;
      drawing.arrow(right, at, baseline_x, at, "#444", true);
    }
    y += block.height;
  }
  drawing.box(margin, y, box_width, line_height + padding, "#e6f4ea");
  drawing.text(margin + padding, y + padding / 2, {"completed"}, bold);

  const Lines baseline = wrapped({"baseline", graph.baseline}, baseline_letters);
  drawing.box(baseline_x, top, width_of(baseline) + 2 * padding,
              std::max(stages_height - gap_min, height_of(baseline) + 2 * padding), "#eee");
  drawing.text(baseline_x + padding, top + padding, baseline, bold);

  y += line_height + 2 * margin;
  Lines legend;
  for (const GraphTrigger& each : graph.triggers) legend.push_back(each.name + ": " + each.text);
  drawing.text(margin, y, legend);
  drawing.reach(margin + width_of(legend), y + height_of(legend));
  return drawing.done(title.front());
}

}  // namespace rel
