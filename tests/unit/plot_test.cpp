// Plots: round axes, gaps where nothing is known, and samples that stay bounded.
#include "runtime/plot/plot.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "runtime/plot/release_plots.h"
#include "runtime/plot/series.h"
#include "tests/host_fixture.h"

using namespace rel;
using namespace rel::test;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

Plot small_plot() {
  Plot plot;
  plot.title = "p99 < limit & more";
  plot.series.push_back({.name = "candidate",
                         .tone = PlotTone::candidate,
                         .points = {{0, 0}, {second_ns, 10}, {2 * second_ns, unknown},
                                    {3 * second_ns, 5}, {4 * second_ns, 10}}});
  plot.first_ns = 0;
  plot.last_ns = 4 * second_ns;
  return plot;
}

std::string path_of(const std::string& svg) {
  const size_t at = svg.find("<path d=\"M76");
  REQUIRE(at != std::string::npos);
  return svg.substr(at + 9, svg.find('"', at + 9) - at - 9);
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) found++;
  return found;
}

}  // namespace

TEST_CASE("ticks are round and cover the range") {
  CHECK(round_ticks(0, 10, 4) == std::vector<double>{0, 5, 10});
  CHECK(round_ticks(0, 7, 4) == std::vector<double>{0, 2, 4, 6, 8});
  CHECK(round_ticks(-1, 1, 4) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
  const std::vector<double> tiny = round_ticks(0, 0.0423, 4);
  CHECK(tiny.front() == 0);
  CHECK(tiny.back() >= 0.0423);
  for (const double flat : {0.0, 3.0, -3.0}) {
    const std::vector<double> ticks = round_ticks(flat, flat, 4);
    CHECK(ticks.size() >= 2);
    CHECK(ticks.back() > ticks.front());
  }
}

TEST_CASE("a line goes through its points, and breaks where a value is not known") {
  // The drawing area is 768 x 174 at (76, 42): 4 s wide, 0 to 10 high.
  CHECK(path_of(plot_svg(small_plot())) == "M76.0 216.0L268.0 42.0M652.0 129.0L844.0 42.0");
  Plot steps = small_plot();
  steps.shape = PlotShape::steps;
  CHECK(path_of(plot_svg(steps)) == "M76.0 216.0H268.0V42.0M652.0 129.0H844.0V42.0");
}

TEST_CASE("a plot is text that stands alone") {
  Plot plot = small_plot();
  plot.marks.push_back({2 * second_ns, "rolled back", true});
  plot.limits.push_back({8, "limit <8>"});
  const std::string svg = plot_svg(plot);
  CHECK_THAT(svg, Catch::Contains("p99 &lt; limit &amp; more") &&
                      Catch::Contains("limit &lt;8&gt;") && Catch::Contains("rolled back"));
  CHECK_THAT(svg, !Catch::Contains("<script") && !Catch::Contains("href"));
  CHECK(count(plots_svg_file(std::vector<Plot>{plot, plot}), "<svg") == 1);
}

TEST_CASE("a plot of nothing, of one point or of unknown values is still a plot") {
  Plot empty;
  CHECK_THAT(plot_svg(empty), Catch::EndsWith("</svg>\n") && !Catch::Contains("nan"));
  Plot one = small_plot();
  one.series[0].points = {{0, unknown}};
  one.last_ns = 0;
  CHECK_THAT(plot_svg(one), Catch::EndsWith("</svg>\n") && !Catch::Contains("nan"));
}

TEST_CASE("samples stay bounded however long a release goes on, evenly spread") {
  SeriesPace pace(8);
  std::vector<int64_t> kept;
  for (int64_t at = 0; at < 1000 * second_ns; at += second_ns) {
    if (!pace.is_due(at)) continue;
    kept.push_back(at);
    if (pace.kept(at)) {
      std::vector<int64_t> half;
      for (size_t i = 0; i < kept.size(); i += 2) half.push_back(kept[i]);
      kept = half;
    }
    CHECK(kept.size() <= 9);
  }
  CHECK(kept.size() >= 4);
  CHECK(kept.front() == 0);
  const int64_t apart = kept[1] - kept[0];
  for (size_t i = 1; i < kept.size(); i++) CHECK(kept[i] - kept[i - 1] == apart);
  // A later life goes on at the same pace.
  SeriesPace next(8);
  next.resume(kept);
  CHECK_FALSE(next.is_due(kept.back() + apart - second_ns));
  CHECK(next.is_due(kept.back() + apart));
}

TEST_CASE("a sample comes back as it was kept") {
  const Plan plan = small_plan();
  const SeriesPoint point = make_series_point(
      start_ns, 100'000, {.requests_candidate = 3, .requests_baseline = 27}, {0.5, 0.1}, {0, 2});
  const auto read = decode_series_point(plan, encode_series_point(point));
  REQUIRE(read);
  CHECK(read->time_ns == start_ns);
  CHECK(read->share_millionths == 100'000);
  CHECK(read->requests_baseline == 27);
  CHECK(read->values[0] == 0.5);
  CHECK(std::isnan(read->values[1]));
  CHECK_FALSE(decode_series_point(plan, encode_series_point(point).substr(1)));
}

TEST_CASE("what a trigger read is drawn for both arms, with its limit") {
  const Plan plan = small_plan();
  std::vector<SeriesPoint> points;
  for (int i = 0; i < 3; i++) {
    points.push_back({.time_ns = start_ns + i * second_ns,
                      .share_millionths = 100'000,
                      .values = {0.02 * i, 0.01}});
  }
  const ReleasePlots plots = release_plots(plan, points, {}, TriggerId{0});
  REQUIRE(plots.triggered.size() == 1);
  CHECK(plots.others.empty());
  const Plot& plot = plots.triggered[0];
  REQUIRE(plot.series.size() == 2);
  CHECK(plot.series[0].name == "baseline");
  CHECK(plot.series[1].name == "candidate");
  CHECK(plot.series[1].points[2].value == 0.04);
  REQUIRE(plot.limits.size() == 1);
  CHECK(plot.limits[0].label == "limit 5%");
  CHECK(release_plots(plan, points, {}, TriggerId{}).others.size() == 1);
}
