#include "runtime/plan/verify_calendar.h"

#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

namespace rel {
namespace {

constexpr int32_t offset_s_max = 26 * 3600;  // no place on earth is further from UTC
constexpr uint16_t minutes_a_day = 24 * 60;
constexpr int64_t at_s_max = int64_t{1} << 40;

Error broken(std::string_view table, size_t row, std::string_view what) {
  return Error{fmt::format("the plan is not valid: {} {} {}", table, row, what)};
}

bool names_text(const Plan& plan, StringId id) {
  return id.value < plan.strings.size() && !plan.strings[id.value].empty();
}

bool is_offset(int32_t offset_s) { return std::abs(offset_s) <= offset_s_max; }

Status verify_zones(const Plan& plan) {
  uint32_t next = 0;
  for (size_t row = 0; row < plan.zones.size(); ++row) {
    const Zone& zone = plan.zones[row];
    const auto refuse = [&](std::string_view what) { return broken("time zone", row, what); };
    if (!names_text(plan, zone.name)) return refuse("has no name");
    if (!is_offset(zone.first_offset_s)) return refuse("is out of range");
    if (zone.changes.first != next || zone.changes.count > plan.zone_changes.size() - next) {
      return refuse("does not own its changes");
    }
    next = zone.changes.end();
    for (uint32_t at = zone.changes.first; at < next; ++at) {
      const ZoneChange& change = plan.zone_changes[at];
      const bool later = at == zone.changes.first || plan.zone_changes[at - 1].at_s < change.at_s;
      if (!later || std::abs(change.at_s) > at_s_max || !is_offset(change.offset_s)) {
        return refuse("has changes out of order or range");
      }
    }
  }
  if (next == plan.zone_changes.size()) return ok();
  return Error{"the plan is not valid: a change of a time zone has no zone"};
}

// month * 100 + day, the leap day among them.
bool is_day_of_year(int32_t place) {
  using namespace std::chrono;
  if (place < 0) return false;
  const month_day date{month{static_cast<unsigned>(place / 100)},
                       day{static_cast<unsigned>(place % 100)}};
  return date.ok();
}

bool days_fit(const IncreaseWindow& window) {
  switch (window.days) {
    case IncreaseDays::weekly:
      return window.weekdays > 0 && window.weekdays < 128 && window.from_minute < minutes_a_day &&
             window.to_minute <= minutes_a_day && window.from_minute != window.to_minute;
    case IncreaseDays::yearly: return is_day_of_year(window.first) && is_day_of_year(window.last);
    case IncreaseDays::dates: return window.first <= window.last;
  }
  return false;
}

Status verify_windows(const Plan& plan) {
  for (size_t row = 0; row < plan.increase_windows.size(); ++row) {
    const IncreaseWindow& window = plan.increase_windows[row];
    const auto refuse = [&](std::string_view what) { return broken("calendar window", row, what); };
    if (window.rule > IncreaseRule::except || window.days > IncreaseDays::dates) {
      return refuse("has no known form");
    }
    if (!days_fit(window)) return refuse("covers no time");
    if (window.zone.value >= plan.zones.size()) return refuse("has no time zone");
    const bool placed = window.span.file.is_none() || window.span.file.value < plan.strings.size();
    if (!names_text(plan, window.text) || !placed) return refuse("has no text or place");
  }
  return ok();
}

bool is_run(const Plan& plan, Rows<IncreaseWindowId> rows) {
  const size_t size = plan.increase_windows.size();
  return rows.first <= size && rows.count <= size - rows.first;
}

}  // namespace

Status verify_calendar(const Plan& plan) {
  if (Status zones = verify_zones(plan); !zones) return zones;
  if (Status windows = verify_windows(plan); !windows) return windows;
  for (size_t row = 0; row < plan.stages.size(); ++row) {
    if (!is_run(plan, plan.stages[row].increase)) return broken("stage", row, "has no calendar");
  }
  if (is_run(plan, plan.increase)) return ok();
  return Error{"the plan is not valid: the release has no calendar"};
}

}  // namespace rel
