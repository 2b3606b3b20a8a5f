// Quantities written as strings with a unit, as events may carry them: "12.3ms", "93%", "4kB".
#pragma once

#include <optional>
#include <string_view>

#include "runtime/plan/plan.h"

namespace rel {

// The value in base units; nothing when the text is not a finite number with a unit of this kind.
// Times may have several parts, large to small ("1m30s"); other quantities have one.
std::optional<double> parse_quantity(std::string_view text, PlanUnit unit);

// What to write instead, for messages: `a number of seconds or a string such as "12.3ms"`.
std::string_view quantity_example(PlanUnit unit);

}  // namespace rel
