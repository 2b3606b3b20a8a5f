#include "runtime/joins/label_join.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include "runtime/base/check.h"

namespace rel {
namespace {

constexpr int64_t step_ns = 100'000'000;
constexpr int64_t no_label = std::numeric_limits<int64_t>::min();
constexpr int64_t left_out = no_label + 1;
constexpr size_t entries_first = 4096;

bool enters(OncePer once, FirstIn first_in) {
  switch (once) {
    case OncePer::sample: return true;
    case OncePer::release: return first_in.release;
    case OncePer::stage: return first_in.stage;
  }
  return true;
}

// What a request counts as for which no label came; nothing: it is left out.
std::optional<double> absent_value(AbsentSample absent, const Served& served) {
  const bool baseline = served.arm == LaneArm::baseline_live;
  switch (absent) {
    case AbsentSample::missing: return std::nullopt;
    case AbsentSample::zero: return 0;
    case AbsentSample::against_above: return baseline ? 1 : 0;
    case AbsentSample::against_below: return baseline ? 0 : 1;
  }
  return std::nullopt;
}

}  // namespace

LabelJoin::LabelJoin(std::span<const LabelRule> rules, size_t entries_max)
    : rules_(rules.begin(), rules.end()),
      entries_max_(entries_max),
      ring_(std::min(entries_max, entries_first)),
      cursors_(rules.size(), 0) {
  REL_CHECK(entries_max > 0 && !rules.empty());
  labels_.assign(rules.size(), std::vector<Label>(ring_.size()));
  slots_.assign(std::bit_ceil(2 * ring_.size()), 0);
}

int64_t LabelJoin::time_of(const Entry& entry) const { return base_ns_ + entry.time * step_ns; }

bool LabelJoin::served(uint64_t id, const Served& served, int64_t time_ns, FirstIn first_in) {
  const uint16_t code = served_.code(served);
  if (waiting() == ring_.size() && ring_.size() < entries_max_) grow();
  if (waiting() == ring_.size() || code == ServedCodes::none) {
    ++counters_.overflow;
    return false;
  }
  if (head_ == 0) base_ns_ = time_ns;
  const int64_t steps = std::max<int64_t>(0, (time_ns - base_ns_) / step_ns);
  const uint32_t before = head_ == tail_ ? 0 : entry(head_ - 1).time;
  entry(head_) = {.id = id,
                  .time = std::max(before, static_cast<uint32_t>(steps)),
                  .served = code};
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    label_of(rule, head_).time_ns = enters(rules_[rule].once, first_in) ? no_label : left_out;
  }
  index(head_);
  ++head_;
  ++counters_.requests;
  return true;
}

// Twice the room: entries keep their numbers, and so move to other places.
void LabelJoin::grow() {
  const size_t old_size = ring_.size();
  const size_t size = std::min(2 * old_size, entries_max_);
  std::vector<Entry> ring(size);
  for (uint64_t n = tail_; n < head_; ++n) ring[n % size] = ring_[n % old_size];
  for (std::vector<Label>& labels : labels_) {
    std::vector<Label> moved(size);
    for (uint64_t n = tail_; n < head_; ++n) moved[n % size] = labels[n % old_size];
    labels = std::move(moved);
  }
  ring_ = std::move(ring);
  slots_.assign(std::bit_ceil(2 * size), 0);
  index_again();
}

// -- the index: entries that have matured stay in their slots until it is built again

void LabelJoin::index(uint64_t number) {
  if (slots_used_ >= slots_.size() / 4 * 3) index_again();
  const size_t mask = slots_.size() - 1;
  size_t slot = entry(number).id & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = number + 1;
  ++slots_used_;
}

void LabelJoin::index_again() {
  std::fill(slots_.begin(), slots_.end(), 0);
  slots_used_ = 0;
  for (uint64_t number = tail_; number < head_; ++number) index(number);
}

// -- labels

LabelOutcome LabelJoin::join(uint64_t number, size_t rule, double value, int64_t time_ns) {
  const bool matured = number < cursors_[rule];
  if (matured || time_ns > time_of(entry(number)) + rules_[rule].within_ns) {
    return LabelOutcome::late;
  }
  Label& known = label_of(rule, number);
  if (known.time_ns == left_out) return LabelOutcome::joined;
  if (known.time_ns != no_label && known.time_ns > time_ns) return LabelOutcome::superseded;
  const bool first = known.time_ns == no_label;
  known = {value, time_ns};
  return first ? LabelOutcome::joined : LabelOutcome::replaced;
}

LabelOutcome LabelJoin::join_all(uint64_t id, size_t rule, double value, int64_t time_ns) {
  LabelOutcome outcome = LabelOutcome::unknown_id;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = id & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const uint64_t number = slots_[slot] - 1;
    if (number < tail_ || entry(number).id != id) continue;
    outcome = join(number, rule, value, time_ns);
  }
  return outcome;
}

LabelOutcome LabelJoin::label(uint64_t id, uint32_t metric, double value, int64_t time_ns) {
  std::optional<LabelOutcome> first;
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    if (rules_[rule].label != metric) continue;
    const LabelOutcome outcome = join_all(id, rule, value, time_ns);
    if (!first) first = outcome;
  }
  const LabelOutcome outcome = first.value_or(LabelOutcome::unknown_id);
  count(outcome);
  return outcome;
}

void LabelJoin::count(LabelOutcome outcome) {
  switch (outcome) {
    case LabelOutcome::joined: ++counters_.joined; break;
    case LabelOutcome::replaced: ++counters_.replaced; break;
    case LabelOutcome::superseded: ++counters_.superseded; break;
    case LabelOutcome::late: ++counters_.late; break;
    case LabelOutcome::unknown_id: ++counters_.unknown_id; break;
  }
}

// -- maturity

bool LabelJoin::next_mature(int64_t now_ns, Derived& derived) {
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    uint64_t& cursor = cursors_[rule];
    while (cursor < head_) {
      const Entry due = entry(cursor);
      const int64_t mature_ns = time_of(due) + rules_[rule].within_ns;
      if (mature_ns > now_ns) break;
      const Label label = label_of(rule, cursor);
      ++cursor;
      forget_mature();
      if (label.time_ns == left_out) continue;
      const Served& served = served_.served(due.served);
      const std::optional<double> value = label.time_ns != no_label
                                              ? label.value
                                              : absent_value(rules_[rule].absent, served);
      if (!value) {
        ++counters_.missing;
        continue;
      }
      derived = {mature_ns, served, rules_[rule].metric, *value};
      ++counters_.matured;
      return true;
    }
  }
  return false;
}

int64_t LabelJoin::next_due_ns() const {
  int64_t due_ns = std::numeric_limits<int64_t>::max();
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    if (cursors_[rule] == head_) continue;
    due_ns = std::min(due_ns, time_of(entry(cursors_[rule])) + rules_[rule].within_ns);
  }
  return due_ns;
}

void LabelJoin::forget_mature() {
  tail_ = *std::min_element(cursors_.begin(), cursors_.end());
}

}  // namespace rel
