#include "tests/scenario/scenario.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "runtime/base/time_text.h"
#include "runtime/sources/quantity_reader.h"

namespace rel::scenario {
namespace {

using Words = std::vector<std::string>;

// Words between spaces; a text in quotes is one word, without them.
Words split(std::string_view line) {
  Words words;
  for (size_t at = line.find_first_not_of(' '); at != std::string_view::npos;
       at = line.find_first_not_of(' ', at)) {
    const bool quoted = line[at] == '"';
    size_t end = quoted ? line.find('"', at + 1) : line.find(' ', at);
    if (end == std::string_view::npos) end = line.size();
    words.emplace_back(line.substr(at + (quoted ? 1 : 0), end - at - (quoted ? 1 : 0)));
    at = end + (quoted && end < line.size() ? 1 : 0);
  }
  return words;
}

std::optional<int64_t> time_of(std::string_view text) {
  const auto seconds = parse_quantity(text, PlanUnit::seconds);
  if (!seconds) return std::nullopt;
  return static_cast<int64_t>(*seconds * 1e9 + (*seconds < 0 ? -0.5 : 0.5));
}

// `A..B`, or one value for both.
std::pair<std::string, std::string> range_of(const std::string& text) {
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return {text, text};
  return {text.substr(0, dots), text.substr(dots + 2)};
}

enum class Section : uint8_t { head, feed, expect };

struct Parser {
  Scenario scenario;
  Section section = Section::head;
  int line = 0;

  Status head(const Words& words);
  Status feed(const Words& words);
  Status after(const std::string& value, Feed& row);
  Status source(const Words& words);
  Status expect(std::string_view text);
  Status take(std::string_view text);
  Error wrong(std::string_view what) const {
    return Error{fmt::format("line {}: {}", line, what)};
  }
};

Status Parser::head(const Words& words) {
  if (words.size() != 2) return wrong("a word and its value are due before `feed`");
  const std::string& value = words[1];
  if (words[0] == "policy") scenario.policy = value;
  else if (words[0] == "release") scenario.release = value;
  else if (words[0] == "scale-time") scenario.time_scale = std::stod(value);
  else if (words[0] == "tick") {
    const auto tick = time_of(value);
    if (!tick) return wrong("`tick` must be such as `1s`");
    scenario.tick_ns = *tick;
  }
  else if (words[0] == "start") {
    const auto start = parse_rfc3339(value);
    if (!start) return wrong("`start` must be RFC 3339");
    scenario.start_ns = *start;
  } else return wrong("policy, release, scale-time, tick or start is due here");
  return ok();
}

Status Parser::source(const Words& words) {
  const auto at = time_of(words[0]);
  const bool good = words.size() >= 3 && (words[2] == "ok" || words[2] == "failed");
  if (!at || !good) return wrong("write `30s source failed \"reason\"` or `30s source ok`");
  scenario.sources.push_back({*at, words[2] == "ok", words.size() > 3 ? words[3] : ""});
  return ok();
}

// When the value before it becomes known.
Status Parser::after(const std::string& value, Feed& row) {
  const auto [from_text, to_text] = range_of(value);
  const auto from = time_of(from_text);
  const auto to = time_of(to_text);
  if (!from || !to || row.metrics.empty()) return wrong("write `chargeback 2% after 1h..6h`");
  row.metrics.back().after_ns = {*from, *to};
  return ok();
}

Status Parser::feed(const Words& words) {
  if (words.size() > 1 && words[1] == "source") return source(words);
  if (words.size() < 3) return wrong("write `0s..30s candidate 100/s latency 50ms`");
  const auto [from_text, to_text] = range_of(words[0]);
  const auto from = time_of(from_text);
  const auto to = time_of(to_text);
  const auto rate = parse_quantity(words[2], PlanUnit::per_second);
  if (!from || !to || *from >= *to) return wrong("the time must be a range such as `0s..30s`");
  if (!rate || *rate <= 0) return wrong("the rate must be such as `100/s`");
  Feed row{*from, *to, words[1], *rate, {}, {}, line, {}, 0};
  if (row.arm != "baseline" && row.arm != "candidate" && row.arm != "shadow") {
    return wrong("the arm must be baseline, candidate or shadow");
  }
  for (size_t i = 3; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    if (equals != std::string::npos) {
      row.segments.emplace_back(words[i].substr(0, equals), words[i].substr(equals + 1));
      continue;
    }
    if (i + 1 == words.size()) return wrong(fmt::format("`{}` has no value", words[i]));
    const std::string& value = words[++i];
    if (words[i - 1] == "ids") row.ids = value;
    else if (words[i - 1] == "users") row.users = std::stoull(value);
    else if (words[i - 1] == "after") {
      if (Status taken = after(value, row); !taken) return taken;
    } else {
      const auto [low, high] = range_of(value);
      row.metrics.push_back({words[i - 1], low, high, {}});
    }
  }
  scenario.feeds.push_back(std::move(row));
  return ok();
}

Status Parser::expect(std::string_view text) {
  constexpr std::string_view because = " because ";
  const size_t at = text.find(because);
  Expected row;
  if (at != std::string_view::npos) row.because = text.substr(at + because.size());
  // Single spaces, however the columns were set.
  for (const std::string& word : split(text.substr(0, at))) {
    row.text += (row.text.empty() ? "" : " ") + word;
  }
  scenario.expected.push_back(std::move(row));
  return ok();
}

Status Parser::take(std::string_view text) {
  ++line;
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos || text[first] == '#') return ok();
  text = text.substr(first, text.find_last_not_of(" \r") - first + 1);
  const Words words = split(text);
  if (text == "feed") section = Section::feed;
  else if (text == "expect") section = Section::expect;
  else if (words[0] == "end" && words.size() == 2) scenario.end = words[1];
  else if (section == Section::head) return head(words);
  else if (section == Section::feed) return feed(words);
  else return expect(text);
  return ok();
}

// `50ms` in its unit, or as in events a plain number of base units.
std::optional<double> number_of(const std::string& text, PlanUnit unit) {
  double plain = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), plain);
  if (error == std::errc{} && end == text.data() + text.size()) return plain;
  return parse_quantity(text, unit);
}

// The k-th place in [0, 1): evenly spread by the golden ratio.
double place_of(uint64_t k) {
  constexpr double golden = 0.61803398874989485;
  const double turned = static_cast<double>(k) * golden;
  return turned - static_cast<double>(static_cast<uint64_t>(turned));
}

// What a feed's metric is at its k-th event, as a JSON value. Values of a range are spread evenly,
// shares of a flag by carrying the rest over: no randomness, no seed.
std::optional<std::string> value_at(const Metric& metric, const FeedMetric& feed, uint64_t k) {
  if (metric.kind == MetricKind::category) return "\"" + feed.low + "\"";
  const auto low =
      number_of(feed.low, metric.kind == MetricKind::flag ? PlanUnit::ratio : metric.unit);
  const auto high = number_of(feed.high, metric.unit);
  if (!low || !high) return std::nullopt;
  const double n = static_cast<double>(k);
  if (metric.kind == MetricKind::flag) {
    const bool flag = static_cast<int64_t>((n + 1) * *low + 1e-9) >
                      static_cast<int64_t>(n * *low + 1e-9);
    return flag ? "true" : "false";
  }
  const double value = *low + (*high - *low) * place_of(k);
  return fmt::format("{}", metric.kind == MetricKind::count ? std::floor(value) : value);
}

const Metric* metric_named(const Plan& plan, const std::string& name) {
  for (const Metric& metric : plan.metrics) {
    if (plan.text(metric.name) == name) return &metric;
  }
  return nullptr;
}

struct TimedLine {
  int64_t time_ns;
  std::string text;
};

std::string time_field(int64_t time_ns) {
  // Whole nanoseconds, so that an event keeps its side of a tick.
  const std::string millis = rfc3339_text(time_ns);
  return fmt::format(R"("time":"{}{:06}Z")", millis.substr(0, millis.size() - 1),
                     time_ns % 1'000'000);
}

// By what labels and shadows find their request.
std::string keys_of(const Feed& feed, uint64_t k) {
  const std::string group = feed.ids.empty() ? std::to_string(feed.line) : feed.ids;
  std::string keys = fmt::format(R"("id":"{}-{}")", group, k);
  if (feed.users != 0) keys += fmt::format(R"(,"unit":"{}-{}")", feed.line, k % feed.users);
  return keys;
}

Status add_feed(const Scenario& scenario, const Plan& plan, const Feed& feed,
                std::vector<TimedLine>& lines) {
  std::string constant = fmt::format(R"(,"variant":"{}","lane":"{}")",
                                     feed.arm == "baseline" ? "baseline" : "candidate",
                                     feed.arm == "shadow" ? "shadow" : "live");
  std::string segments;
  for (const auto& [name, value] : feed.segments) {
    segments += fmt::format(R"({}"{}":"{}")", segments.empty() ? "" : ",", name, value);
  }
  if (!segments.empty()) constant += fmt::format(R"(,"segment":{{{}}})", segments);
  const double interval_ns = 1e9 / feed.per_second;
  for (uint64_t k = 0;; ++k) {
    const int64_t at_ns = feed.from_ns + static_cast<int64_t>(static_cast<double>(k) * interval_ns);
    if (at_ns >= feed.to_ns) return ok();
    const int64_t time_ns = scenario.start_ns + at_ns;
    const std::string keys = keys_of(feed, k);
    std::string text = fmt::format(R"({{"type":"observation",{},{}{})", time_field(time_ns), keys,
                                   constant);
    for (const FeedMetric& values : feed.metrics) {
      const Metric* metric = metric_named(plan, values.name);
      const auto value = metric ? value_at(*metric, values, k) : std::nullopt;
      if (!value) {
        return Error{fmt::format("line {}: `{} {}` fits no metric of the policy", feed.line,
                                 values.name, values.low)};
      }
      if (!values.after_ns) {
        text += fmt::format(R"(,"{}":{})", values.name, *value);
        continue;
      }
      const auto [first, last] = *values.after_ns;
      const int64_t known_ns =
          time_ns + first + static_cast<int64_t>(place_of(k) * static_cast<double>(last - first));
      lines.push_back({known_ns, fmt::format(R"({{"type":"label",{},{},"name":"{}","value":{}}})",
                                             time_field(known_ns), keys, values.name, *value)});
    }
    lines.push_back({time_ns, text + "}"});
  }
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text) {
  Parser parser;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (Status taken = parser.take(text.substr(0, end)); !taken) return taken.error();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const Scenario& scenario = parser.scenario;
  if (scenario.policy.empty() || scenario.start_ns == 0 || scenario.end.empty()) {
    return Error{"a scenario needs `policy`, `start` and `end`"};
  }
  return parser.scenario;
}

Result<std::vector<std::string>> event_lines(const Scenario& scenario, const Plan& plan) {
  std::vector<TimedLine> lines;
  for (const Feed& feed : scenario.feeds) {
    if (Status added = add_feed(scenario, plan, feed, lines); !added) return added.error();
  }
  for (const SourceEvent& source : scenario.sources) {
    const int64_t time_ns = scenario.start_ns + source.at_ns;
    lines.push_back({time_ns, fmt::format(R"({{"type":"source",{},"ok":{},"reason":"{}"}})",
                                          time_field(time_ns), source.ok, source.reason)});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const TimedLine& a, const TimedLine& b) {
    return a.time_ns < b.time_ns;
  });
  std::vector<std::string> texts;
  for (TimedLine& line : lines) texts.push_back(std::move(line.text));
  return texts;
}

}  // namespace rel::scenario
