// What one seed stands for: which policy runs, how its candidate behaves, what goes wrong when,
// what people order, and how the things that the way back acts on answer.
// Input: a seed. Output: a plain value; the same seed gives the same scenario on every machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rel::sim {

inline constexpr int64_t tick_ns = 100'000'000;
inline constexpr int ticks_per_second = 10;

// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  uint64_t below(uint64_t bound) { return next() % bound; }
  int between(int low, int high) { return low + static_cast<int>(below(high - low + 1)); }
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }

 private:
  uint64_t state_;
};

enum class Candidate : uint8_t { healthy, fails, slow, fails_late };

enum class Trouble : uint8_t {
  worker_killed,          // between two ticks
  worker_killed_inside,   // in the middle of one: its bank is torn
  worker_stalled,         // for a while, between two ticks
  worker_stalled_inside,  // ... in the middle of one, and it writes on when it comes back
  sidecar_killed,         // kill -9 between two passes; started again later
  sidecar_killed_writing, // kill -9 at a write of its journal
  power_cut,              // everything volatile is gone, unsynchronised writes are torn
  disk_full,              // for a while
  disk_sync_fails_once,
  disk_sync_fails,        // until the sidecar is started again
  disk_error,             // one operation
  clock_forward,          // of every process
  clock_back,
  pause,                  // nothing runs for minutes
  source_outage,
  shared_outage,          // both arms fail
  candidate_silent,       // nothing reaches the candidate's counters
  bad_values,             // NaN, infinities, negative latencies, flags that are none
  late_flood,             // failures of long ago, and of the future
  duplicate_events,       // a worker reads lines, and each comes up to nine times
  reordered_events,       // ... up to 1.4 seconds late, in any order
  way_back_not_ready,     // probes of the way back fail
};
inline constexpr size_t troubles = 22;
const char* trouble_name(Trouble trouble);

// How what an action acts on answers.
enum class Mood : uint8_t {
  works,
  slow,         // for seconds
  fails_first,  // a few times, then it works
  refuses,      // and would do so for ever
  never_works,
  half_done,    // it is done, but the answer is lost; asked again it knows
  late,         // it answers when the deadline is past
  lies,         // it says that it is done
};
inline constexpr size_t moods = 8;
const char* mood_name(Mood mood);

enum class Verb : uint8_t {
  pause, resume, promote, override_trigger, rollback, withdraw, abort,
  approve, review, acknowledge, unquarantine, rehearse,
};
inline constexpr size_t verbs = 12;
const char* verb_name(Verb verb);

// A person comes to the control socket.
struct Ask {
  int tick = 0;
  Verb verb = Verb::pause;
  size_t person = 0;    // row of `people`
  uint64_t detail = 0;  // which stage, trigger, member of a set
  bool stale = false;   // has looked before the release went back
  bool twice = false;   // asks a second time with the same key
};

struct Event {
  Trouble what = Trouble::worker_killed;
  int tick = 0;
  int ticks = 0;  // how long; 0: a moment
  uint64_t detail = 0;
};

struct Scenario {
  uint64_t seed = 0;
  size_t policy = 0;
  Candidate candidate = Candidate::healthy;
  int bad_from = 0;  // tick from which a bad candidate shows it
  int ticks = 0;
  int requests_per_tick = 0;
  bool probed = false;        // stages wait until the way back has been probed
  std::vector<Event> events;  // by tick
  std::vector<Ask> asks;      // by tick
  std::array<Mood, 8> moods = {};  // by action of the plan
};

// `gated`: the policy that waits for people.
Scenario make_scenario(uint64_t seed, size_t policies, size_t gated);
std::string describe(const Scenario& scenario);

}  // namespace rel::sim
