// What a user (or a session) amounts to: the total of a metric in a fixed time since the first
// exposure, entered once, when that time is over (DESIGN 3). Requests of one user are not
// independent of each other, users are.
// Input: requests and values with their user (hashed), the time. Output: one derived number a user
// and rule, in the order of first exposures. Owner: whoever decodes the events. Not thread safe.
//
// Memory is bounded: users beyond the cap are not followed, and counted. A user whose time is over
// is remembered, to be entered once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "runtime/joins/served.h"
#include "runtime/plan/plan.h"

namespace rel {

struct UserRule {
  uint32_t metric = 0;  // row of Plan::metrics: given in events, and given out as the total
  int64_t within_ns = 0;
  AbsentSample absent = AbsentSample::zero;  // missing, zero
  bool flag = false;  // the total is whether there was a true one
};

struct UserCounters {
  uint64_t users = 0;
  uint64_t overflow = 0;   // requests of users that are not followed
  uint64_t unknown = 0;    // values of users that are not followed
  uint64_t late = 0;       // values after the user's time was over
  uint64_t crossed = 0;    // requests of a user in another arm than the first
  uint64_t matured = 0;
  uint64_t missing = 0;    // under `absent is missing`
};

class UserTotals {
 public:
  UserTotals(std::span<const UserRule> rules, size_t users_max);

  // A request with what it carries. The first one is the user's exposure: its arm and segments are
  // the user's. False: the user is not followed.
  bool exposed(uint64_t user, const Observation& observation);
  // A value that belongs to a user, and comes on its own.
  void value(uint64_t user, uint32_t metric, double value, int64_t time_ns);
  // Users whose time is over at `now_ns`, appended in order.
  void mature(int64_t now_ns, std::vector<Derived>& derived);
  // When the next one's is; INT64_MAX when nobody is followed.
  int64_t next_due_ns() const;

  size_t waiting() const { return waiting_; }
  const UserCounters& counters() const { return counters_; }

 private:
  struct User {
    int64_t first_ns = 0;
    Served served;
    size_t matured = 0;  // rules given out, shortest first
    std::vector<double> totals;
    std::vector<uint8_t> given;  // a value came
  };

  void add(User& user, size_t rule, double value, int64_t time_ns);

  std::vector<UserRule> rules_;  // shortest first
  size_t users_max_;
  size_t waiting_ = 0;  // users with a rule that has not been given out
  std::unordered_map<uint64_t, User> users_;
  std::vector<std::deque<uint64_t>> queues_;  // by rule, in order of first exposure
  UserCounters counters_;
};

}  // namespace rel
