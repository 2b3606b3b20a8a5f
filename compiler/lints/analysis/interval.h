// Ranges of numbers and the truth of conditions, whatever the data: interval analysis over the
// units of a policy. Input: typed expressions. Output: what is certain. Unknown data is not judged:
// "never" and "always" mean for every value that is known.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "compiler/sema/typed.h"

namespace rel::lints {

struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;   // `low` itself is not in it
  bool high_open = false;

  bool is_empty() const;
  bool is_point() const { return low == high && !low_open && !high_open; }
};

Interval intersect(const Interval& a, const Interval& b);
bool is_inside(const Interval& inner, const Interval& outer);

// What a number of the policy can be: a rate lies between 0 and 1, a duration is not negative.
Interval range_of(const sema::TypedPolicy& policy, sema::TypedId number);

// A comparison of one aggregate with a constant, as the values that make it true.
struct Limit {
  sema::TypedId comparison;
  uint32_t aggregate = 0;  // row of TypedPolicy::aggregates
  Interval allowed;
  bool folded = false;     // `in any region`: true of some segment only
};
std::optional<Limit> limit_of(const sema::TypedPolicy& policy, sema::TypedId comparison);

// The same function of the same metric and arm; whether over the same window is asked apart.
bool same_number(const sema::TypedAggregate& a, const sema::TypedAggregate& b);
bool same_window(const sema::TypedAggregate& a, const sema::TypedAggregate& b);

// The operands of a chain of `and` (or `or`), through `for`.
std::vector<sema::TypedId> operands_of(const sema::TypedPolicy& policy, sema::TypedId condition,
                                       Op chain);

enum class Truth : uint8_t { maybe, never, always };

struct Judgement {
  Truth truth = Truth::maybe;
  sema::TypedId first;   // the comparison that decides, or two that do together
  sema::TypedId second;
};

Judgement judge(const sema::TypedPolicy& policy, sema::TypedId condition);

}  // namespace rel::lints
