#include "tests/mc/rules.h"

#include <algorithm>
#include <cmath>

#include "runtime/stats/pane_grid.h"
#include "runtime/stats/special.h"
#include "tests/mc/streams.h"

namespace rel::mc {
namespace {

constexpr size_t panes_a_minute = 4;
constexpr size_t panes_of_five = 20;
constexpr size_t panes_an_hour = 240;
constexpr double limit = 0.02;

double rate(uint64_t k, uint64_t n) {
  return n == 0 ? 0 : static_cast<double>(k) / static_cast<double>(n);
}

double z_score(const stats::PaneCounts& t) {
  if (t.n_c == 0 || t.n_b == 0) return 0;
  const double pooled = rate(t.k_c + t.k_b, t.n_c + t.n_b);
  const double each = 1 / static_cast<double>(t.n_c) + 1 / static_cast<double>(t.n_b);
  const double spread = std::sqrt(pooled * (1 - pooled) * each);
  return spread > 0 ? (rate(t.k_c, t.n_c) - rate(t.k_b, t.n_b)) / spread : 0;
}

}  // namespace

const char* name_of(RuleKind kind) {
  switch (kind) {
    case RuleKind::ours: return "worse than baseline";
    case RuleKind::cumulative: return "pane grid alone";
    case RuleKind::naive: return "naive z";
    case RuleKind::ratio_for: return "5m > 1.5x for 5m";
    case RuleKind::four_of_five: return "4 x 5m > 2%";
    case RuleKind::ten_cumulative: return "10 x 1m > 2% ever";
    case RuleKind::two_alarm: return "2 x 5m > 2%";
    case RuleKind::mann_whitney: return "hourly Mann-Whitney";
  }
  return "";
}

Rule::Rule(RuleKind kind, double alpha, double length_s) : kind_(kind), alpha_(alpha) {
  test_.alpha = alpha;
  test_.horizon_panes = static_cast<uint32_t>(length_s / pane_seconds);
  test_.restart_panes = std::max(1u, std::min(20u, test_.horizon_panes / 12));
  cell_ = fresh_cell(test_);
}

stats::PaneCounts Rule::last(size_t panes) const {
  stats::PaneCounts sum;
  for (size_t i = panes_.size() - std::min(panes, panes_.size()); i < panes_.size(); ++i) {
    sum = sum + panes_[i];
  }
  return sum;
}

void Rule::take(const stats::PaneCounts& pane) {
  panes_.push_back(pane);
  total_ = total_ + pane;
  switch (kind_) {
    case RuleKind::ours: return take_ours(pane);
    case RuleKind::cumulative: {
      std::array<double, stats::ratio_grid_size> factors;
      if (!stats::pane_grid_factors(pane, 1, factors)) return;
      for (size_t j = 0; j < factors.size(); ++j) log_s_[j] += factors[j];
      fired_ |= stats::log_mean_exp(log_s_) >= stats::evidence_threshold(alpha_);
      return;
    }
    case RuleKind::naive:
      fired_ |= z_score(total_) > stats::normal_upper_quantile(alpha_);
      return;
    case RuleKind::ratio_for:
    case RuleKind::four_of_five:
    case RuleKind::ten_cumulative:
    case RuleKind::two_alarm:
    case RuleKind::mann_whitney: return take_measures();
  }
}

void Rule::take_ours(const stats::PaneCounts& pane) {
  CellPane own;
  own.id = static_cast<int64_t>(panes_.size());
  own.length_ns = static_cast<int64_t>(pane_seconds * 1e9);
  own.end_ns = own.id * own.length_ns;
  own.arm[0] = {.n = pane.n_b, .k = pane.k_b};
  own.arm[1] = {.n = pane.n_c, .k = pane.k_c};
  (void)update_cell({.test = test_, .map = map_}, own, cell_);
  fired_ |= cell_.peak >= stats::evidence_threshold(alpha_);
}

void Rule::take_measures() {
  const size_t t = panes_.size();
  const stats::PaneCounts five = last(panes_of_five);
  const bool bad_five = rate(five.k_c, five.n_c) > limit;
  const auto run_of = [&](bool bad, uint32_t needed) {
    run_ = bad ? run_ + 1 : 0;
    fired_ |= run_ >= needed;
  };
  switch (kind_) {
    case RuleKind::ratio_for:
      if (t >= panes_of_five) {
        run_of(rate(five.k_c, five.n_c) > 1.5 * rate(five.k_b, five.n_b), panes_of_five + 1);
      }
      return;
    case RuleKind::four_of_five:
      if (t % panes_of_five == 0) run_of(bad_five, 4);
      return;
    case RuleKind::two_alarm:
      if (t % panes_of_five == 0) run_of(bad_five, 2);
      return;
    case RuleKind::ten_cumulative: {
      const stats::PaneCounts minute = last(panes_a_minute);
      if (t % panes_a_minute != 0) return;
      run_ += rate(minute.k_c, minute.n_c) > limit ? 1 : 0;
      fired_ |= run_ >= 10;
      return;
    }
    case RuleKind::mann_whitney:
      if (t % panes_an_hour == 0) fired_ |= mann_whitney();
      return;
    case RuleKind::ours:
    case RuleKind::cumulative:
    case RuleKind::naive: return;
  }
}

// The lower end of the confidence interval of the shift beyond a quarter of its estimate.
bool Rule::mann_whitney() const {
  std::vector<double> c, b, apart;
  for (size_t i = panes_.size() - panes_an_hour; i < panes_.size(); i += panes_a_minute) {
    stats::PaneCounts minute;
    for (size_t j = 0; j < panes_a_minute; ++j) minute = minute + panes_[i + j];
    c.push_back(rate(minute.k_c, minute.n_c));
    b.push_back(rate(minute.k_b, minute.n_b));
  }
  for (const double x : c) {
    for (const double y : b) apart.push_back(x - y);
  }
  std::sort(apart.begin(), apart.end());
  const double n = static_cast<double>(c.size());
  const double z = stats::normal_upper_quantile(0.01);
  const double rank = n * n / 2 - z * std::sqrt(n * n * (2 * n + 1) / 12);
  const double low = apart[static_cast<size_t>(std::max(rank, 0.0))];
  const double estimate = apart[apart.size() / 2];
  return low > 0.25 * std::fabs(estimate);
}

}  // namespace rel::mc
