#include "compiler/sema/unit.h"

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

struct UnitRow {
  std::string_view name;
  double factor;  // to the base unit
  Unit unit;
};

constexpr std::array<UnitRow, 31> unit_rows = {{
    {"", 1, plain_unit},
    {"k", 1e3, plain_unit},
    {"M", 1e6, plain_unit},
    {"G", 1e9, plain_unit},
    {"%", 1e-2, ratio_unit},
    {"pp", 1e-2, points_unit},
    {"ns", 1e-9, time_unit},
    {"us", 1e-6, time_unit},
    {"ms", 1e-3, time_unit},
    {"s", 1, time_unit},
    {"m", 60, time_unit},
    {"h", 3600, time_unit},
    {"d", 86400, time_unit},
    {"w", 604800, time_unit},
    {"B", 1, bytes_unit},
    {"kB", 1e3, bytes_unit},
    {"MB", 1e6, bytes_unit},
    {"GB", 1e9, bytes_unit},
    {"TB", 1e12, bytes_unit},
    {"KiB", 1024, bytes_unit},
    {"MiB", 1048576, bytes_unit},
    {"GiB", 1073741824, bytes_unit},
    {"TiB", 1099511627776, bytes_unit},
    {"tokens", 1, tokens_unit},
    {"ktokens", 1e3, tokens_unit},
    {"Mtokens", 1e6, tokens_unit},
    {"requests", 1, requests_unit},
    {"request", 1, requests_unit},
    {"token", 1, tokens_unit},
    {"usd", 1, usd_unit},
    {"eur", 1, eur_unit},
}};

const UnitRow* find_unit(std::string_view name) {
  for (const UnitRow& row : unit_rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

// Divisors turn multiples of ten that doubles hold exactly into exact results: 300 / 1000 is the
// double nearest to 0.3, 300 * 0.001 is not.
double scaled(double magnitude, double factor) {
  if (factor >= 1) return magnitude * factor;
  const double divisor = factor == 1e-2 ? 1e2 : factor == 1e-3 ? 1e3 : factor == 1e-6 ? 1e6 : 1e9;
  return magnitude / divisor;
}

bool has_dimension(Unit unit) {
  return unit.time != 0 || unit.bytes != 0 || unit.tokens != 0 || unit.requests != 0 ||
         unit.money != 0;
}

// "120/s" and "2k/m": requests in a time; "1MB/s", "0.2usd/request", "3usd/Mtokens": a quantity in
// a time, or for each request, token or byte.
std::optional<Amount> part_amount(const ast::Quantity::Part& part) {
  const size_t slash = part.unit.find('/');
  if (slash == std::string::npos) {
    const UnitRow* row = find_unit(part.unit);
    if (row == nullptr) return std::nullopt;
    return Amount{scaled(part.magnitude, row->factor), row->unit};
  }
  const std::string_view whole = part.unit;
  const UnitRow* above = find_unit(whole.substr(0, slash));
  const UnitRow* below = find_unit(whole.substr(slash + 1));
  if (above == nullptr || below == nullptr || !has_dimension(below->unit)) return std::nullopt;
  const bool of_time = below->unit == time_unit;
  const Unit counted = above->unit == plain_unit && of_time ? requests_unit : above->unit;
  const std::optional<Unit> rate = divide(counted, below->unit);
  if (!rate) return std::nullopt;
  return Amount{scaled(part.magnitude, above->factor) / below->factor, *rate};
}

constexpr int exponent_max = 4;  // beyond it no policy measures anything

// Adds `sign` times the exponents of `b` to those of `a`; scales are the caller's.
std::optional<Unit> combine(Unit a, Unit b, int sign) {
  const bool currencies_differ =
      a.currency != Currency::none && b.currency != Currency::none && a.currency != b.currency;
  if (currencies_differ) return std::nullopt;
  Unit result;
  const auto exponent = [&](int8_t x, int8_t y) { return static_cast<int8_t>(x + sign * y); };
  result.time = exponent(a.time, b.time);
  result.bytes = exponent(a.bytes, b.bytes);
  result.tokens = exponent(a.tokens, b.tokens);
  result.requests = exponent(a.requests, b.requests);
  result.money = exponent(a.money, b.money);
  for (const int8_t power : {result.time, result.bytes, result.tokens, result.requests,
                             result.money}) {
    if (std::abs(power) > exponent_max) return std::nullopt;
  }
  if (result.money != 0) {
    result.currency = a.currency != Currency::none ? a.currency : b.currency;
  }
  return result;
}

Scale product_scale(Scale a, Scale b) {
  if (a == Scale::points || b == Scale::points) return a == b ? Scale::plain : Scale::points;
  return a == Scale::ratio || b == Scale::ratio ? Scale::ratio : Scale::plain;
}

Scale quotient_scale(Scale a, Scale b) { return b == Scale::plain ? a : Scale::plain; }

std::string power_text(std::string_view name, int power) {
  return power == 1 ? std::string{name} : fmt::format("{}^{}", name, power);
}

}  // namespace

std::optional<Unit> multiply(Unit a, Unit b) {
  std::optional<Unit> result = combine(a, b, 1);
  if (result && !has_dimension(*result)) result->scale = product_scale(a.scale, b.scale);
  return result;
}

std::optional<Unit> divide(Unit a, Unit b) {
  std::optional<Unit> result = combine(a, b, -1);
  if (result && !has_dimension(*result)) {
    result->scale = has_dimension(a) ? Scale::plain : quotient_scale(a.scale, b.scale);
  }
  return result;
}

std::optional<Unit> add(Unit a, Unit b) {
  if (a == b) return a;
  const bool shifts =
      (a == ratio_unit && b == points_unit) || (a == points_unit && b == ratio_unit);
  return shifts ? std::optional<Unit>{ratio_unit} : std::nullopt;
}

std::optional<Unit> subtract(Unit a, Unit b) {
  if (a == ratio_unit && b == ratio_unit) return points_unit;
  if (a == ratio_unit && b == points_unit) return ratio_unit;
  return a == b ? std::optional<Unit>{a} : std::nullopt;
}

std::string describe(Unit unit) {
  if (unit == plain_unit) return "a plain number";
  if (unit == ratio_unit) return "a ratio";
  if (unit == points_unit) return "a difference of ratios";
  if (unit == time_unit) return "a duration";
  if (unit == bytes_unit) return "a number of bytes";
  if (unit == tokens_unit) return "a number of tokens";
  if (unit == requests_unit) return "a number of requests";
  if (unit == usd_unit) return "an amount in usd";
  if (unit == eur_unit) return "an amount in eur";
  const std::string_view money = unit.currency == Currency::eur ? "eur" : "usd";
  const std::pair<std::string_view, int> powers[] = {{"time", unit.time},
                                                     {"bytes", unit.bytes},
                                                     {"tokens", unit.tokens},
                                                     {"requests", unit.requests},
                                                     {money, unit.money}};
  std::string above;
  std::string below;
  for (const auto& [name, power] : powers) {
    if (power > 0) above += (above.empty() ? "" : " ") + power_text(name, power);
    if (power < 0) below += " / " + power_text(name, -power);
  }
  return "a quantity in " + (above.empty() ? std::string{"1"} : above) + below;
}

std::string literal_text(double value, Unit unit) {
  if (const std::optional<PlanUnit> printable = plan_unit(unit)) {
    return number_text(value, *printable);
  }
  const std::pair<std::string_view, int> powers[] = {
      {unit.currency == Currency::eur ? "eur" : "usd", unit.money},
      {"B", unit.bytes},
      {"tokens", unit.tokens},
      {"requests", unit.requests},
      {"s", unit.time}};
  std::string above;
  std::string below;
  for (const auto& [name, power] : powers) {
    if (power > 0) above += (above.empty() ? "" : "*") + power_text(name, power);
    if (power < 0) below += "/" + power_text(name, -power);
  }
  return fmt::format("{:.10g}{}{}", value, above, below);
}

std::optional<PlanUnit> plan_unit(Unit unit) {
  if (unit == plain_unit) return PlanUnit::number;
  if (unit == ratio_unit) return PlanUnit::ratio;
  if (unit == points_unit) return PlanUnit::points;
  if (unit == time_unit) return PlanUnit::seconds;
  if (unit == bytes_unit) return PlanUnit::bytes;
  if (unit == tokens_unit) return PlanUnit::tokens;
  if (unit == requests_unit) return PlanUnit::requests;
  if (unit == usd_unit) return PlanUnit::usd;
  if (unit == eur_unit) return PlanUnit::eur;
  if (unit == Unit{.time = -1, .requests = 1}) return PlanUnit::per_second;
  return std::nullopt;
}

Unit unit_of(PlanUnit unit) {
  switch (unit) {
    case PlanUnit::number: return plain_unit;
    case PlanUnit::ratio: return ratio_unit;
    case PlanUnit::points: return points_unit;
    case PlanUnit::seconds: return time_unit;
    case PlanUnit::bytes: return bytes_unit;
    case PlanUnit::tokens: return tokens_unit;
    case PlanUnit::requests: return requests_unit;
    case PlanUnit::usd: return usd_unit;
    case PlanUnit::eur: return eur_unit;
    case PlanUnit::per_second: return Unit{.time = -1, .requests = 1};
  }
  return plain_unit;
}

QuantityAmount amount_of(const ast::Quantity& quantity) {
  QuantityAmount result;
  Amount total;
  double previous = 0;  // magnitude of the unit before: 1h30m falls, 30m1h is a slip
  for (size_t index = 0; index < quantity.parts.size(); ++index) {
    const ast::Quantity::Part& part = quantity.parts[index];
    const std::optional<Amount> amount = part_amount(part);
    result.fault.unit = part.unit;
    if (!amount) return result;
    const UnitRow* row = find_unit(part.unit);
    const double factor = row == nullptr ? 0 : row->factor;
    const bool fits = index == 0 || (amount->unit == time_unit && total.unit == time_unit &&
                                     factor < previous);
    if (!fits) {
      result.fault.mixed = true;
      return result;
    }
    total.value = index == 0 ? amount->value : total.value + amount->value;
    total.unit = amount->unit;
    previous = factor;
  }
  result.amount = total;
  return result;
}

std::vector<std::string_view> unit_names() {
  std::vector<std::string_view> names;
  for (const UnitRow& row : unit_rows) names.push_back(row.name);
  return names;
}

}  // namespace rel::sema
