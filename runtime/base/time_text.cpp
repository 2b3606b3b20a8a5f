// Calendar arithmetic is std::chrono's; the reading and writing of digits is ours, so that a form
// is either exactly RFC 3339 or refused.
#include "runtime/base/time_text.h"

#include <chrono>

#include <fmt/format.h>

namespace rel {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t millisecond_ns = 1'000'000;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Reads digits of fixed width; remembers when something did not fit.
struct Reader {
  std::string_view text;
  size_t at = 0;
  bool good = true;

  int digits(int width) {
    int value = 0;
    for (int i = 0; i < width; ++i, ++at) {
      if (at >= text.size() || text[at] < '0' || text[at] > '9') {
        good = false;
        return 0;
      }
      value = value * 10 + (text[at] - '0');
    }
    return value;
  }
  void one_of(std::string_view allowed) {
    if (at >= text.size() || allowed.find(text[at]) == std::string_view::npos) good = false;
    ++at;
  }
  bool next_is(char c) const { return at < text.size() && text[at] == c; }
};

int64_t read_fraction_ns(Reader& reader) {
  if (!reader.next_is('.')) return 0;
  ++reader.at;
  int64_t fraction_ns = 0;
  int64_t unit_ns = second_ns / 10;
  const size_t first = reader.at;
  while (reader.at < reader.text.size() && reader.text[reader.at] >= '0' &&
         reader.text[reader.at] <= '9') {
    fraction_ns += unit_ns * (reader.text[reader.at++] - '0');
    unit_ns /= 10;
  }
  if (reader.at == first) reader.good = false;
  return fraction_ns;
}

int64_t read_offset_s(Reader& reader) {
  if (reader.next_is('Z') || reader.next_is('z')) {
    ++reader.at;
    return 0;
  }
  const int64_t sign = reader.next_is('-') ? -1 : 1;
  reader.one_of("+-");
  const int hours = reader.digits(2);
  reader.one_of(":");
  const int minutes = reader.digits(2);
  if (hours > 23 || minutes > 59) reader.good = false;
  return sign * (hours * 3600 + minutes * 60);
}

}  // namespace

std::string rfc3339_text(int64_t time_ns) {
  using namespace std::chrono;
  const int64_t milliseconds_all = floor_div(time_ns, millisecond_ns);
  const int64_t day = floor_div(milliseconds_all, 86'400'000);
  const int64_t in_day = milliseconds_all - day * 86'400'000;
  const year_month_day date{sys_days{days{day}}};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     in_day / 3'600'000, in_day / 60'000 % 60, in_day / 1000 % 60, in_day % 1000);
}

std::optional<int64_t> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  Reader reader{text};
  const int year_number = reader.digits(4);
  reader.one_of("-");
  const int month_number = reader.digits(2);
  reader.one_of("-");
  const int day_number = reader.digits(2);
  reader.one_of("Tt");
  const int hours = reader.digits(2);
  reader.one_of(":");
  const int minutes = reader.digits(2);
  reader.one_of(":");
  const int seconds = reader.digits(2);
  const int64_t fraction_ns = read_fraction_ns(reader);
  const int64_t offset_s = read_offset_s(reader);
  const year_month_day date{year{year_number}, month{static_cast<unsigned>(month_number)},
                            day{static_cast<unsigned>(day_number)}};
  if (!reader.good || reader.at != text.size() || !date.ok() || hours > 23 || minutes > 59 ||
      seconds > 59 || year_number < 1970 || year_number > 2261) {
    return std::nullopt;
  }
  const int64_t days_since = sys_days{date}.time_since_epoch().count();
  const int64_t all_s =
      days_since * 86'400 + hours * 3600 + minutes * 60 + seconds - offset_s;
  return all_s * second_ns + fraction_ns;
}

std::string duration_text(int64_t duration_ns) {
  if (duration_ns < 0) return "-" + duration_text(-duration_ns);
  if (duration_ns == 0) return "0s";
  if (duration_ns < 1000) return fmt::format("{}ns", duration_ns);
  if (duration_ns < millisecond_ns) {
    return fmt::format("{:.4g}us", static_cast<double>(duration_ns) / 1e3);
  }
  int64_t rest = (duration_ns + millisecond_ns / 2) / millisecond_ns;
  if (rest < 1000) return fmt::format("{}ms", rest);
  std::string text;
  const struct {
    int64_t milliseconds;
    char name;
  } units[] = {{86'400'000, 'd'}, {3'600'000, 'h'}, {60'000, 'm'}};
  for (const auto& unit : units) {
    if (rest >= unit.milliseconds) text += fmt::format("{}{}", rest / unit.milliseconds, unit.name);
    rest %= unit.milliseconds;
  }
  if (rest > 0) text += fmt::format("{}s", static_cast<double>(rest) / 1000);
  return text;
}

}  // namespace rel
