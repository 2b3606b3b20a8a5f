// Users' requests, and what becomes known of them: observed at once, or as event lines that come
// late, out of order and more than once; values that are none, times that are not now.
// Input: how the candidate behaves, what goes wrong. Output: observations in the workers' runtimes,
// and what of them counts, for the oracle. Owner: a member of the world.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/sim/oracle.h"
#include "tests/sim/processes.h"
#include "tests/sim/scenario.h"

namespace rel::sim {

// What is wrong with requests and events in a tick.
struct Weather {
  bool shared_outage = false;
  bool candidate_silent = false;
  bool bad_values = false;
  bool late_flood = false;
  bool duplicates = false;
  bool reordered = false;
};

class Requests {
 public:
  // Borrows all three.
  Requests(const Scenario& scenario, std::vector<Worker>& workers, Random& random)
      : scenario_(scenario), workers_(workers), random_(random) {}

  void serve(const Weather& weather, int tick, int64_t now_ns, TickFacts& facts);
  // Lines on their way are lost.
  void lose_lines() { lines_.clear(); }
  void forget_sent() { sent_ = 0; }
  // Observations handed to runtimes since the mapping was new, each of which is counted or refused.
  uint64_t sent() const { return sent_; }
  uint64_t duplicates() const { return duplicates_; }
  uint64_t reordered() const { return reordered_; }
  uint64_t nonsense() const { return nonsense_; }

 private:
  struct Line {
    int due = 0;       // tick
    int32_t pid = 0;   // whose stream it is in
    LaneArm arm = LaneArm::baseline_live;
    bool failed = false;
    bool again = false;
    std::string text;
  };

  void answer(Worker& worker, const RouteDecision& decision, const Weather& weather,
              TickFacts& facts);
  void observe(Worker& worker, LaneArm arm, const Weather& weather, TickFacts& facts);
  void observe_nonsense(Worker& worker, const Weather& weather, TickFacts& facts);
  void send_line(Worker& worker, const Observation& observation, const Weather& weather);
  void deliver(TickFacts& facts);
  void count(LaneArm arm, bool failed, TickFacts& facts);

  const Scenario& scenario_;
  std::vector<Worker>& workers_;
  Random& random_;
  std::deque<Line> lines_;
  int tick_ = 0;
  int64_t now_ns_ = 0;
  uint64_t sent_ = 0;
  uint64_t ids_ = 0;
  uint64_t duplicates_ = 0;
  uint64_t reordered_ = 0;
  uint64_t nonsense_ = 0;
};

}  // namespace rel::sim
