// Ground truth that comes later: labels joined to the requests they judge, counted by maturity.
// A request matures a fixed time after it was served, whether its label came after a minute or at
// the last moment: counting labels as they arrive is wrong whenever the arms' labels do not come
// equally fast (STATS 1n). Until then the last label wins, by its own time.
// Input: requests and labels with their ids (hashed), the time. Output: derived numbers, in the
// order of their requests. Owner: whoever decodes the events. Not thread safe.
//
// Memory is bounded: 16 bytes a request that waits, and 16 more for each rule; it grows as it is
// needed. When the table is full a request is not remembered, and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/joins/served.h"
#include "runtime/plan/plan.h"

namespace rel {

struct LabelRule {
  uint32_t metric = 0;  // row of Plan::metrics that is given out
  uint32_t label = 0;   // ... that labels carry
  int64_t within_ns = 0;
  AbsentSample absent = AbsentSample::missing;
  OncePer once = OncePer::sample;  // of a user only the first request
};

enum class LabelOutcome : uint8_t {
  joined,
  replaced,    // an earlier label of the same request
  superseded,  // by a label with a later time that came before it
  late,        // its request has matured, or its own time is past that
  unknown_id,  // no request of this id waits: never seen, matured, or not remembered
};

struct LabelCounters {
  uint64_t requests = 0;    // remembered
  uint64_t overflow = 0;    // not remembered, for want of room
  uint64_t joined = 0;      // labels
  uint64_t replaced = 0;
  uint64_t superseded = 0;
  uint64_t late = 0;
  uint64_t unknown_id = 0;
  uint64_t matured = 0;     // numbers given out
  uint64_t missing = 0;     // matured without a label, under `absent is missing`
};

class LabelJoin {
 public:
  // At most `entries_max` requests wait at a time. Times are kept in steps of 100 ms.
  LabelJoin(std::span<const LabelRule> rules, size_t entries_max);

  // A request that was served; false: it is not remembered. One id may be served by several lanes:
  // a label joins all of them. `first_in` is heeded by rules of which a user is
  // one sample.
  bool served(uint64_t id, const Served& served, int64_t time_ns, FirstIn first_in = {});
  // A label for every rule of this metric; the outcome for the first of them.
  LabelOutcome label(uint64_t id, uint32_t metric, double value, int64_t time_ns);

  // The next number that is mature at `now_ns`; false: none is. In the order of requests for each
  // rule. A request that was reported late matures with the one before it.
  bool next_mature(int64_t now_ns, Derived& derived);
  // When the next one is; INT64_MAX when nothing waits.
  int64_t next_due_ns() const;

  size_t waiting() const { return static_cast<size_t>(head_ - tail_); }
  const LabelCounters& counters() const { return counters_; }

 private:
  struct Entry {
    uint64_t id = 0;
    uint32_t time = 0;  // steps since base_ns_, never less than the entry before
    uint16_t served = 0;
    uint16_t reserved = 0;
  };
  static_assert(sizeof(Entry) == 16);
  struct Label {
    double value = 0;
    int64_t time_ns = 0;  // no_label: none; left_out: its request is in no sample of the rule
  };

  Entry& entry(uint64_t number) { return ring_[number % ring_.size()]; }
  const Entry& entry(uint64_t number) const { return ring_[number % ring_.size()]; }
  Label& label_of(size_t rule, uint64_t number) {
    return labels_[rule][number % ring_.size()];
  }
  int64_t time_of(const Entry& entry) const;
  void grow();
  void index(uint64_t number);
  void index_again();
  LabelOutcome join(uint64_t number, size_t rule, double value, int64_t time_ns);
  LabelOutcome join_all(uint64_t id, size_t rule, double value, int64_t time_ns);
  void count(LabelOutcome outcome);
  void forget_mature();

  std::vector<LabelRule> rules_;
  size_t entries_max_;
  std::vector<Entry> ring_;
  std::vector<std::vector<Label>> labels_;  // by rule
  std::vector<uint64_t> cursors_;           // by rule: the next entry to mature
  std::vector<uint64_t> slots_;             // open addressing: entry number + 1, 0 is free
  size_t slots_used_ = 0;
  uint64_t head_ = 0;  // entry numbers: the next one, and the oldest that waits
  uint64_t tail_ = 0;
  int64_t base_ns_ = 0;
  ServedCodes served_;
  LabelCounters counters_;
};

}  // namespace rel
