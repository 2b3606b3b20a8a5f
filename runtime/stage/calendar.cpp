#include "runtime/stage/calendar.h"

#include <algorithm>
#include <chrono>

namespace rel {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t day_s = 24 * 3600;
constexpr int64_t minutes_a_day = 24 * 60;

int64_t floor_div(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// What the calendar and the clock on a wall show.
struct Local {
  int64_t day = 0;     // since the Unix epoch
  int64_t minute = 0;  // of the day
};

Local local_at(const Plan& plan, ZoneId zone, int64_t at_s) {
  const int64_t local_s = at_s + zone_offset_s(plan, zone, at_s);
  const int64_t day = floor_div(local_s, day_s);
  return {day, (local_s - day * day_s) / 60};
}

// Monday is 0; the Unix epoch was a Thursday.
bool has_weekday(const IncreaseWindow& window, int64_t day) {
  const int64_t weekday = day + 3 - 7 * floor_div(day + 3, 7);
  return window.weekdays >> weekday & 1;
}

bool is_in_week(const IncreaseWindow& window, const Local& local) {
  const bool begun = local.minute >= window.from_minute;
  const bool open = local.minute < window.to_minute;
  if (window.from_minute < window.to_minute) {
    return has_weekday(window, local.day) && begun && open;
  }
  // Beyond midnight: what begins on a named day ends on the next.
  return (has_weekday(window, local.day) && begun) || (has_weekday(window, local.day - 1) && open);
}

bool is_in_year(const IncreaseWindow& window, const Local& local) {
  const std::chrono::sys_days day{std::chrono::days{local.day}};
  const std::chrono::year_month_day date{day};
  const int32_t place = static_cast<int32_t>(static_cast<unsigned>(date.month()) * 100 +
                                             static_cast<unsigned>(date.day()));
  if (window.first <= window.last) return window.first <= place && place <= window.last;
  return place >= window.first || place <= window.last;  // over New Year
}

// The earliest of the window's boundaries after `now_s`, with the offset as it is now: where the
// offset changes before, that change comes first.
int64_t next_boundary_s(const Plan& plan, const IncreaseWindow& window, int64_t now_s) {
  const int32_t offset_s = zone_offset_s(plan, window.zone, now_s);
  const int64_t midnight_s = floor_div(now_s + offset_s, day_s) * day_s - offset_s;
  int64_t next_s = midnight_s + day_s;
  for (const int64_t minute : {int64_t{window.from_minute}, int64_t{window.to_minute}}) {
    const int64_t boundary_s = midnight_s + minute % minutes_a_day * 60;
    if (boundary_s > now_s) next_s = std::min(next_s, boundary_s);
  }
  const Rows<ZoneChangeId> changes = plan.zones[window.zone.value].changes;
  const auto first = plan.zone_changes.begin() + changes.first;
  const auto change =
      std::upper_bound(first, first + changes.count, now_s,
                       [](int64_t at_s, const ZoneChange& row) { return at_s < row.at_s; });
  return change == first + changes.count ? next_s : std::min(next_s, change->at_s);
}

}  // namespace

int32_t zone_offset_s(const Plan& plan, ZoneId zone, int64_t at_s) {
  const Zone& row = plan.zones[zone.value];
  const auto first = plan.zone_changes.begin() + row.changes.first;
  const auto next =
      std::upper_bound(first, first + row.changes.count, at_s,
                       [](int64_t at, const ZoneChange& change) { return at < change.at_s; });
  return next == first ? row.first_offset_s : (next - 1)->offset_s;
}

bool is_in_window(const Plan& plan, const IncreaseWindow& window, int64_t now_ns) {
  const Local local = local_at(plan, window.zone, floor_div(now_ns, second_ns));
  switch (window.days) {
    case IncreaseDays::weekly: return is_in_week(window, local);
    case IncreaseDays::yearly: return is_in_year(window, local);
    case IncreaseDays::dates: return window.first <= local.day && local.day <= window.last;
  }
  return false;
}

bool calendar_permits(const Plan& plan, Rows<IncreaseWindowId> windows, int64_t now_ns) {
  bool allowed = windows.count == 0;
  for (uint32_t at = windows.first; at < windows.end(); ++at) {
    const IncreaseWindow& window = plan.increase_windows[at];
    if (!is_in_window(plan, window, now_ns)) continue;
    if (window.rule == IncreaseRule::except) return false;
    allowed = true;
  }
  return allowed;
}

int64_t next_calendar_change_ns(const Plan& plan, Rows<IncreaseWindowId> windows, int64_t now_ns) {
  int64_t next_s = INT64_MAX;
  const int64_t now_s = floor_div(now_ns, second_ns);
  for (uint32_t at = windows.first; at < windows.end(); ++at) {
    next_s = std::min(next_s, next_boundary_s(plan, plan.increase_windows[at], now_s));
  }
  return next_s == INT64_MAX ? INT64_MAX : next_s * second_ns;
}

}  // namespace rel
