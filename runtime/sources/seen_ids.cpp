#include "runtime/sources/seen_ids.h"

namespace rel {

namespace {
// Old entries leave a few at a time: one event with a time in the far future empties nothing.
constexpr int forgotten_per_insert = 2;
}  // namespace

SeenIds::SeenIds(int64_t horizon_ns, size_t entries_max)
    : horizon_ns_(horizon_ns), entries_max_(entries_max) {}

void SeenIds::forget_oldest() {
  const Arrival& oldest = arrivals_.front();
  const auto entry = entries_.find(oldest.id);
  // The id may have come again later, with another arrival that stands for it.
  if (entry != entries_.end() && entry->second == oldest.time_ns) entries_.erase(entry);
  arrivals_.pop_front();
}

bool SeenIds::seen_before(const IdHash& id, int64_t time_ns) {
  const auto [entry, inserted] = entries_.try_emplace(id, time_ns);
  if (!inserted) {
    const int64_t apart =
        time_ns > entry->second ? time_ns - entry->second : entry->second - time_ns;
    if (apart <= horizon_ns_) return true;
    entry->second = time_ns;
  }
  arrivals_.push_back({id, time_ns});
  for (int i = 0; i < forgotten_per_insert && is_past(arrivals_.front().time_ns, time_ns); ++i) {
    forget_oldest();
  }
  while (arrivals_.size() > entries_max_) {
    if (!is_past(arrivals_.front().time_ns, time_ns)) ++overflow_;
    forget_oldest();
  }
  return false;
}

}  // namespace rel
