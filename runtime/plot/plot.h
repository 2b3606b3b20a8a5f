// Line plots over time as SVG: what reports and `relc simulate --plot` draw. Pure.
// Input: series, moments and limits. Output: SVG text without scripts, fonts or links of any kind;
// its colours follow the reader's light or dark scheme. Owner: the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace rel {

struct PlotPoint {
  int64_t time_ns = 0;
  double value = 0;  // not finite: unknown then, a gap in the line
};

// Which of the scheme's colours a line has.
enum class PlotTone : uint8_t { candidate, baseline, neutral };

struct PlotSeries {
  std::string name;
  PlotTone tone = PlotTone::neutral;
  std::vector<PlotPoint> points;  // by time
};

// A moment, drawn as an upright line.
struct PlotMark {
  int64_t time_ns = 0;
  std::string label;
  bool grave = false;  // the way back
};

struct PlotLimit {
  double value = 0;
  std::string label;
};

// How a line goes from one point to the next.
enum class PlotShape : uint8_t { line, steps };

struct Plot {
  std::string title;
  std::vector<PlotSeries> series;
  std::vector<PlotMark> marks;
  std::vector<PlotLimit> limits;
  PlotShape shape = PlotShape::line;
  int64_t first_ns = 0;  // of the time axis; both 0: what the points span
  int64_t last_ns = 0;
  std::function<std::string(double)> value_text;  // of the value axis
};

inline constexpr int plot_width = 860;
inline constexpr int plot_height = 250;

// One plot as an <svg> element.
std::string plot_svg(const Plot& plot);

// Several below each other as one SVG file.
std::string plots_svg_file(std::span<const Plot> plots);

// Round numbers that cover [low, high]: at most `count` + 1 of them, 1, 2 or 5 times a power of ten
// apart. A range without extent is widened.
std::vector<double> round_ticks(double low, double high, int count);

}  // namespace rel
