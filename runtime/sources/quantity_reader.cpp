#include "runtime/sources/quantity_reader.h"

#include <charconv>
#include <cmath>
#include <span>

#include "runtime/base/check.h"

namespace rel {
namespace {

// A unit is `multiply / divide` base units; both are exact, so "12.3ms" is the double nearest to
// 12.3 divided by 1000.
struct UnitWord {
  std::string_view word;
  double multiply;
  double divide;
};

constexpr UnitWord time_words[] = {{"w", 604800, 1}, {"d", 86400, 1}, {"h", 3600, 1},
                                   {"m", 60, 1},     {"s", 1, 1},     {"ms", 1, 1e3},
                                   {"us", 1, 1e6},   {"ns", 1, 1e9}};
constexpr UnitWord byte_words[] = {{"GiB", 1073741824, 1}, {"GB", 1e9, 1}, {"MiB", 1048576, 1},
                                   {"MB", 1e6, 1},         {"KiB", 1024, 1}, {"kB", 1e3, 1},
                                   {"B", 1, 1}};
constexpr UnitWord ratio_words[] = {{"%", 1, 100}};
constexpr UnitWord points_words[] = {{"pp", 1, 100}};
constexpr UnitWord count_words[] = {{"k", 1e3, 1}, {"M", 1e6, 1}, {"G", 1e9, 1}};
constexpr UnitWord usd_words[] = {{"usd", 1, 1}};
constexpr UnitWord eur_words[] = {{"eur", 1, 1}};
constexpr UnitWord rate_words[] = {{"/s", 1, 1}, {"/m", 1, 60}, {"/h", 1, 3600}};

std::span<const UnitWord> words_of(PlanUnit unit) {
  switch (unit) {
    case PlanUnit::number:
    case PlanUnit::tokens:
    case PlanUnit::requests: return count_words;
    case PlanUnit::ratio: return ratio_words;
    case PlanUnit::points: return points_words;
    case PlanUnit::seconds: return time_words;
    case PlanUnit::bytes: return byte_words;
    case PlanUnit::usd: return usd_words;
    case PlanUnit::eur: return eur_words;
    case PlanUnit::per_second: return rate_words;
  }
  REL_CHECK(false);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes a number without sign from the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

// Takes a unit, matched to the end of the word, from the front of `text`.
const UnitWord* take_unit(std::string_view& text, std::span<const UnitWord> words) {
  size_t length = 0;
  while (length < text.size() && !is_digit(text[length])) ++length;
  for (const UnitWord& word : words) {
    if (word.word != text.substr(0, length)) continue;
    text.remove_prefix(length);
    return &word;
  }
  return nullptr;
}

}  // namespace

std::optional<double> parse_quantity(std::string_view text, PlanUnit unit) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::span<const UnitWord> words = words_of(unit);
  const UnitWord* previous = nullptr;
  double sum = 0;
  do {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const UnitWord* word = take_unit(text, words);
    if (!word || (previous && word <= previous)) return std::nullopt;
    if (previous && unit != PlanUnit::seconds) return std::nullopt;
    sum += *number * word->multiply / word->divide;
    previous = word;
  } while (!text.empty());
  if (!std::isfinite(sum)) return std::nullopt;
  return negative ? -sum : sum;
}

std::string_view quantity_example(PlanUnit unit) {
  switch (unit) {
    case PlanUnit::number: return "a number or a string such as \"1.5k\"";
    case PlanUnit::ratio: return "a share of one or a string such as \"93%\"";
    case PlanUnit::points: return "a share of one or a string such as \"2pp\"";
    case PlanUnit::seconds: return "a number of seconds or a string such as \"12.3ms\"";
    case PlanUnit::bytes: return "a number of bytes or a string such as \"4kB\"";
    case PlanUnit::tokens: return "a number of tokens or a string such as \"1.5k\"";
    case PlanUnit::requests: return "a number of requests or a string such as \"1.5k\"";
    case PlanUnit::per_second: return "a number a second or a string such as \"120/s\"";
    case PlanUnit::usd: return "a number of dollars or a string such as \"1.25usd\"";
    case PlanUnit::eur: return "a number of euros or a string such as \"1.25eur\"";
  }
  REL_CHECK(false);
}

}  // namespace rel
