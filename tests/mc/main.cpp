// rel_mc [RUNS]: the Monte Carlo tables of tests/README.md, with fixed seeds. Prints markdown;
// exits 1 when one of our figures is out of its bound. STATS (docs of the methods) has the figures
// beside ours.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "runtime/stats/combine.h"
#include "runtime/stats/special.h"
#include "tests/mc/rules.h"
#include "tests/mc/streams.h"

namespace {

using namespace rel;
using namespace rel::mc;

constexpr double alpha = 0.05;

struct Outcome {
  double fired = 0;         // share of runs
  double median_s = -1;     // until it fired, after the onset; -1: less than half did
};

constexpr size_t rule_count = std::size(all_rules);
using Outcomes = std::array<Outcome, rule_count>;

// Every rule on the same streams.
Outcomes judge(const StreamSetting& setting, int runs, uint64_t seed, bool units) {
  std::array<std::vector<double>, rule_count> times;
  for (int run = 0; run < runs; ++run) {
    Stream stream(setting, seed + static_cast<uint64_t>(run));
    std::vector<Rule> rules;
    for (const RuleKind kind : all_rules) rules.emplace_back(kind, alpha, setting.length_s);
    size_t left = rule_count;
    while (!stream.over() && left > 0) {
      const stats::PaneCounts pane = stream.next();
      for (size_t rule = 0; rule < rule_count; ++rule) {
        if (rules[rule].fired()) continue;
        rules[rule].take(units ? stream.first_failures() : pane);
        if (!rules[rule].fired()) continue;
        --left;
        times[rule].push_back(stream.seconds() - setting.onset_s);
      }
    }
  }
  Outcomes outcomes;
  for (size_t rule = 0; rule < rule_count; ++rule) {
    std::sort(times[rule].begin(), times[rule].end());
    outcomes[rule].fired = static_cast<double>(times[rule].size()) / runs;
    const auto middle = static_cast<size_t>(runs) / 2;
    if (times[rule].size() > middle) outcomes[rule].median_s = times[rule][middle];
  }
  return outcomes;
}

bool within(double share, int runs) {
  return share <= alpha + 3 * std::sqrt(alpha * (1 - alpha) / runs);
}

// Healthy candidates: what each rule does in a day of continuous watching.
bool false_alarms(int runs) {
  fmt::print("False alarms in 24 h, both arms alike, 100 requests a second, 1 % fail, {} runs; "
             "ours at alpha = {}\n\n| world, share |", runs, alpha);
  for (const RuleKind kind : all_rules) fmt::print(" {} |", name_of(kind));
  fmt::print("\n|---|");
  for (size_t i = 0; i < std::size(all_rules); ++i) fmt::print("---|");
  fmt::print("\n");
  struct Row {
    World world;
    double share;
    bool units;
  };
  constexpr Row rows[] = {
      {World::independent, 0.01, false}, {World::independent, 0.1, false},
      {World::independent, 0.5, false},  {World::ar_half, 0.1, false},
      {World::ar_most, 0.1, false},      {World::diurnal, 0.1, false},
      {World::outage, 0.1, false},       {World::wrong_split, 0.1, false},
      {World::ramp, 0.5, false},         {World::sticky, 0.5, true}};
  bool good = true;
  for (size_t row = 0; row < std::size(rows); ++row) {
    StreamSetting setting{.world = rows[row].world, .share = rows[row].share};
    if (setting.world == World::sticky) setting.per_second = 10;
    fmt::print("| {}, {:.0f} %{} |", name_of(rows[row].world), rows[row].share * 100,
               rows[row].units ? ", first failures" : "");
    const Outcomes outcomes = judge(setting, runs, 1000 * (row + 1), rows[row].units);
    for (size_t rule = 0; rule < rule_count; ++rule) {
      fmt::print(" {:.3f} |", outcomes[rule].fired);
      const bool ours =
          all_rules[rule] == RuleKind::ours || all_rules[rule] == RuleKind::cumulative;
      if (ours && !within(outcomes[rule].fired, runs)) good = false;
    }
    fmt::print("\n");
  }
  return good;
}

// Failing candidates: how soon each rule says so, in the stream where its false alarms were
// counted.
void delays(int runs) {
  fmt::print("\nShare found in 24 h and median minutes after the onset, share 10 %, independent, "
             "{} runs\n\n| ratio, onset |",
             runs);
  for (const RuleKind kind : all_rules) fmt::print(" {} |", name_of(kind));
  fmt::print("\n|---|");
  for (size_t i = 0; i < std::size(all_rules); ++i) fmt::print("---|");
  fmt::print("\n");
  struct Row {
    double ratio;
    double onset_s;
  };
  constexpr Row rows[] = {{1.5, 0}, {2, 0}, {3, 0}, {5, 0}, {2, 6 * 3600}, {3, 6 * 3600}};
  for (size_t row = 0; row < std::size(rows); ++row) {
    const StreamSetting setting{.share = 0.1, .ratio = rows[row].ratio,
                                .onset_s = rows[row].onset_s};
    fmt::print("| {}, {:.0f} h |", rows[row].ratio, rows[row].onset_s / 3600);
    for (const Outcome& outcome : judge(setting, runs, 90000 + 1000 * row, false)) {
      if (outcome.median_s < 0) fmt::print(" {:.2f}, - |", outcome.fired);
      else fmt::print(" {:.2f}, {:.1f} |", outcome.fired, outcome.median_s / 60);
    }
    fmt::print("\n");
  }
}

// Candidate's requests at the alarm over those of the fixed-sample oracle with 80 % power.
bool against_oracle(int runs) {
  fmt::print("\nCandidate's requests at the alarm beside the fixed-sample oracle (80 % power), "
             "1 % fail, alpha = {}, {} runs; STATS MC-2, grid: median 1.07 to 1.16 at 1 %\n\n"
             "| share | ratio | oracle | median / oracle | 80 % / oracle |\n"
             "|---|---|---|---|---|\n",
             alpha, runs);
  struct Row {
    double share, ratio, oracle;
  };
  constexpr Row rows[] = {{0.01, 1.5, 2863}, {0.01, 2, 803}, {0.01, 3, 240}, {0.5, 1.5, 6104}};
  bool good = true;
  for (size_t row = 0; row < std::size(rows); ++row) {
    const StreamSetting setting{.share = rows[row].share, .ratio = rows[row].ratio,
                                .length_s = 48 * 3600};
    std::vector<double> requests;
    for (int run = 0; run < runs; ++run) {
      Stream stream(setting, 60000 + 1000 * row + static_cast<uint64_t>(run));
      Rule rule(RuleKind::cumulative, alpha, setting.length_s);
      double n = 0;
      while (!stream.over() && !rule.fired()) {
        const stats::PaneCounts pane = stream.next();
        n += static_cast<double>(pane.n_c);
        rule.take(pane);
      }
      requests.push_back(n);
    }
    std::sort(requests.begin(), requests.end());
    const double median = requests[requests.size() / 2] / rows[row].oracle;
    const double most = requests[requests.size() * 4 / 5] / rows[row].oracle;
    // A few runs say only that nothing is far off.
    const double slack = runs >= 200 ? 1 : 1.6;
    good = good && median > 0.8 / slack && median < 1.5 * slack && most < 3 * slack;
    fmt::print("| {} | {} | {} | {:.2f} | {:.2f} |\n", rows[row].share, rows[row].ratio,
               rows[row].oracle, median, most);
  }
  return good;
}

// Twenty segments of a tenth of the traffic each, all healthy or one at three times the failures.
bool segments(int runs) {
  constexpr int cells = 20;
  const auto any_fires = [&](double ratio, uint64_t seed) {
    int mean = 0, largest = 0;
    for (int run = 0; run < runs; ++run) {
      std::vector<Stream> streams;
      std::vector<CellEvidence> state;
      EvidenceTest test{.horizon_panes = 1440, .restart_panes = 20, .alpha = alpha};
      for (int i = 0; i < cells; ++i) {
        streams.emplace_back(StreamSetting{.share = 0.5, .per_second = 5,
                                           .ratio = i == 0 ? ratio : 1, .length_s = 6 * 3600},
                             seed + static_cast<uint64_t>(run * cells + i));
        state.push_back(fresh_cell(test));
      }
      bool by_mean = false, by_largest = false;
      const BucketMap map;
      for (int64_t pane = 1; pane <= 1440; ++pane) {
        std::vector<double> log_e;
        for (int i = 0; i < cells; ++i) {
          const stats::PaneCounts counts = streams[static_cast<size_t>(i)].next();
          CellPane own{.id = pane};
          own.arm[0] = {.n = counts.n_b, .k = counts.k_b};
          own.arm[1] = {.n = counts.n_c, .k = counts.k_c};
          (void)update_cell({.test = test, .map = map}, own, state[static_cast<size_t>(i)]);
          log_e.push_back(state[static_cast<size_t>(i)].log_e);
        }
        const double needed = stats::evidence_threshold(alpha);
        by_mean |= stats::log_e_any(log_e) >= needed;
        by_largest |= *std::max_element(log_e.begin(), log_e.end()) >= needed + std::log(cells);
      }
      mean += by_mean;
      largest += by_largest;
    }
    return std::pair(static_cast<double>(mean) / runs, static_cast<double>(largest) / runs);
  };
  const auto [healthy, healthy_largest] = any_fires(1, 200000);
  const auto [found, found_largest] = any_fires(3, 300000);
  fmt::print("\nTwenty segments, 6 h, 5 requests a second each: `in any` by the mean of e-values "
             "beside Bonferroni, {} runs\n\n| | mean | Bonferroni |\n|---|---|---|\n"
             "| all healthy | {:.3f} | {:.3f} |\n| one at three times | {:.3f} | {:.3f} |\n",
             runs, healthy, healthy_largest, found, found_largest);
  return within(healthy, runs) && found >= found_largest;
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 1000;
  if (runs < 10) {
    fmt::print(stderr, "rel_mc [RUNS]: at least 10\n");
    return 2;
  }
  bool good = false_alarms(runs);
  delays(runs);
  good = against_oracle(runs) && good;
  good = segments(std::max(runs / 5, 10)) && good;
  fmt::print("\n{}\n", good ? "every figure of ours is within its bound" : "OUT OF BOUNDS");
  return good ? 0 : 1;
}
