// Windows of `allow increase`: from texts that people would write to rows of the plan.
//
//   [DAYS] [HH:MM-HH:MM] ZONE     Mon-Fri 09:00-17:00 Europe/Berlin
//   MONTH DAY [- MONTH DAY]       Dec 24 - Jan 2
//   DATE [- DATE]                 2026-12-24 - 2027-01-02
//
// A window that allows names its zone; one that excepts has that of the first window beside it.
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <sstream>

#include <fmt/format.h>

#include "compiler/sema/context.h"
#include "compiler/sema/time_zone.h"

namespace rel::sema {

namespace {

using Parts = std::vector<std::string>;

constexpr std::array<std::string_view, 7> weekdays = {"Mon", "Tue", "Wed", "Thu",
                                                      "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr uint8_t every_day = 0x7f;

template <size_t N>
std::optional<size_t> index_of(const std::array<std::string_view, N>& words,
                               std::string_view word) {
  for (size_t index = 0; index < N; ++index) {
    if (words[index] == word) return index;
  }
  return std::nullopt;
}

std::optional<int> number_of(std::string_view text, size_t digits_max) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool whole = !text.empty() && text.size() <= digits_max && text.front() != '-' &&
                     error == std::errc{} && stop == end;
  return whole ? std::optional(value) : std::nullopt;
}

// The two sides of a sign, which stands once.
std::optional<std::pair<std::string_view, std::string_view>> split(std::string_view text,
                                                                   char sign) {
  const size_t at = text.find(sign);
  if (at == std::string_view::npos || text.find(sign, at + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair{text.substr(0, at), text.substr(at + 1)};
}

// One text being read.
class WindowReader {
 public:
  WindowReader(const Context& context, const ast::String& text, IncreaseRule rule)
      : context_(context), text_(text) {
    typed_.rule = rule;
    typed_.text = text.value;
    typed_.span = text.span;
    std::istringstream words(text.value);
    for (std::string word; words >> word;) parts_.push_back(word);
  }

  // Nothing: reported. Without a zone of its own the window has `default_zone`.
  std::optional<TypedIncreaseWindow> read(std::optional<uint32_t> default_zone) {
    if (parts_.empty()) return refuse("this window is empty", general_help);
    const bool read = index_of(months, parts_[0])  ? read_year()
                      : date_of(parts_[0])         ? read_dates()
                                                   : read_week();
    if (!read) return std::nullopt;
    return read_zone(default_zone) ? std::optional(typed_) : std::nullopt;
  }

 private:
  static constexpr std::string_view general_help =
      "write days, times and a time zone: `Mon-Fri 09:00-17:00 Europe/Berlin`, or days of the "
      "year: `Dec 24 - Jan 2`";

  std::nullopt_t refuse(std::string message, std::string_view help) {
    context_.diagnostics.report(Code::bad_calendar, text_.span, std::move(message))
        .with_help(std::string(help));
    return std::nullopt;
  }
  bool fail(std::string message, std::string_view help) {
    refuse(std::move(message), help);
    return false;
  }

  bool next_is(std::string_view word) {
    if (at_ == parts_.size() || parts_[at_] != word) return false;
    ++at_;
    return true;
  }
  std::string_view take() { return at_ == parts_.size() ? std::string_view{} : parts_[at_++]; }

  // -- Dec 24 - Jan 2

  std::optional<int32_t> day_of_year() {
    const std::string_view month_word = take();
    const std::string_view day_word = take();
    const auto month = index_of(months, month_word);
    const auto day = number_of(day_word, 2);
    if (!month || !day) {
      return refuse(fmt::format("`{} {}` is not a day of the year", month_word, day_word),
                    "write month and day: `Dec 24`");
    }
    const std::chrono::month_day date{std::chrono::month{static_cast<unsigned>(*month + 1)},
                                      std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) {
      return refuse(fmt::format("{} has no day {}", month_word, *day), "write a day that exists");
    }
    return static_cast<int32_t>(*month + 1) * 100 + *day;
  }

  bool read_year() {
    typed_.days = IncreaseDays::yearly;
    const auto first = day_of_year();
    const auto last = first && next_is("-") ? day_of_year() : first;
    if (!last) return false;
    typed_.first = *first;
    typed_.last = *last;
    return true;
  }

  // -- 2026-12-24 - 2027-01-02

  static std::optional<int32_t> date_of(std::string_view word) {
    if (word.size() != 10 || word[4] != '-' || word[7] != '-') return std::nullopt;
    const auto year = number_of(word.substr(0, 4), 4);
    const auto month = number_of(word.substr(5, 2), 2);
    const auto day = number_of(word.substr(8, 2), 2);
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return static_cast<int32_t>(std::chrono::sys_days{date}.time_since_epoch().count());
  }

  bool read_dates() {
    typed_.days = IncreaseDays::dates;
    typed_.first = typed_.last = *date_of(take());
    if (!next_is("-")) return true;
    const std::string_view word = take();
    const auto last = date_of(word);
    if (!last) return fail(fmt::format("`{}` is not a date", word), "write it as `2027-01-02`");
    if (*last < typed_.first) return fail("this window ends before it begins", general_help);
    typed_.last = *last;
    return true;
  }

  // -- Mon-Fri 09:00-17:00

  bool add_days(std::string_view word) {
    const auto range = split(word, '-');
    const auto first = index_of(weekdays, range ? range->first : word);
    const auto last = range ? index_of(weekdays, range->second) : first;
    if (!first || !last) {
      return fail(fmt::format("`{}` is not a day of the week", word),
                  "days are Mon, Tue, Wed, Thu, Fri, Sat and Sun: `Mon-Fri`, `Mon,Wed`");
    }
    for (size_t day = *first;; day = (day + 1) % weekdays.size()) {
      typed_.weekdays = static_cast<uint8_t>(typed_.weekdays | 1u << day);
      if (day == *last) return true;
    }
  }

  static std::optional<uint16_t> minute_of(std::string_view word) {
    const auto sides = split(word, ':');
    if (!sides || sides->second.size() != 2) return std::nullopt;
    const auto hour = number_of(sides->first, 2);
    const auto minute = number_of(sides->second, 2);
    if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > 24 * 60) return std::nullopt;
    return static_cast<uint16_t>(*hour * 60 + *minute);
  }

  bool read_times() {
    typed_.to_minute = 24 * 60;
    if (at_ == parts_.size() || !std::isdigit(static_cast<unsigned char>(parts_[at_][0]))) {
      return true;
    }
    const std::string_view word = take();
    const auto sides = split(word, '-');
    const auto from = sides ? minute_of(sides->first) : std::nullopt;
    const auto to = sides ? minute_of(sides->second) : std::nullopt;
    if (!from || !to || *from == 24 * 60) {
      return fail(fmt::format("`{}` is not a time of the day", word),
                  "write begin and end without spaces: `09:00-17:00`; midnight is 00:00 or 24:00");
    }
    if (*from == *to) {
      return fail(fmt::format("`{}` holds no time", word), "the end is not in the window");
    }
    typed_.from_minute = *from;
    typed_.to_minute = *to;
    return true;
  }

  bool read_week() {
    typed_.days = IncreaseDays::weekly;
    const std::string& word = parts_[0];
    const bool timed = std::isdigit(static_cast<unsigned char>(word[0])) != 0;
    const bool zoned = parts_.size() == 1 && word.find('/') != std::string::npos;
    if (timed || zoned) {
      typed_.weekdays = every_day;
    } else {
      std::istringstream list{std::string(take())};
      for (std::string days; std::getline(list, days, ',');) {
        if (!add_days(days)) return false;
      }
    }
    return read_times();
  }

  // -- Europe/Berlin

  bool read_zone(std::optional<uint32_t> default_zone) {
    if (at_ + 1 < parts_.size()) {
      return fail(fmt::format("`{}` is not expected in this window", parts_[at_ + 1]),
                  general_help);
    }
    if (at_ == parts_.size()) {
      if (!default_zone) {
        return fail("this window names no time zone",
                    "add one of the system's database, such as `Europe/Berlin` or `UTC`");
      }
      typed_.zone = *default_zone;
      return true;
    }
    const auto zone = find_zone(parts_[at_]);
    if (zone) typed_.zone = *zone;
    return zone.has_value();
  }

  std::optional<uint32_t> find_zone(const std::string& name) {
    std::vector<TypedZone>& zones = context_.policy.zones;
    for (size_t row = 0; row < zones.size(); ++row) {
      if (zones[row].name == name) return static_cast<uint32_t>(row);
    }
    Result<TypedZone> zone = load_zone(name);
    if (zone) {
      zones.push_back(std::move(*zone));
      return static_cast<uint32_t>(zones.size() - 1);
    }
    Diagnostic& diagnostic =
        context_.diagnostics
            .report(Code::unknown_time_zone, text_.span,
                    fmt::format("there is no time zone `{}`", name))
            .primary(zone.error().message);
    const std::vector<std::string> known = zone_names();
    const std::vector<std::string_view> views(known.begin(), known.end());
    const std::string_view near = nearest_name(name, views);
    if (!near.empty()) diagnostic.with_help(fmt::format("did you mean `{}`?", near));
    return std::nullopt;
  }

  const Context& context_;
  const ast::String& text_;
  Parts parts_;
  size_t at_ = 0;
  TypedIncreaseWindow typed_;
};

}  // namespace

std::vector<TypedIncreaseWindow> check_increases(const Context& context,
                                                 const std::vector<ast::Increase>& increases) {
  std::vector<TypedIncreaseWindow> windows;
  for (const ast::Increase& increase : increases) {
    std::optional<uint32_t> zone;
    for (const ast::String& text : increase.allowed) {
      const auto window = WindowReader(context, text, IncreaseRule::allow).read(std::nullopt);
      if (!window) continue;
      if (!zone) zone = window->zone;
      windows.push_back(*window);
    }
    // Where no window that allows could be read there is no zone to take over: reported already.
    if (!zone) continue;
    for (const ast::String& text : increase.excepted) {
      const auto window = WindowReader(context, text, IncreaseRule::except).read(zone);
      if (window) windows.push_back(*window);
    }
  }
  return windows;
}

}  // namespace rel::sema
