// Windows in which exposure may grow, on ordinary days and on those on which the clocks change.
#include <catch2/catch.hpp>

#include <chrono>

#include "compiler/sema/time_zone.h"
#include "runtime/stage/calendar.h"

using namespace rel;

namespace {

// UTC, as nanoseconds since the Unix epoch.
int64_t utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0) {
  using namespace std::chrono;
  const sys_days date{std::chrono::year{year} / month / day};
  const auto time = sys_seconds{date} + hours{hour} + minutes{minute} + seconds{second};
  return time.time_since_epoch().count() * 1'000'000'000;
}

struct Calendar {
  Plan plan;
  Rows<IncreaseWindowId> rows;

  explicit Calendar(const std::string& zone_name) {
    const auto zone = sema::load_zone(zone_name);
    REQUIRE(zone);
    plan.zone_changes = zone->changes;
    plan.zones.push_back({.first_offset_s = zone->first_offset_s,
                          .changes = {0, static_cast<uint32_t>(zone->changes.size())}});
  }

  void add(IncreaseWindow window) {
    window.zone = ZoneId{0};
    plan.increase_windows.push_back(window);
    rows.count = static_cast<uint32_t>(plan.increase_windows.size());
  }
  void add_week(uint8_t weekdays, int from_minute, int to_minute,
                IncreaseRule rule = IncreaseRule::allow) {
    add({.rule = rule, .weekdays = weekdays, .from_minute = static_cast<uint16_t>(from_minute),
         .to_minute = static_cast<uint16_t>(to_minute)});
  }
  bool permits(int64_t now_ns) const { return calendar_permits(plan, rows, now_ns); }
};

constexpr uint8_t every_day = 0x7f;
constexpr uint8_t working_days = 0x1f;
constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t hour_ns = 3600 * second_ns;

// How long windows are open in [from, to), by asking every quarter of an hour.
int64_t open_quarters(const Calendar& calendar, int64_t from_ns, int64_t to_ns) {
  int64_t open = 0;
  for (int64_t at = from_ns; at < to_ns; at += hour_ns / 4) open += calendar.permits(at);
  return open;
}

}  // namespace

TEST_CASE("offsets are those of the time zone database") {
  struct Row {
    const char* zone;
    int64_t at_ns;
    int32_t offset_s;
  };
  const Row rows[] = {
      {"Europe/Berlin", utc(2026, 1, 15), 3600},
      {"Europe/Berlin", utc(2026, 3, 29, 0, 59, 59), 3600},  // clocks go forward at 01:00 UTC
      {"Europe/Berlin", utc(2026, 3, 29, 1), 7200},
      {"Europe/Berlin", utc(2026, 10, 25, 0, 59, 59), 7200},  // and back at 01:00 UTC
      {"Europe/Berlin", utc(2026, 10, 25, 1), 3600},
      {"Europe/Berlin", utc(2090, 7, 1), 7200},  // by the rule for years to come
      {"America/New_York", utc(2026, 3, 8, 6, 59, 59), -18000},
      {"America/New_York", utc(2026, 3, 8, 7), -14400},
      {"Asia/Kolkata", utc(2026, 7, 1), 19800},
      {"Australia/Lord_Howe", utc(2026, 1, 1), 39600},  // half an hour of summer time
      {"Australia/Lord_Howe", utc(2026, 7, 1), 37800},
      {"America/Sao_Paulo", utc(2018, 12, 1), -7200},  // had summer time until 2019
      {"America/Sao_Paulo", utc(2026, 12, 1), -10800},
      {"UTC", utc(2026, 7, 1), 0},
  };
  for (const Row& row : rows) {
    INFO(row.zone << " at " << row.at_ns);
    const Calendar calendar(row.zone);
    CHECK(zone_offset_s(calendar.plan, ZoneId{0}, row.at_ns / second_ns) == row.offset_s);
  }
}

TEST_CASE("names that are no zone, and damaged files, are refused") {
  for (const char* name : {"Europe/Atlantis", "", "../shadow", "/etc/passwd", "Europe", "CEST!"}) {
    CHECK_FALSE(sema::load_zone(name));
  }
  CHECK_FALSE(sema::read_zone(""));
  CHECK_FALSE(sema::read_zone("TZif2"));
  CHECK_FALSE(sema::read_zone("TZif2" + std::string(200, '\xff')));
}

TEST_CASE("a window is half open and in local time") {
  Calendar calendar("Europe/Berlin");
  calendar.add_week(working_days, 9 * 60, 17 * 60);
  // Monday, 2 March 2026: 09:00 is 08:00 UTC.
  CHECK_FALSE(calendar.permits(utc(2026, 3, 2, 7, 59, 59)));
  CHECK(calendar.permits(utc(2026, 3, 2, 8)));
  CHECK(calendar.permits(utc(2026, 3, 2, 15, 59, 59)));
  CHECK_FALSE(calendar.permits(utc(2026, 3, 2, 16)));
  CHECK_FALSE(calendar.permits(utc(2026, 3, 1, 12)));  // a Sunday
  CHECK(calendar.permits(utc(2026, 3, 30, 7)));        // summer time: 09:00 is 07:00 UTC
  CHECK_FALSE(calendar.permits(utc(2026, 3, 30, 15)));
}

TEST_CASE("a window beyond midnight belongs to the day it begins on") {
  Calendar calendar("UTC");
  calendar.add_week(1 << 4, 22 * 60, 6 * 60);  // Friday
  CHECK_FALSE(calendar.permits(utc(2026, 3, 6, 5)));  // that night began on Thursday
  CHECK(calendar.permits(utc(2026, 3, 6, 22)));
  CHECK(calendar.permits(utc(2026, 3, 7, 5, 59)));
  CHECK_FALSE(calendar.permits(utc(2026, 3, 7, 6)));
  CHECK_FALSE(calendar.permits(utc(2026, 3, 7, 22)));
}

TEST_CASE("what excepts beats what allows, whole days with both ends") {
  Calendar calendar("Europe/Berlin");
  calendar.add_week(every_day, 0, 24 * 60);
  calendar.add({.rule = IncreaseRule::except, .days = IncreaseDays::yearly, .first = 1224,
                .last = 102});
  // 24 December begins at 23:00 UTC of the 23rd; 2 January ends at 23:00 UTC.
  CHECK(calendar.permits(utc(2026, 12, 23, 22, 59, 59)));
  CHECK_FALSE(calendar.permits(utc(2026, 12, 23, 23)));
  CHECK_FALSE(calendar.permits(utc(2026, 12, 31, 23)));
  CHECK_FALSE(calendar.permits(utc(2027, 1, 2, 22, 59, 59)));
  CHECK(calendar.permits(utc(2027, 1, 2, 23)));
}

TEST_CASE("dates are days of one year") {
  Calendar calendar("UTC");
  const auto day = [](int year, unsigned month, unsigned date) {
    return static_cast<int32_t>(utc(year, month, date) / (24 * hour_ns));
  };
  calendar.add({.days = IncreaseDays::dates, .first = day(2026, 7, 4), .last = day(2026, 7, 5)});
  CHECK_FALSE(calendar.permits(utc(2026, 7, 3, 23, 59, 59)));
  CHECK(calendar.permits(utc(2026, 7, 4)));
  CHECK(calendar.permits(utc(2026, 7, 5, 23, 59, 59)));
  CHECK_FALSE(calendar.permits(utc(2026, 7, 6)));
  CHECK_FALSE(calendar.permits(utc(2027, 7, 4)));
}

TEST_CASE("on days on which the clocks change, the clock on the wall counts") {
  Calendar calendar("Europe/Berlin");
  calendar.add_week(every_day, 2 * 60, 3 * 60);
  const auto open_on = [&](unsigned month, unsigned day) {
    return open_quarters(calendar, utc(2026, month, day - 1, 20), utc(2026, month, day, 20));
  };
  CHECK(open_on(3, 28) == 4);
  CHECK(open_on(3, 29) == 0);   // there is no 02:00 on that day
  CHECK(open_on(10, 25) == 8);  // and two of them on this one
  CHECK(calendar.permits(utc(2026, 10, 25, 0, 30)));
  CHECK(calendar.permits(utc(2026, 10, 25, 1, 30)));

  Calendar night("Europe/Berlin");
  night.add_week(every_day, 22 * 60, 6 * 60);
  const auto night_of = [&](unsigned month, unsigned day) {
    return open_quarters(night, utc(2026, month, day - 1, 12), utc(2026, month, day, 12));
  };
  CHECK(night_of(3, 29) == 7 * 4);  // an hour shorter
  CHECK(night_of(10, 25) == 9 * 4);
}

TEST_CASE("the next change is never after a change of mind") {
  Calendar calendar("Europe/Berlin");
  calendar.add_week(working_days, 9 * 60, 17 * 60 + 30);
  calendar.add_week(1 << 6, 22 * 60, 3 * 60);
  calendar.add_week(every_day, 12 * 60, 12 * 60 + 15, IncreaseRule::except);
  calendar.add({.rule = IncreaseRule::except, .days = IncreaseDays::yearly, .first = 329,
                .last = 330});
  // Both changes of the clocks lie in these spans; steps of five minutes, off the full hour.
  for (const int64_t begin : {utc(2026, 3, 25, 0, 2, 30), utc(2026, 10, 22, 0, 2, 30)}) {
    int64_t changes_at = next_calendar_change_ns(calendar.plan, calendar.rows, begin);
    for (int64_t at = begin; at < begin + 7 * 24 * hour_ns; at += hour_ns / 12) {
      if (changes_at <= at) {
        changes_at = next_calendar_change_ns(calendar.plan, calendar.rows, at);
        REQUIRE(changes_at > at);
      }
      const bool differs = calendar.permits(at) != calendar.permits(at + hour_ns / 12);
      INFO("at " << at);
      if (differs) REQUIRE(changes_at <= at + hour_ns / 12);
    }
  }
  CHECK(next_calendar_change_ns(calendar.plan, {}, utc(2026, 3, 1)) == INT64_MAX);
}
