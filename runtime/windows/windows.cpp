// Running windows: add on arrival, subtract on expiry.
#include "runtime/windows/windows.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/check.h"

namespace rel {
namespace {

constexpr int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

size_t running_bytes(const WindowSeriesShape& shape) {
  return (sizeof(WindowTotals) + shape.buckets * sizeof(uint64_t) + 63) / 64 * 64;
}

void widen(WindowTotals& totals, uint32_t buckets, const SeriesDelta& delta) {
  if (delta.first >= delta.end) return;
  totals.first_from_end = std::max(totals.first_from_end, buckets - delta.first);
  totals.end = std::max(totals.end, delta.end);
}

}  // namespace

WindowClock& Windows::clock(uint32_t index) const {
  return reinterpret_cast<WindowClock*>(bank_ + layout_.clocks_offset())[index];
}

WindowTotals& Windows::running(const WindowSeriesShape& shape) const {
  return *reinterpret_cast<WindowTotals*>(bank_ + shape.offset);
}

uint64_t* Windows::running_counts(const WindowSeriesShape& shape) const {
  return reinterpret_cast<uint64_t*>(bank_ + shape.offset + sizeof(WindowTotals));
}

WindowTotals& Windows::slot(const WindowSeriesShape& shape, int64_t slot_number) const {
  const auto place = static_cast<size_t>(slot_number - floor_div(slot_number, shape.slots) *
                                                           static_cast<int64_t>(shape.slots));
  return *reinterpret_cast<WindowTotals*>(bank_ + shape.offset + running_bytes(shape) +
                                          place * shape.slot_bytes);
}

uint32_t* Windows::slot_counts(WindowTotals& slot) {
  return reinterpret_cast<uint32_t*>(&slot + 1);
}

void Windows::clear_totals(WindowTotals& totals) { totals = WindowTotals{}; }

void Windows::advance(int64_t now_ns) {
  for (uint32_t w = 0; w < plan_.windows.size(); ++w) {
    const Window& window = plan_.windows[w];
    if (window.kind != WindowKind::sliding) continue;
    WindowClock& clock = this->clock(w);
    const int64_t open = floor_div(now_ns, window.slot_ns);
    if (!clock.started) {
      clock.started = 1;
      clock.open_slot = open;
      continue;
    }
    if (open == clock.open_slot && window.length_ns % window.slot_ns == 0) continue;

    // The ring keeps `slots` slots; those before `oldest` have left the window. When its length is
    // no multiple of the slot, a slot leaves as soon as its start has.
    const int64_t slots = window.slots;
    const int64_t was_oldest = clock.open_slot - slots + 1;
    const int64_t oldest = std::max(open - slots + 1,
                                    floor_div(now_ns - window.length_ns, window.slot_ns) + 1);
    const int64_t drop_end = std::min(oldest, was_oldest + slots);
    for (const WindowSeriesShape& shape : layout_.windows()) {
      if (shape.window.value != w || running(shape).empty()) continue;
      for (int64_t slot = was_oldest; slot < drop_end; ++slot) drop_slot(shape, slot);
    }
    clock.open_slot = open;
  }
}

void Windows::drop_slot(const WindowSeriesShape& shape, int64_t slot_number) {
  WindowTotals& old = slot(shape, slot_number);
  if (old.empty()) return;
  WindowTotals& total = running(shape);
  total.n -= old.n;
  total.k -= old.k;
  total.sum -= old.sum;
  total.hist_n -= old.hist_n;
  if (old.end != 0) {
    uint64_t* counts = running_counts(shape);
    uint32_t* dropped = slot_counts(old);
    for (uint32_t b = shape.buckets - old.first_from_end; b < old.end; ++b) {
      counts[b] -= dropped[b];
      dropped[b] = 0;
    }
  }
  clear_totals(old);
}

void Windows::add(uint32_t series, const SeriesDelta& delta) {
  for (const uint32_t index : layout_.fed_by(series)) {
    const WindowSeriesShape& shape = layout_.windows()[index];
    WindowTotals* open = shape.slots == 0 ? nullptr : &slot(shape, clock(shape.clock).open_slot);
    for (WindowTotals* totals : {&running(shape), open}) {
      if (totals == nullptr) continue;
      totals->n += delta.n;
      totals->k += delta.k;
      totals->sum += delta.sum;
      if (shape.buckets != 0) widen(*totals, shape.buckets, delta);
    }
    if (shape.buckets == 0) continue;

    uint64_t added = 0;
    uint64_t* counts = running_counts(shape);
    uint32_t* slot_count = open == nullptr ? nullptr : slot_counts(*open);
    for (uint32_t b = delta.first; b < delta.end; ++b) {
      const uint32_t count = delta.counts[b - delta.first];
      if (count == 0) continue;
      added += count;
      counts[b] += count;
      if (slot_count != nullptr) slot_count[b] += count;
    }
    running(shape).hist_n += added;
    if (open != nullptr) open->hist_n += added;
  }
}

// Nothing a half-written window says of itself is believed, not even where it is empty.
void Windows::clear_everything() {
  for (const WindowSeriesShape& shape : layout_.windows()) {
    std::memset(bank_ + shape.offset, 0, running_bytes(shape) + shape.slots * shape.slot_bytes);
  }
  for (uint32_t index = 0; index < layout_.clock_count(); ++index) clock(index) = WindowClock{};
}

void Windows::settle() {
  const auto counts = [](const Window& window) { return window.kind == WindowKind::requests; };
  if (std::none_of(plan_.windows.begin(), plan_.windows.end(), counts)) return;
  for (const WindowSeriesShape& shape : layout_.windows()) {
    if (plan_.windows[shape.window.value].kind == WindowKind::requests) settle_series(shape);
  }
}

void Windows::settle_series(const WindowSeriesShape& shape) {
  const uint32_t wanted = plan_.windows[shape.window.value].requests;
  const WindowTotals& total = running(shape);
  if (total.empty()) return;
  WindowClock& clock = this->clock(shape.clock);
  if (slot(shape, clock.open_slot).n >= request_window_batch(wanted)) ++clock.open_slot;
  auto oldest = static_cast<int64_t>(clock.started);
  while (oldest < clock.open_slot && total.n - slot(shape, oldest).n >= wanted) {
    drop_slot(shape, oldest++);
  }
  clock.started = static_cast<uint64_t>(oldest);
  REL_CHECK(clock.open_slot - oldest < int64_t{shape.slots});
}

void Windows::reset(ResetScope scope) {
  if (scope == ResetScope::everything) return clear_everything();
  for (const WindowSeriesShape& shape : layout_.windows()) {
    WindowTotals& total = running(shape);
    if (!total.empty()) {
      for (uint32_t place = 0; place < shape.slots; ++place) {
        WindowTotals& old = slot(shape, place);
        if (old.end != 0) {
          const uint32_t first = shape.buckets - old.first_from_end;
          std::memset(slot_counts(old) + first, 0, (old.end - first) * sizeof(uint32_t));
        }
        clear_totals(old);
      }
    }
    if (total.end != 0) {
      const uint32_t first = shape.buckets - total.first_from_end;
      std::memset(running_counts(shape) + first, 0, (total.end - first) * sizeof(uint64_t));
    }
    clear_totals(total);
  }
  for (uint32_t index = 0; index < layout_.clock_count(); ++index) clock(index) = WindowClock{};
}

WindowReading Windows::read(uint32_t window_series) const {
  const WindowSeriesShape& shape = layout_.windows()[window_series];
  WindowReading reading{.totals = &running(shape)};
  if (shape.buckets == 0) return reading;
  reading.counts = {running_counts(shape), running(shape).end};
  reading.first = shape.buckets - running(shape).first_from_end;
  return reading;
}

}  // namespace rel
