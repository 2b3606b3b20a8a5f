// Rounding for people happens here and nowhere else.
#include "runtime/stage/quantity_text.h"

#include <cmath>
#include <span>

#include <fmt/format.h>

#include "runtime/base/check.h"

namespace rel {
namespace {

enum class Digits { four, all };

// Commas between groups of three in the integer part of a number without exponent.
std::string grouped(std::string text) {
  if (text.find_first_of("eni") != std::string::npos) return text;  // 1e+20, nan, inf
  const size_t first = text[0] == '-' ? 1 : 0;
  size_t at = text.find('.');
  if (at == std::string::npos) at = text.size();
  while (at > first + 3) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string number_text(double value, Digits digits) {
  if (digits == Digits::all) return grouped(fmt::format("{}", value));
  const double size = std::fabs(value);
  if (size >= 1000 && size < 1e15) return grouped(fmt::format("{:.0f}", value));
  return grouped(fmt::format("{:.4g}", value));
}

struct Scale {
  double from;  // smallest magnitude that is written with this suffix
  double factor;
  const char* suffix;
};

// The first row whose magnitude is reached; the last row takes what is smaller.
std::string scaled_text(double value, std::span<const Scale> scales, Digits digits) {
  const Scale* scale = &scales[0];
  for (const Scale& row : scales) {
    scale = &row;
    if (std::fabs(value) >= row.from) break;
  }
  return number_text(value * scale->factor, digits) + scale->suffix;
}

// Just below a power of ten counts as that power, so that nothing is written as `1,000ms`.
constexpr double nearly = 0.99995;
constexpr Scale time_scales[] = {
    {nearly, 1, "s"}, {nearly * 1e-3, 1e3, "ms"}, {nearly * 1e-6, 1e6, "us"}, {0, 1e9, "ns"}};
constexpr Scale byte_scales[] = {
    {nearly * 1e9, 1e-9, "GB"}, {nearly * 1e6, 1e-6, "MB"}, {nearly * 1e3, 1e-3, "kB"},
    {0, 1, "B"}};

std::string text_of(double value, PlanUnit unit, Digits digits) {
  switch (unit) {
    case PlanUnit::number: return number_text(value, digits);
    case PlanUnit::usd: return number_text(value, digits) + " usd";
    case PlanUnit::eur: return number_text(value, digits) + " eur";
    case PlanUnit::ratio: return number_text(value * 100, digits) + "%";
    case PlanUnit::points: return number_text(value * 100, digits) + "pp";
    case PlanUnit::seconds:
      return value == 0 ? "0s" : scaled_text(value, time_scales, digits);
    case PlanUnit::bytes: return scaled_text(value, byte_scales, digits);
    case PlanUnit::tokens: return number_text(value, digits) + " tokens";
    case PlanUnit::requests: return number_text(value, digits);
    case PlanUnit::per_second: return number_text(value, digits) + "/s";
  }
  REL_CHECK(false);
}

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  const bool too_large = lead == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

std::string quantity_text(double value, PlanUnit unit) {
  return text_of(value, unit, Digits::four);
}

std::string exact_quantity_text(double value, PlanUnit unit) {
  return text_of(value, unit, Digits::all);
}

std::string_view unit_name(PlanUnit unit) {
  switch (unit) {
    case PlanUnit::number: return "number";
    case PlanUnit::ratio: return "ratio";
    case PlanUnit::points: return "points";
    case PlanUnit::seconds: return "s";
    case PlanUnit::bytes: return "B";
    case PlanUnit::tokens: return "tokens";
    case PlanUnit::requests: return "requests";
    case PlanUnit::usd: return "usd";
    case PlanUnit::eur: return "eur";
    case PlanUnit::per_second: return "1/s";
  }
  REL_CHECK(false);
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text[0];
    const size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

std::string json_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

}  // namespace rel
