// Traffic of two arms as counts a pane of 15 seconds, healthy or with a regression from some time
// on. Input: a kind of world, a seed. Output: panes in order. Owner: one run.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/stats/pane_counts.h"
#include "compiler/forecast/draw.h"

namespace rel::mc {

inline constexpr double pane_seconds = 15;

enum class World : uint8_t {
  independent,
  ar_half,   // the error rate of both arms wanders, AR(1) 0.5 from pane to pane
  ar_most,   // ... 0.8
  diurnal,   // it follows the day
  outage,    // both arms fail at 30 % for ten minutes an hour
  wrong_split,  // the candidate gets a tenth more than it should
  ramp,      // 1, 5, 25, 50 % of the requests, a quarter of the time each
  sticky,    // requests of a user stay on an arm, and users differ in how often they fail
};

struct StreamSetting {
  World world = World::independent;
  double share = 0.01;      // of the candidate
  double per_second = 100;  // of both arms
  double base_rate = 0.01;
  double ratio = 1;         // of the candidate's rate to the baseline's, from `onset` on
  double onset_s = 0;
  double length_s = 24 * 3600;
};

class Stream {
 public:
  Stream(const StreamSetting& setting, uint64_t seed) : setting_(setting), draw_(seed) {}

  stats::PaneCounts next();
  double seconds() const { return static_cast<double>(pane_) * pane_seconds; }
  bool over() const { return seconds() >= setting_.length_s; }
  // Sticky only: users of the last pane that had not failed before, and first failures among them.
  const stats::PaneCounts& first_failures() const { return first_; }

 private:
  double rate_now();
  double share_now() const;
  stats::PaneCounts next_sticky();

  struct User {
    bool candidate;
    bool failed;
    double rate;
  };

  StreamSetting setting_;
  Draw draw_;
  uint64_t pane_ = 0;
  double wander_ = 0;
  std::vector<User> users_;
  stats::PaneCounts first_;
};

const char* name_of(World world);

}  // namespace rel::mc
