#include "runtime/plot/plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "runtime/base/markup.h"
#include "runtime/base/time_text.h"

namespace rel {
namespace {

constexpr int left = 76;
constexpr int right = 16;
constexpr int top = 42;
constexpr int bottom = 34;
constexpr int value_ticks = 4;
constexpr int time_ticks = 7;
constexpr int64_t second_ns = 1'000'000'000;
constexpr int label_width = 84;  // what a mark's label takes at least

constexpr std::string_view style = R"(<style>
.plot { font: 12px system-ui, sans-serif; --ink: #1f2933; --soft: #7b8794; --grid: #e4e7eb;
  --candidate: #c2410c; --baseline: #2563a8; --neutral: #3f6212; --grave: #b91c1c }
@media (prefers-color-scheme: dark) { .plot { --ink: #e5e9ee; --soft: #93a0ae; --grid: #323b46;
  --candidate: #fb923c; --baseline: #7cb4f0; --neutral: #a3d65c; --grave: #f87171 } }
.plot text { fill: var(--soft) }
.plot .title { fill: var(--ink); font-weight: 600; font-size: 13px }
.plot .grid { stroke: var(--grid) }
.plot .line { fill: none; stroke-width: 2; stroke-linejoin: round }
.plot .candidate { stroke: var(--candidate) }
.plot .baseline { stroke: var(--baseline) }
.plot .neutral { stroke: var(--neutral) }
.plot .limit { stroke: var(--soft); stroke-dasharray: 6 4 }
.plot .mark { stroke: var(--soft); stroke-dasharray: 2 3 }
.plot .grave { stroke: var(--grave); stroke-dasharray: none }
.plot text.grave { fill: var(--grave); stroke: none }
</style>
)";

std::string_view tone_class(PlotTone tone) {
  switch (tone) {
    case PlotTone::candidate: return "candidate";
    case PlotTone::baseline: return "baseline";
    case PlotTone::neutral: return "neutral";
  }
  return "neutral";
}

// Intervals that people read times in.
int64_t time_step_ns(int64_t span_ns) {
  constexpr int64_t seconds[] = {1,   2,    5,    10,   15,    30,    60,    120,    300,    600,
                                 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800};
  for (const int64_t step : seconds) {
    if (span_ns / (step * second_ns) <= time_ticks) return step * second_ns;
  }
  return span_ns / time_ticks + 1;
}

// `12:00:05`, `12:00` or `Mar 1`: no finer than the ticks need it.
std::string tick_text(int64_t time_ns, int64_t step_ns) {
  const std::string text = rfc3339_text(time_ns);  // 2026-03-01T12:00:00.000Z
  if (step_ns < 60 * second_ns) return text.substr(11, 8);
  if (step_ns < 86'400 * second_ns) return text.substr(11, 5);
  return text.substr(5, 5);
}

class Drawing {
 public:
  explicit Drawing(const Plot& plot) : plot_(plot) {
    measure_time();
    measure_values();
  }

  // The content of the <svg>, moved down by `offset` pixels.
  std::string content() {
    text(left, 18, "title", plot_.title);
    legend();
    value_axis();
    time_axis();
    for (const PlotLimit& limit : plot_.limits) draw_limit(limit);
    draw_marks();
    for (const PlotSeries& series : plot_.series) draw_series(series);
    return std::move(out_);
  }

 private:
  void measure_time() {
    first_ns_ = plot_.first_ns;
    last_ns_ = plot_.last_ns;
    if (first_ns_ == 0 && last_ns_ == 0) {
      first_ns_ = std::numeric_limits<int64_t>::max();
      for (const PlotSeries& series : plot_.series) {
        if (series.points.empty()) continue;
        first_ns_ = std::min(first_ns_, series.points.front().time_ns);
        last_ns_ = std::max(last_ns_, series.points.back().time_ns);
      }
      if (first_ns_ > last_ns_) first_ns_ = last_ns_;
    }
    last_ns_ = std::max(last_ns_, first_ns_ + second_ns);
  }

  void measure_values() {
    double low = 0;  // zero is always in sight: a wiggle far from it looks like one
    double high = 0;
    for (const PlotSeries& series : plot_.series) {
      for (const PlotPoint& point : series.points) {
        if (!std::isfinite(point.value)) continue;
        low = std::min(low, point.value);
        high = std::max(high, point.value);
      }
    }
    for (const PlotLimit& limit : plot_.limits) {
      if (!std::isfinite(limit.value)) continue;
      low = std::min(low, limit.value);
      high = std::max(high, limit.value);
    }
    ticks_ = round_ticks(low, high, value_ticks);
  }

  double x(int64_t time_ns) const {
    const int64_t inside = std::clamp(time_ns, first_ns_, last_ns_);
    const double part = static_cast<double>(inside - first_ns_) /
                        static_cast<double>(last_ns_ - first_ns_);
    return left + part * (plot_width - left - right);
  }
  double y(double value) const {
    const double part = (value - ticks_.front()) / (ticks_.back() - ticks_.front());
    return plot_height - bottom - part * (plot_height - top - bottom);
  }

  void text(double at_x, double at_y, std::string_view kind, std::string_view words,
            std::string_view anchor = "start") {
    out_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>\n", at_x, at_y,
        kind, anchor, markup_escaped(words));
  }
  void line(double x1, double y1, double x2, double y2, std::string_view kind) {
    out_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1,
        x2, y2, kind);
  }

  // At the right of the title, from the right.
  void legend() {
    double at = plot_width - right;
    for (auto series = plot_.series.rbegin(); series != plot_.series.rend(); ++series) {
      if (series->name.empty()) continue;
      text(at, 18, "", series->name, "end");
      at -= 7.2 * static_cast<double>(series->name.size()) + 8;
      out_ += fmt::format("<path d=\"M{:.1f} 14h16\" class=\"line {}\"/>\n", at - 16,
                          tone_class(series->tone));
      at -= 30;
    }
  }

  void value_axis() {
    for (const double tick : ticks_) {
      line(left, y(tick), plot_width - right, y(tick), "grid");
      text(left - 8, y(tick) + 4, "", plot_.value_text ? plot_.value_text(tick)
                                                       : fmt::format("{:g}", tick), "end");
    }
  }

  void time_axis() {
    const int64_t step = time_step_ns(last_ns_ - first_ns_);
    for (int64_t at = (first_ns_ + step - 1) / step * step; at <= last_ns_; at += step) {
      line(x(at), plot_height - bottom, x(at), plot_height - bottom + 5, "grid");
      text(x(at), plot_height - bottom + 20, "", tick_text(at, step), "middle");
    }
  }

  void draw_limit(const PlotLimit& limit) {
    if (!std::isfinite(limit.value)) return;
    line(left, y(limit.value), plot_width - right, y(limit.value), "limit");
    text(left + 4, y(limit.value) - 5, "", limit.label);
  }

  // Labels that would lie on one another are left out, except those of the way back.
  void draw_marks() {
    double free_from = 0;
    for (const PlotMark& mark : plot_.marks) {
      if (mark.time_ns < first_ns_ || mark.time_ns > last_ns_) continue;
      const double at = x(mark.time_ns);
      line(at, top - 6, at, plot_height - bottom, mark.grave ? "mark grave" : "mark");
      if (at < free_from && !mark.grave) continue;
      const bool at_end = at > plot_width - right - label_width;
      text(at_end ? at - 3 : at + 3, top - 8, mark.grave ? "grave" : "", mark.label,
           at_end ? "end" : "start");
      free_from = at + label_width;
    }
  }

  // A gap begins where a value is not known.
  void draw_series(const PlotSeries& series) {
    std::string path;
    bool drawing = false;
    for (const PlotPoint& point : series.points) {
      const bool known = std::isfinite(point.value);
      if (known && !drawing) {
        path += fmt::format("M{:.1f} {:.1f}", x(point.time_ns), y(point.value));
      } else if (known && plot_.shape == PlotShape::steps) {
        path += fmt::format("H{:.1f}V{:.1f}", x(point.time_ns), y(point.value));
      } else if (known) {
        path += fmt::format("L{:.1f} {:.1f}", x(point.time_ns), y(point.value));
      }
      drawing = known;
    }
    if (path.empty()) return;
    out_ += fmt::format("<path d=\"{}\" class=\"line {}\"/>\n", path, tone_class(series.tone));
  }

  const Plot& plot_;
  int64_t first_ns_ = 0;
  int64_t last_ns_ = 0;
  std::vector<double> ticks_;
  std::string out_;
};

std::string head(int height, std::string_view label) {
  return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" "
                     "aria-label=\"{}\" viewBox=\"0 0 {} {}\">\n{}",
                     markup_escaped(label), plot_width, height, style);
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  if (!(high > low)) {
    const double around = std::max(std::abs(high), 1e-9);
    high = low + around;
  }
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= rough * (1 - 1e-9)) break;
  }
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  std::vector<double> ticks;
  for (double at = first; at <= last; at += 1) ticks.push_back(at * step);
  return ticks;
}

std::string plot_svg(const Plot& plot) {
  return head(plot_height, plot.title) + Drawing(plot).content() + "</svg>\n";
}

std::string plots_svg_file(std::span<const Plot> plots) {
  const int height = plot_height * static_cast<int>(std::max<size_t>(1, plots.size()));
  std::string file = head(height, "a release over time");
  int offset = 0;
  for (const Plot& plot : plots) {
    file += fmt::format("<g transform=\"translate(0 {})\">\n{}</g>\n", offset,
                        Drawing(plot).content());
    offset += plot_height;
  }
  return file + "</svg>\n";
}

}  // namespace rel
