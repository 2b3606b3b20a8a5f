// Units of the policy language: what a number measures, and how units combine.
// Input: quantities as written. Output: amounts in base units (seconds, shares of one, bytes,
// tokens, requests, dollars or euros) with their unit. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/syntax/ast.h"
#include "runtime/plan/plan.h"

namespace rel::sema {

enum class Currency : uint8_t { none, usd, eur };

// How a number without dimension is read: as itself, a share of one, or a difference of shares.
enum class Scale : uint8_t { plain, ratio, points };

// Exponents of the dimensions, and the scale of a number that has none.
struct Unit {
  int8_t time = 0;
  int8_t bytes = 0;
  int8_t tokens = 0;
  int8_t requests = 0;
  int8_t money = 0;
  Currency currency = Currency::none;
  Scale scale = Scale::plain;

  friend bool operator==(const Unit&, const Unit&) = default;
};

inline constexpr Unit plain_unit{};
inline constexpr Unit ratio_unit{.scale = Scale::ratio};
inline constexpr Unit points_unit{.scale = Scale::points};
inline constexpr Unit time_unit{.time = 1};
inline constexpr Unit bytes_unit{.bytes = 1};
inline constexpr Unit tokens_unit{.tokens = 1};
inline constexpr Unit requests_unit{.requests = 1};
inline constexpr Unit usd_unit{.money = 1, .currency = Currency::usd};
inline constexpr Unit eur_unit{.money = 1, .currency = Currency::eur};

// "a duration", "a ratio", "a number of bytes", "a rate (requests / time)"; reads after "this is".
std::string describe(Unit unit);

// A number as a policy writes it: `300ms`, `0.02usd/requests`.
std::string literal_text(double value, Unit unit);

// No value: the product has no meaning (two currencies) or too large exponents.
std::optional<Unit> multiply(Unit a, Unit b);
std::optional<Unit> divide(Unit a, Unit b);
// Ratios differ by points, points shift a ratio. No value: the two do not add.
std::optional<Unit> add(Unit a, Unit b);
std::optional<Unit> subtract(Unit a, Unit b);

// A unit that is one dimension to the power of one, which a plan can print.
std::optional<PlanUnit> plan_unit(Unit unit);
Unit unit_of(PlanUnit unit);

struct Amount {
  double value = 0;  // base units
  Unit unit;
};

// The first part whose unit does not exist, or that does not fit the part before it.
struct QuantityFault {
  std::string unit;
  bool mixed = false;  // the unit exists, the parts do not belong together
};

struct QuantityAmount {
  std::optional<Amount> amount;
  QuantityFault fault;
};

QuantityAmount amount_of(const ast::Quantity& quantity);

// Every unit a quantity may carry, for suggestions.
std::vector<std::string_view> unit_names();

}  // namespace rel::sema
