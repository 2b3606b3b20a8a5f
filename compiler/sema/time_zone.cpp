#include "compiler/sema/time_zone.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

namespace rel::sema {

namespace {

constexpr const char* database = "/usr/share/zoneinfo/";
constexpr int year_first = 2000;
constexpr int year_last = 2099;
constexpr size_t header_bytes = 44;
constexpr size_t file_bytes_max = 1 << 20;

int64_t start_of(int year) {
  using namespace std::chrono;
  return duration_cast<seconds>(sys_days{std::chrono::year{year} / 1 / 1}.time_since_epoch())
      .count();
}

// -- the tables of a zone file

struct Counts {
  uint32_t utc, standard, leap, times, types, characters;
};

int64_t big_endian(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = bytes[at] & 0x80 ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return static_cast<int64_t>(value);
}

std::optional<Counts> read_header(std::string_view bytes) {
  if (bytes.size() < header_bytes || bytes.substr(0, 4) != "TZif") return std::nullopt;
  uint32_t counts[6];
  for (size_t i = 0; i < 6; ++i) {
    counts[i] = static_cast<uint32_t>(big_endian(bytes, 20 + 4 * i, 4));
    if (counts[i] > file_bytes_max) return std::nullopt;
  }
  return Counts{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
}

size_t body_bytes(const Counts& counts, size_t time_bytes) {
  return counts.times * (time_bytes + 1) + counts.types * 6 + counts.characters +
         counts.leap * (time_bytes + 4) + counts.standard + counts.utc;
}

// Adds a change within the years that are kept; one before them sets the first offset.
void add_change(TypedZone& zone, int64_t at_s, int32_t offset_s) {
  if (at_s <= start_of(year_first)) {
    zone.first_offset_s = offset_s;
    return;
  }
  const bool later = zone.changes.empty() || zone.changes.back().at_s < at_s;
  const int32_t present =
      zone.changes.empty() ? zone.first_offset_s : zone.changes.back().offset_s;
  if (at_s >= start_of(year_last + 1) || !later || offset_s == present) return;
  zone.changes.push_back({.at_s = at_s, .offset_s = offset_s});
}

// -- the rule for the years after the last row: `CET-1CEST,M3.5.0,M10.5.0/3`

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  bool failed() const { return failed_; }
  bool next_is(char wanted) {
    if (at_end() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void want(char wanted) { failed_ |= !next_is(wanted); }

  void skip_name() {
    const size_t begin = at_;
    if (next_is('<')) {
      while (!at_end() && text_[at_] != '>') ++at_;
      want('>');
    } else {
      while (!at_end() && std::isalpha(static_cast<unsigned char>(text_[at_]))) ++at_;
    }
    failed_ |= at_ == begin;
  }

  int number() {
    int value = 0;
    const size_t begin = at_;
    while (!at_end() && text_[at_] >= '0' && text_[at_] <= '9' && value < 100'000) {
      value = 10 * value + (text_[at_++] - '0');
    }
    failed_ |= at_ == begin;
    return value;
  }

  // [+-]hh[:mm[:ss]] in seconds
  int32_t time() {
    const int sign = next_is('-') ? -1 : (next_is('+'), 1);
    int32_t seconds = 3600 * number();
    if (next_is(':')) seconds += 60 * number();
    if (next_is(':')) seconds += number();
    return sign * seconds;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
};

// A day of the year and a local time on it.
struct DayRule {
  enum class Kind : uint8_t { weekday, julian, zero_based } kind = Kind::weekday;
  int month = 0, week = 0, day = 0;
  int32_t time_s = 2 * 3600;
};

struct YearRule {
  int32_t standard_s = 0;  // ahead of UTC
  int32_t daylight_s = 0;
  bool has_daylight = false;
  DayRule begins, ends;
};

DayRule read_day(RuleReader& reader) {
  DayRule rule;
  if (reader.next_is('M')) {
    rule.month = reader.number();
    reader.want('.');
    rule.week = reader.number();
    reader.want('.');
    rule.day = reader.number();
  } else {
    rule.kind = reader.next_is('J') ? DayRule::Kind::julian : DayRule::Kind::zero_based;
    rule.day = reader.number();
  }
  if (reader.next_is('/')) rule.time_s = reader.time();
  return rule;
}

bool is_valid(const DayRule& rule) {
  if (rule.kind != DayRule::Kind::weekday) return rule.day <= 366;
  return rule.month >= 1 && rule.month <= 12 && rule.week >= 1 && rule.week <= 5 && rule.day <= 6;
}

std::optional<YearRule> read_rule(std::string_view text) {
  RuleReader reader(text);
  YearRule rule;
  reader.skip_name();
  rule.standard_s = -reader.time();
  if (!reader.failed() && reader.at_end()) return rule;
  rule.has_daylight = true;
  reader.skip_name();
  rule.daylight_s = rule.standard_s + 3600;
  if (!reader.next_is(',')) {
    rule.daylight_s = -reader.time();
    reader.want(',');
  }
  rule.begins = read_day(reader);
  reader.want(',');
  rule.ends = read_day(reader);
  const bool sound = !reader.failed() && reader.at_end() && is_valid(rule.begins) &&
                     is_valid(rule.ends);
  return sound ? std::optional(rule) : std::nullopt;
}

// Local seconds since the Unix epoch, as if local time were UTC.
int64_t local_time_of(const DayRule& rule, int year) {
  using namespace std::chrono;
  sys_days date = sys_days{std::chrono::year{year} / 1 / 1};
  switch (rule.kind) {
    case DayRule::Kind::zero_based: date += days{rule.day}; break;
    case DayRule::Kind::julian: {
      const bool after_leap_day = std::chrono::year{year}.is_leap() && rule.day >= 60;
      date += days{rule.day - (after_leap_day ? 0 : 1)};
      break;
    }
    case DayRule::Kind::weekday: {
      const auto of_month = std::chrono::year{year} / rule.month;
      const weekday day{static_cast<unsigned>(rule.day)};
      date = rule.week == 5 ? sys_days{of_month / day[last]}
                            : sys_days{of_month / day[static_cast<unsigned>(rule.week)]};
      break;
    }
  }
  return duration_cast<seconds>(date.time_since_epoch()).count() + rule.time_s;
}

void extend(TypedZone& zone, const YearRule& rule) {
  if (!rule.has_daylight) {
    return add_change(zone, zone.changes.empty() ? start_of(year_first)
                                                 : zone.changes.back().at_s + 1,
                      rule.standard_s);
  }
  for (int year = year_first; year <= year_last; ++year) {
    ZoneChange turns[] = {
        {.at_s = local_time_of(rule.begins, year) - rule.standard_s, .offset_s = rule.daylight_s},
        {.at_s = local_time_of(rule.ends, year) - rule.daylight_s, .offset_s = rule.standard_s}};
    if (turns[1].at_s < turns[0].at_s) std::swap(turns[0], turns[1]);
    for (const ZoneChange& turn : turns) {
      // Rows of the file come first; the rule is for what is after them.
      if (zone.changes.empty() || turn.at_s > zone.changes.back().at_s) {
        add_change(zone, turn.at_s, turn.offset_s);
      }
    }
  }
}

bool is_name(const std::string& name) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '+' || c == '-' ||
           c == '/';
  };
  return !name.empty() && name.front() != '/' && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

Result<TypedZone> read_zone(std::string_view bytes) {
  const Error damaged{"its file in the time zone database is damaged"};
  const auto first = read_header(bytes);
  if (!first) return damaged;
  const size_t skipped = header_bytes + body_bytes(*first, 4);
  if (bytes[4] < '2' || bytes.size() < skipped) return damaged;
  bytes.remove_prefix(skipped);
  const auto counts = read_header(bytes);
  if (!counts || counts->types == 0) return damaged;
  bytes.remove_prefix(header_bytes);
  const size_t size = body_bytes(*counts, 8);
  if (bytes.size() < size) return damaged;

  TypedZone zone;
  const size_t types = counts->times * 9;
  zone.first_offset_s = static_cast<int32_t>(big_endian(bytes, types, 4));
  for (size_t row = 0; row < counts->times; ++row) {
    const size_t type = static_cast<uint8_t>(bytes[counts->times * 8 + row]);
    if (type >= counts->types) return damaged;
    add_change(zone, big_endian(bytes, row * 8, 8),
               static_cast<int32_t>(big_endian(bytes, types + type * 6, 4)));
  }
  std::string_view footer = bytes.substr(size);
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return damaged;
  footer = footer.substr(1, footer.size() - 2);
  if (footer.empty()) return zone;
  const auto rule = read_rule(footer);
  if (!rule) return damaged;
  extend(zone, *rule);
  return zone;
}

Result<TypedZone> load_zone(const std::string& name) {
  if (!is_name(name)) return Error{"it is not a name such as `Europe/Berlin`"};
  std::ifstream file(database + name, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) {
    return Error{fmt::format("the time zone database has no such zone in {}", database)};
  }
  Result<TypedZone> zone = read_zone(bytes.str());
  if (zone) zone->name = name;
  return zone;
}

std::vector<std::string> zone_names() {
  std::ifstream file(std::string(database) + "zone1970.tab");
  std::vector<std::string> names{"UTC"};
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream columns(line);
    std::string countries, place, name;
    if (columns >> countries >> place >> name) names.push_back(name);
  }
  return names;
}

}  // namespace rel::sema
