#include "tests/sim/scenario.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rel::sim {
namespace {

constexpr int ticks_min = 5'000;

constexpr std::array<const char*, troubles> names = {
    "worker killed",        "worker killed inside a tick", "worker stalled",
    "worker stalled inside a tick", "sidecar killed",      "power cut",
    "disk full",            "sync fails once",             "sync fails",
    "disk error",           "clock forward",               "clock back",
    "pause",                "source outage",               "shared outage",
    "candidate silent",     "bad values",                  "late flood",
};

// How long a trouble lasts, in ticks; 0: a moment.
int length_of(Trouble what, Random& random) {
  switch (what) {
    case Trouble::worker_killed:
    case Trouble::worker_killed_inside:
    case Trouble::sidecar_killed: return random.between(1, 200);  // until it is started again
    case Trouble::power_cut: return random.between(1, 30);
    case Trouble::worker_stalled:
    case Trouble::worker_stalled_inside: return random.between(3, 60);
    case Trouble::disk_full:
    case Trouble::disk_sync_fails: return random.between(10, 300);
    case Trouble::source_outage:
    case Trouble::shared_outage:
    case Trouble::candidate_silent: return random.between(20, 400);
    case Trouble::bad_values:
    case Trouble::late_flood: return random.between(50, 500);
    case Trouble::disk_sync_fails_once:
    case Trouble::disk_error:
    case Trouble::clock_forward:
    case Trouble::clock_back:
    case Trouble::pause: return 0;
  }
  return 0;
}

}  // namespace

const char* trouble_name(Trouble trouble) { return names[static_cast<size_t>(trouble)]; }

// Two phases, so that some seeds meet much of one kind: which kinds of trouble a seed knows is
// drawn first, then how often each comes.
Scenario make_scenario(uint64_t seed, size_t policies) {
  Random random(seed * 0x2545f4914f6cdd1d + 1);
  Scenario s{.seed = seed, .policy = random.below(policies)};
  s.candidate = static_cast<Candidate>(random.below(4));
  s.ticks = ticks_min + random.between(0, 500);
  s.bad_from = s.candidate == Candidate::fails_late ? random.between(600, 3'500)
                                                    : random.between(1, 600);
  s.requests_per_tick = random.between(8, 24);
  for (size_t kind = 0; kind < troubles; ++kind) {
    if (!random.chance(0.3)) continue;
    const auto what = static_cast<Trouble>(kind);
    for (int n = random.between(1, 3); n > 0; --n) {
      const int tick = random.between(5, s.ticks - 100);
      s.events.push_back({what, tick, length_of(what, random), random.next()});
    }
  }
  std::stable_sort(s.events.begin(), s.events.end(),
                   [](const Event& a, const Event& b) { return a.tick < b.tick; });
  return s;
}

std::string describe(const Scenario& scenario) {
  constexpr std::array candidates = {"healthy", "fails", "slow", "fails late"};
  std::string text = fmt::format("seed {}: policy {}, candidate {} from tick {}, {} ticks\n",
                                 scenario.seed, scenario.policy,
                                 candidates[static_cast<size_t>(scenario.candidate)],
                                 scenario.bad_from, scenario.ticks);
  for (const Event& event : scenario.events) {
    text += fmt::format("  tick {}: {}, {} ticks\n", event.tick, trouble_name(event.what),
                        event.ticks);
  }
  return text;
}

}  // namespace rel::sim
