// What of one user's requests is independent of the rest (STATS 1o): where all requests of a user
// stay on one arm they share its fate, and only users may be taken for independent.
// Of a flag each user is one sample a pane until the user has failed: whether there was a failure
// in the pane; afterwards the user is in no sample any more. Of a value, and of a label, the first.
// Input: requests with their user (hashed). Output: derived numbers, flags when their pane ends.
// Owner: whoever decodes the events. Not thread safe.
//
// Memory is bounded: users beyond the cap are in no sample, and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "runtime/joins/served.h"
#include "runtime/plan/plan.h"

namespace rel {

struct FirstRule {
  uint32_t metric = 0;  // row of Plan::metrics that is given out
  uint32_t of = 0;      // ... that requests carry
  bool flag = false;
  double failure = 1;   // what a flag is when it failed
  OncePer once = OncePer::release;
};

struct FirstCounters {
  uint64_t users = 0;
  uint64_t overflow = 0;  // requests of users that are not followed
  uint64_t samples = 0;   // numbers given out
};

class UserFirsts {
 public:
  UserFirsts(std::span<const FirstRule> rules, int64_t pane_ns, size_t users_max);

  // The stage that requests are served in from now on.
  void enter_stage(StageId stage);
  // A request with what it carries; what is known at once is appended. Nothing: the user is not
  // followed. In the shadow lane users are counted for themselves.
  std::optional<FirstIn> seen(uint64_t user, const Observation& request,
                              std::vector<Derived>& derived);
  // Panes that have ended, appended.
  void mature(int64_t now_ns, std::vector<Derived>& derived);
  int64_t next_due_ns() const;  // INT64_MAX: no pane is open

  const FirstCounters& counters() const { return counters_; }

 private:
  struct User {
    uint32_t done = 0;    // by rule: in no sample any more
    uint32_t stage = 0;   // last seen in; the bits of rules that begin anew are of it
  };
  // A flag's sample of the open pane.
  struct Open {
    uint64_t user = 0;
    size_t rule = 0;
    Served served;
    double value = 0;
  };

  User* follow(uint64_t user, FirstIn& first_in);
  void add_flag(uint64_t user, size_t rule, const Observation& request);

  std::vector<FirstRule> rules_;
  int64_t pane_ns_;
  size_t users_max_;
  uint32_t anew_ = 0;   // rules that begin anew with a stage
  uint32_t stage_ = 0;  // counts up
  StageId entered_;
  std::unordered_map<uint64_t, User> users_;
  std::vector<Open> open_;
  std::vector<std::unordered_map<uint64_t, size_t>> open_of_;  // by rule: user to place in open_
  int64_t open_end_ns_ = 0;
  FirstCounters counters_;
};

}  // namespace rel
