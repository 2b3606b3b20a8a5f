// Forecasts by simulation: the update of the runtime on drawn counts, from a fixed seed.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "compiler/forecast/draw.h"
#include "compiler/forecast/forecast.h"
#include "runtime/evidence/cell_update.h"

namespace rel::forecast {

namespace {

constexpr uint64_t seed = 20'260'301;
constexpr int runs = 60;
constexpr int panes = 200;  // of a stage, however long it is
constexpr int halvings = 9;
constexpr double wanted_power = 0.8;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr size_t levels = rank_knots + 1;

struct Outcome {
  double found = 0;
  double median_s = infinity;
  double most_s = infinity;
};

// One effect: a ratio of rates, or for values the tilt of the candidate's ranks.
class Trial {
 public:
  Trial(const EvidenceTest& test, const std::vector<Exposed>& exposed, double per_second,
        double base_rate)
      : test_(test), exposed_(exposed), per_second_(per_second), base_rate_(base_rate) {
    test_.horizon_panes = panes;
    test_.restart_panes = panes / 12;
    test_.margin = test.method == TestMethod::order ? 1 : test.margin;
  }

  Outcome at(double effect) const {
    std::vector<double> times;
    for (int run = 0; run < runs; ++run) {
      const double time = run_until_found(effect, seed + static_cast<uint64_t>(run));
      if (time >= 0) times.push_back(time);
    }
    std::sort(times.begin(), times.end());
    Outcome outcome{.found = static_cast<double>(times.size()) / runs};
    const auto quantile = [&](double q) {
      const auto rank = static_cast<size_t>(std::ceil(q * runs));
      return rank <= times.size() ? times[rank - 1] : infinity;
    };
    outcome.median_s = quantile(0.5);
    outcome.most_s = quantile(wanted_power);
    return outcome;
  }

 private:
  double run_until_found(double effect, uint64_t from) const {
    Draw draw(from);
    double length_s = 0;
    for (const Exposed& part : exposed_) length_s += part.seconds;
    CellEvidence cell = fresh_cell(test_);
    for (size_t knot = 0; knot < rank_knots; ++knot) {
      cell.knots[knot] = static_cast<uint16_t>(knot);
    }
    cell.knots_of = UINT64_MAX / 4;
    const double pane_s = length_s / panes;
    const BucketMap map;
    std::array<uint64_t, levels> counts[2];
    for (int pane = 1; pane <= panes; ++pane) {
      const double share = share_at((pane - 0.5) * pane_s);
      const auto n = static_cast<uint64_t>(std::llround(per_second_ * pane_s));
      CellPane own{.id = pane,
                   .end_ns = static_cast<int64_t>(pane * pane_s * 1e9),
                   .length_ns = static_cast<int64_t>(pane_s * 1e9)};
      own.arm[1].n = share >= 1 ? n : draw.binomial(n, share);
      own.arm[0].n = n - own.arm[1].n;
      fill(effect, draw, own, counts);
      (void)update_cell({.test = test_, .map = map}, own, cell);
      if (cell.peak >= -std::log(test_.alpha)) return pane * pane_s;
    }
    return -1;
  }

  double share_at(double seconds) const {
    for (const Exposed& part : exposed_) {
      if (seconds < part.seconds) return part.share;
      seconds -= part.seconds;
    }
    return exposed_.back().share;
  }

  void fill(double effect, Draw& draw, CellPane& pane,
            std::array<uint64_t, levels> (&counts)[2]) const {
    if (test_.method != TestMethod::order) {
      pane.arm[0].k = draw.binomial(pane.arm[0].n, base_rate_);
      pane.arm[1].k = draw.binomial(pane.arm[1].n, std::min(base_rate_ * effect, 0.999));
      return;
    }
    for (size_t arm = 0; arm < 2; ++arm) {
      uint64_t left = pane.arm[arm].n;
      double mass_left = 1;
      const double tilt = arm == 1 ? effect : 0;
      const std::array<double, levels> masses = tilted(tilt);
      for (size_t level = 0; level < levels; ++level) {
        const double p = std::min(masses[level] / mass_left, 1.0);
        counts[arm][level] = level + 1 == levels ? left : draw.binomial(left, p);
        left -= counts[arm][level];
        mass_left -= masses[level];
      }
      pane.arm[arm].counts = counts[arm];
    }
  }

 public:
  static std::array<double, levels> tilted(double tilt) {
    std::array<double, levels> masses;
    double sum = 0;
    for (size_t level = 0; level < levels; ++level) {
      const double place = (2.0 * static_cast<double>(level) + 1) / levels - 1;
      sum += masses[level] = std::exp(tilt * place);
    }
    for (double& mass : masses) mass /= sum;
    return masses;
  }

  // How often the larger of a pair is the tilted one.
  static double pairs_of(double tilt) {
    const std::array<double, levels> masses = tilted(tilt);
    double share = 0;
    for (size_t level = 0; level < levels; ++level) {
      share += masses[level] * (static_cast<double>(level) + 0.5) / levels;
    }
    return share;
  }

 private:
  EvidenceTest test_;
  const std::vector<Exposed>& exposed_;
  double per_second_;
  double base_rate_;
};

// The tilt at which the candidate's value is the larger one in so many pairs.
double tilt_of(double pairs) {
  double low = 0, high = 20;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (Trial::pairs_of(middle) < pairs ? low : high) = middle;
  }
  return high;
}

}  // namespace

void simulate_test(const EvidenceTest& test, const std::vector<Exposed>& exposed,
                   double per_second, TestForecast& forecast) {
  forecast.basis = Basis::simulated;
  double length_s = 0;
  double shared_s = 0;  // with both arms
  for (const Exposed& part : exposed) {
    length_s += part.seconds;
    if (part.share > 0 && part.share < 1) shared_s += part.seconds;
  }
  if (length_s <= 0 || (compares_arms(test.method) && shared_s <= 0)) {
    forecast.missing = length_s <= 0 ? "the length of the stage" : "a second arm in the stage";
    return;
  }
  const bool order = test.method == TestMethod::order;
  EvidenceTest judged = test;
  // Of values the side does not matter to the odds; of rates below the effect is a fraction.
  if (order) judged.finding = Finding::above;
  const bool below = judged.finding == Finding::below;
  const Trial trial(judged, exposed, per_second, forecast.base_rate);
  const double guarded = order ? tilt_of(forecast.guarded) : forecast.guarded;
  const Outcome outcome = trial.at(guarded);
  forecast.found = outcome.found;
  forecast.median_s = outcome.median_s;
  forecast.most_s = outcome.most_s;

  // Between no effect and the largest, on a scale of logarithms for ratios.
  const double base = forecast.base_rate;
  double null = 1 + test.margin / base;
  if (order) null = 0.001;
  else if (test.method == TestMethod::rate_ratio) null = test.margin;
  else if (test.method == TestMethod::rate_level) null = test.margin / base;
  null = std::max(null, 0.011);
  const double most = order ? 8 : below ? 0.01 : std::min(100.0, 0.9 / forecast.base_rate);
  double low = null, high = most;
  if (trial.at(high).found < wanted_power) {
    forecast.smallest = infinity;
    return;
  }
  for (int i = 0; i < halvings; ++i) {
    const double middle = std::sqrt(low * high);
    (trial.at(middle).found >= wanted_power ? high : low) = middle;
  }
  forecast.smallest = order ? Trial::pairs_of(high) : high;
}

}  // namespace rel::forecast
