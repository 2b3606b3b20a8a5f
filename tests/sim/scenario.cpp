#include "tests/sim/scenario.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "tests/sim/people.h"

namespace rel::sim {
namespace {

constexpr int ticks_min = 5'000;

constexpr std::array<const char*, troubles> names = {
    "worker killed",        "worker killed inside a tick", "worker stalled",
    "worker stalled inside a tick", "sidecar killed",      "sidecar killed at a write",
    "power cut",            "disk full",                   "sync fails once",
    "sync fails for ever",  "disk error",                  "clock forward",
    "clock back",           "pause of ten minutes",        "source outage",
    "shared outage",        "candidate silent",            "bad values",
    "late flood",           "duplicate events",            "reordered events",
    "way back not ready",
};

constexpr std::array<const char*, moods> mood_names = {
    "works",       "slow",      "fails first",         "refuses",
    "never works", "half done", "after the deadline", "lies",
};

constexpr std::array<const char*, verbs> verb_names = {
    "pause",    "resume", "promote", "override",    "rollback",     "withdraw",
    "abort",    "approve", "review", "acknowledge", "unquarantine", "rehearse",
};

// How long a trouble lasts, in ticks; 0: a moment.
int length_of(Trouble what, Random& random) {
  switch (what) {
    case Trouble::worker_killed:
    case Trouble::worker_killed_inside:
    case Trouble::sidecar_killed:
    case Trouble::sidecar_killed_writing: return random.between(1, 200);  // until started again
    case Trouble::power_cut: return random.between(1, 30);
    case Trouble::worker_stalled:
    case Trouble::worker_stalled_inside: return random.between(3, 60);
    case Trouble::disk_full:
    case Trouble::disk_sync_fails: return random.between(10, 300);
    case Trouble::source_outage:
    case Trouble::shared_outage:
    case Trouble::candidate_silent:
    case Trouble::way_back_not_ready: return random.between(20, 400);
    case Trouble::bad_values:
    case Trouble::late_flood: return random.between(50, 500);
    case Trouble::duplicate_events:
    case Trouble::reordered_events: return random.between(50, 200);
    case Trouble::disk_sync_fails_once:
    case Trouble::disk_error:
    case Trouble::clock_forward:
    case Trouble::clock_back:
    case Trouble::pause: return 0;
  }
  return 0;
}

template <typename T>
void sort_by_tick(std::vector<T>& list) {
  std::stable_sort(list.begin(), list.end(),
                   [](const T& a, const T& b) { return a.tick < b.tick; });
}

// Two phases, so that some seeds meet much of one kind: which kinds of trouble a seed knows is
// drawn first, then how often each comes.
void add_troubles(Scenario& s, Random& random) {
  for (size_t kind = 0; kind < troubles; ++kind) {
    if (!random.chance(0.3)) continue;
    const auto what = static_cast<Trouble>(kind);
    for (int n = random.between(1, 3); n > 0; --n) {
      const int tick = random.between(5, s.ticks - 100);
      s.events.push_back({what, tick, length_of(what, random), random.next()});
    }
  }
}

// Most of what people do leaves the release running, so that there is something to do next.
Verb draw_verb(Random& random) {
  constexpr std::array<int, verbs> weights = {8, 10, 8, 6, 2, 1, 1, 4, 4, 6, 3, 3};
  int left = random.between(0, 55);
  for (size_t verb = 0; verb < verbs; ++verb) {
    left -= weights[verb];
    if (left < 0) return static_cast<Verb>(verb);
  }
  return Verb::resume;
}

void add_asks(Scenario& s, Random& random) {
  for (int n = random.between(1, 14); n > 0; --n) {
    const Ask ask{.tick = random.between(5, s.ticks - 100),
                  .verb = draw_verb(random),
                  .person = random.below(people_count),
                  .detail = random.next(),
                  .stale = random.chance(0.1),
                  .twice = random.chance(0.2)};
    s.asks.push_back(ask);
  }
}

// Those who have to say that a release may go on mostly do so, now and then.
void add_answers(Scenario& s, Random& random) {
  for (int tick = random.between(2, 60); tick < s.ticks - 50; tick += random.between(200, 900)) {
    for (size_t person = 0; person < people_count; ++person) {
      if (!random.chance(0.7)) continue;
      const int when = tick + random.between(0, 40);
      s.asks.push_back({.tick = when, .verb = Verb::approve, .person = person});
      if (random.chance(0.5)) {
        s.asks.push_back({.tick = when + 5, .verb = Verb::review, .person = person});
      }
    }
  }
}

void draw_moods(Scenario& s, Random& random) {
  for (Mood& mood : s.moods) {
    if (random.chance(0.6)) mood = static_cast<Mood>(random.below(moods));
  }
}

}  // namespace

const char* trouble_name(Trouble trouble) { return names[static_cast<size_t>(trouble)]; }
const char* mood_name(Mood mood) { return mood_names[static_cast<size_t>(mood)]; }
const char* verb_name(Verb verb) { return verb_names[static_cast<size_t>(verb)]; }

Scenario make_scenario(uint64_t seed, size_t policies, size_t gated) {
  Random random(seed * 0x2545f4914f6cdd1d + 1);
  Scenario s{.seed = seed, .policy = random.below(policies)};
  s.candidate = static_cast<Candidate>(random.below(4));
  s.ticks = ticks_min + random.between(0, 300);
  s.bad_from = s.candidate == Candidate::fails_late ? random.between(600, 3'500)
                                                    : random.between(1, 600);
  s.requests_per_tick = random.between(6, 16);
  s.probed = random.chance(0.5);
  if (random.chance(0.97)) {
    add_troubles(s, random);
    if (random.chance(0.6)) add_asks(s, random);
    draw_moods(s, random);
  }
  if (s.policy == gated) add_answers(s, random);
  sort_by_tick(s.events);
  sort_by_tick(s.asks);
  return s;
}

std::string describe(const Scenario& scenario) {
  constexpr std::array candidates = {"healthy", "fails", "slow", "fails late"};
  std::string text = fmt::format("seed {}: policy {}, candidate {} from tick {}, {} ticks{}\n",
                                 scenario.seed, scenario.policy,
                                 candidates[static_cast<size_t>(scenario.candidate)],
                                 scenario.bad_from, scenario.ticks,
                                 scenario.probed ? ", probed" : "");
  for (const Event& event : scenario.events) {
    text += fmt::format("  tick {}: {}, {} ticks\n", event.tick, trouble_name(event.what),
                        event.ticks);
  }
  for (const Ask& ask : scenario.asks) {
    text += fmt::format("  tick {}: {} asks to {}{}{}\n", ask.tick, people[ask.person].name,
                        verb_name(ask.verb), ask.stale ? ", stale" : "",
                        ask.twice ? ", twice" : "");
  }
  text += "  actions:";
  for (const Mood mood : scenario.moods) text += fmt::format(" {};", mood_name(mood));
  return text + "\n";
}

}  // namespace rel::sim
