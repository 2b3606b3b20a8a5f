// Numbers of a plan as text: for people in the unit they would write, for programs in base units
// with the unit's name beside them.
#pragma once

#include <string>
#include <string_view>

#include "runtime/plan/plan.h"

namespace rel {

// `512ms`, `2.3%`, `1.5pp`, `1,024`, `4kB`, `120/s`: four significant digits.
std::string quantity_text(double value, PlanUnit unit);

// As quantity_text, but every digit that tells the value from its neighbours.
std::string exact_quantity_text(double value, PlanUnit unit);

// Name of the base unit: `number`, `ratio`, `points`, `s`, `B`, `tokens`, `requests`, `1/s`, `usd`,
// `eur`.
std::string_view unit_name(PlanUnit unit);

// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

// A finite number as JSON, the shortest form that reads back the same; null when not finite.
std::string json_number(double value);

}  // namespace rel
