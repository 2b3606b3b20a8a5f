// Two answers to one request: the live one and that of the shadow.
// Input: answers with their request's id (hashed). Output: what a pair, or the lack of one, says of
// each compared metric. Owner: whoever decodes the events, or a gateway's worker. Not thread safe.
//
// A live answer that failed has nothing to agree with. A live answer that was copied, and whose
// shadow does not come within the timeout, is unanswered. Memory is bounded; what is pushed out is
// counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/joins/served.h"

namespace rel {

enum class PairMeasure : uint8_t {
  agreement,   // 1 when both answers are equal, 0 when they are not
  difference,  // |shadow - live|
  loss,        // of flags that differ: 1 when the shadow's is the true one (McNemar's pairs)
  unanswered,  // 1 when the shadow gave no answer in time, 0 when it did; of no metric
};

// A number that pairs give: row `derived` of Plan::metrics, of the answers' metric `of`.
struct PairRule {
  PairMeasure measure = PairMeasure::agreement;
  uint32_t derived = 0;
  uint32_t of = 0;
};

struct PairSettings {
  int64_t timeout_ns = 5'000'000'000;
  size_t pending_max = 65'536;
  size_t sample_max = 100;  // disagreements kept for people to look at
  uint32_t failed_metrics = 0;  // bit m: a true metric m says that an answer failed
};

// A disagreement, as people are shown it.
struct Disagreement {
  std::string id;
  int64_t time_ns = 0;
  Served served;
  uint32_t metric = 0;
  double live = 0;
  double shadow = 0;
};

struct PairCounters {
  uint64_t pairs = 0;
  uint64_t unanswered = 0;
  uint64_t live_failed = 0;     // shadows of live answers that failed
  uint64_t shadow_failed = 0;   // answered, with a failure: no pair, and no silence
  uint64_t without_live = 0;    // shadows whose live answer never came
  uint64_t pushed_out = 0;      // half pairs forgotten for want of room
};

class PairJoin {
 public:
  PairJoin(std::span<const PairRule> rules, const PairSettings& settings);

  // One answer; `id` is what people know its request by. Numbers that follow are appended to
  // `derived`, in the segments of the live request and the candidate's shadow lane. False: there
  // was no room for it.
  bool answered(std::string_view id, const Observation& answer, std::vector<Derived>& derived);
  // Half pairs whose time is up.
  void expire(int64_t now_ns, std::vector<Derived>& derived);
  int64_t next_due_ns() const;  // INT64_MAX: no half waits

  // A uniform sample of all disagreements (reservoir sampling, Vitter 1985, with fixed randomness).
  std::span<const Disagreement> disagreements() const { return sample_; }
  uint64_t disagreement_count() const { return disagreements_seen_; }
  const PairCounters& counters() const { return counters_; }

 private:
  struct Half {
    Observation answer;
    std::string id;
  };
  struct Arrival {
    uint64_t key;
    int64_t time_ns;
  };

  void pair(const Half& live, const Observation& shadow, std::vector<Derived>& derived);
  void compare(const PairRule& rule, const Half& live, const Observation& shadow, int64_t time_ns,
               std::vector<Derived>& derived);
  void give(const Observation& live, int64_t time_ns, uint32_t metric, double value,
            std::vector<Derived>& derived);
  void mark_unanswered(const Half& live, double value, int64_t time_ns,
                       std::vector<Derived>& derived);
  bool failed(const Observation& answer) const;
  void keep(Disagreement disagreement);
  void settle(const Half& half, int64_t time_ns, std::vector<Derived>& derived);

  std::vector<PairRule> rules_;
  PairSettings settings_;
  std::unordered_map<uint64_t, Half> halves_;
  std::deque<Arrival> arrivals_;  // oldest first; a key may be gone already
  std::vector<Disagreement> sample_;
  uint64_t disagreements_seen_ = 0;
  uint64_t random_ = 0x9e3779b97f4a7c15;
  PairCounters counters_;
};

}  // namespace rel
