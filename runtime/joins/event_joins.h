// Everything of a plan that is known only later: labels, totals of users and sessions, what of a
// user counts once, pairs of answers. One object for simulations, tests and the live event stream.
// Input: observations and labels in the order they came, the time. Output: derived observations at
// their maturity, and which metrics cannot be told. Owner: whoever reads the events. Not thread
// safe.
//
// Nothing is lost silently: an event without the id that a metric needs, and a table without room
// for one, make that metric a source error for `source_error_ns` after the last such event.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/ingest/label.h"
#include "runtime/joins/join_record.h"
#include "runtime/joins/label_join.h"
#include "runtime/joins/pair_join.h"
#include "runtime/joins/user_firsts.h"
#include "runtime/joins/user_totals.h"
#include "runtime/stage/engine.h"

namespace rel {

// Metrics that only joins can tell (a bit a row): those a condition reads.
uint32_t joined_metrics(const Plan& plan);

struct JoinCounters {
  uint64_t labels_of_no_use = 0;  // of a metric that no condition reads
  uint64_t without_id = 0;        // observations that lack an id a metric needs
};

class EventJoins {
 public:
  static constexpr int64_t source_error_ns = 10'000'000'000;

  // Borrows the plan for its whole life.
  explicit EventJoins(const Plan& plan);

  bool needed() const { return joined_ != 0; }

  // Where requests go from now on.
  void routed(const Route& route);
  // Keeps what joins need of a request, and takes out of it what is counted only later. `id` is
  // what people know it by; it may be empty.
  void take(Observation& observation, std::string_view id);
  void take(const LabelEvent& label);
  // Everything that is mature at `now_ns`, appended, each at the time of its maturity.
  void mature(int64_t now_ns, std::vector<Observation>& due);
  // When there is something to mature; INT64_MAX: nothing waits.
  int64_t next_due_ns() const;
  // From now on what it is told is recorded; bytes since the last call, appended.
  void take_recorded(std::string& bytes);
  // Before anything else: what was recorded before a restart. What had matured then is not given
  // out again.
  void replay(std::string_view bytes);
  // Requests of this time and before may be forgotten by whoever keeps the records; 0: none.
  int64_t settled_ns(int64_t now_ns) const;

  // Whether all events fail to come.
  void set_failing(bool failing) { failing_ = failing; }
  // Metrics that cannot be told at `now_ns`, a bit each.
  uint32_t metrics_failing(int64_t now_ns) const;

  const std::optional<LabelJoin>& labels() const { return labels_; }
  const std::optional<PairJoin>& pairs() const { return pairs_; }
  const std::optional<UserTotals>& users() const { return users_; }
  const std::optional<UserTotals>& sessions() const { return sessions_; }
  const std::optional<UserFirsts>& firsts() const { return firsts_; }
  const JoinCounters& counters() const { return counters_; }

 private:
  void add_rules(const Plan& plan);
  uint32_t recorded_metrics() const;
  void enter_stage(StageId stage);
  uint64_t who_counts_once(const Observation& request) const;
  void take_request(const Observation& request);
  void take_labelled(const Observation& request, FirstIn first_in);
  void take_pair(Observation& answer, std::string_view id);
  uint32_t rows_of_label(uint32_t metric) const;
  void fail(uint32_t metrics, int64_t time_ns);
  // Needs an id that is not there, or had no room.
  void check(bool fits, uint32_t metrics, int64_t time_ns);

  const Plan& plan_;
  uint32_t joined_ = 0;
  uint32_t of_labels_ = 0, of_users_ = 0, of_sessions_ = 0, of_once_ = 0, of_pairs_ = 0;
  uint32_t of_unanswered_ = 0;
  uint32_t later_ = 0;         // metrics that an observation may carry and that are counted later
  bool firsts_of_session_ = false;
  bool copies_all_ = false;    // every stage that copies requests copies all of them
  bool copying_ = false;
  bool failing_ = false;
  std::optional<LabelJoin> labels_;
  std::optional<UserTotals> users_;
  std::optional<UserTotals> sessions_;
  std::optional<UserFirsts> firsts_;
  std::optional<PairJoin> pairs_;
  std::vector<Derived> derived_;  // known, and not given out yet
  std::array<int64_t, limits::metrics_max> failing_until_ns_{};
  std::optional<JoinRecorder> recorder_;
  StageId stage_;
  JoinCounters counters_;
};

}  // namespace rel
