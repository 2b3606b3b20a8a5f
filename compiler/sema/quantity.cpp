// Quantities in places that want one kind of them.
#include <cmath>

#include <fmt/format.h>

#include "compiler/sema/context.h"
#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

std::optional<Amount> wrong_quantity(const Context& context, const ast::Quantity& quantity,
                                     std::string_view what, std::string_view wanted,
                                     const Amount& amount) {
  context.diagnostics
      .report(Code::wrong_quantity, quantity.span, fmt::format("{} must be {}", what, wanted))
      .primary("this is " + describe(amount.unit));
  return std::nullopt;
}

void out_of_range(const Context& context, const ast::Quantity& quantity, std::string message,
                  std::string help) {
  context.diagnostics.report(Code::out_of_range, quantity.span, std::move(message))
      .with_help(std::move(help));
}

}  // namespace

std::optional<Amount> read_amount(const Context& context, const ast::Quantity& quantity) {
  if (!quantity.parameter.empty()) {
    for (const Bound& bound : context.bound)
      if (bound.name == quantity.parameter) return bound.amount;
    return std::nullopt;  // its declaration has an error, which has been reported
  }
  QuantityAmount read = amount_of(quantity);
  if (read.amount && std::isfinite(read.amount->value)) return read.amount;
  if (read.amount) {
    out_of_range(context, quantity, "this number is too large", "write a smaller one");
    return std::nullopt;
  }
  const std::string& unit = read.fault.unit;
  if (read.fault.mixed) {
    context.diagnostics
        .report(Code::unknown_unit, quantity.span,
                fmt::format("the part in `{}` does not belong to this quantity", unit))
        .with_help("only durations have parts, from the largest unit to the smallest: `1h30m`");
    return std::nullopt;
  }
  Diagnostic& diagnostic = context.diagnostics.report(
      Code::unknown_unit, quantity.span, fmt::format("there is no unit `{}`", unit));
  const std::vector<std::string_view> names = unit_names();
  const std::string_view near = nearest_name(unit, names);
  if (!near.empty()) diagnostic.with_help(fmt::format("did you mean `{}`?", near));
  diagnostic.with_help("durations are in ns, us, ms, s, m, h, d or w, sizes in B, kB, MB or GB, "
                       "shares in % or pp, amounts in usd or eur; `k` and `M` count");
  return std::nullopt;
}

std::optional<Time> read_time(const Context& context, const ast::Quantity& quantity,
                              std::string_view what) {
  std::optional<Amount> amount = read_amount(context, quantity);
  if (amount && amount->unit != time_unit) {
    amount = wrong_quantity(context, quantity, what, "a duration, such as `20s` or `5m`", *amount);
  }
  if (!amount) return std::nullopt;
  const double ns = std::round(amount->value * 1e9);
  const bool fits = ns >= static_cast<double>(limits::duration_ns_min) &&
                    ns <= static_cast<double>(limits::duration_ns_max);
  if (!fits) {
    out_of_range(context, quantity, fmt::format("{} is out of range", what),
                 fmt::format("durations go from {} to {}",
                             exact_duration_text(limits::duration_ns_min),
                             exact_duration_text(limits::duration_ns_max)));
    return std::nullopt;
  }
  return Time{static_cast<int64_t>(ns), quantity.span};
}

std::optional<Share> read_share(const Context& context, const ast::Quantity& quantity,
                                std::string_view what) {
  std::optional<Amount> amount = read_amount(context, quantity);
  if (amount && amount->unit != ratio_unit) {
    amount = wrong_quantity(context, quantity, what, "a share, such as `10%`", *amount);
  }
  if (!amount) return std::nullopt;
  const double millionths = std::round(amount->value * 1e6);
  if (millionths < 1 || millionths > 1e6) {
    out_of_range(context, quantity, fmt::format("{} is out of range", what),
                 "shares go from 0.0001% to 100%");
    return std::nullopt;
  }
  if (std::fabs(millionths - amount->value * 1e6) > 1e-6) {
    out_of_range(context, quantity, fmt::format("{} is finer than a millionth", what),
                 "shares have at most four digits after the point");
    return std::nullopt;
  }
  return Share{static_cast<uint32_t>(millionths), quantity.span};
}

std::optional<uint32_t> read_count(const Context& context, const ast::Quantity& quantity,
                                   std::string_view what) {
  std::optional<Amount> amount = read_amount(context, quantity);
  if (amount && amount->unit != plain_unit && amount->unit != requests_unit) {
    amount = wrong_quantity(context, quantity, what, "a number, such as `200` or `50k`", *amount);
  }
  if (!amount) return std::nullopt;
  constexpr double count_max = 1e9;
  if (amount->value < 1 || amount->value > count_max ||
      std::round(amount->value) != amount->value) {
    out_of_range(context, quantity, fmt::format("{} is out of range", what),
                 "write a whole number from 1 to 1000M");
    return std::nullopt;
  }
  return static_cast<uint32_t>(amount->value);
}

}  // namespace rel::sema
