// Which (id, lane, variant) have been counted, so that an event that comes twice counts once.
// Input: a 128-bit hash and the event's time. Memory is bounded: the oldest entries make room.
// Owner: an event decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

namespace rel {

struct IdHash {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const IdHash&, const IdHash&) = default;
};

class SeenIds {
 public:
  SeenIds(int64_t horizon_ns, size_t entries_max);

  // True when the id was inserted with a time at most the horizon away from this one; otherwise
  // remembers it.
  bool seen_before(const IdHash& id, int64_t time_ns);

  uint64_t overflow() const { return overflow_; }  // ids forgotten within their horizon
  size_t size() const { return entries_.size(); }

 private:
  struct Hasher {
    size_t operator()(const IdHash& id) const { return static_cast<size_t>(id.low); }
  };
  struct Arrival {
    IdHash id;
    int64_t time_ns = 0;
  };

  bool is_past(int64_t time_ns, int64_t now_ns) const { return now_ns - time_ns > horizon_ns_; }
  void forget_oldest();

  int64_t horizon_ns_;
  size_t entries_max_;
  uint64_t overflow_ = 0;
  std::unordered_map<IdHash, int64_t, Hasher> entries_;
  std::deque<Arrival> arrivals_;
};

}  // namespace rel
