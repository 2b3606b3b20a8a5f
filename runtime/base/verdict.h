// Three-valued truth. Unknown is a value with a cause; none of its causes is `false`, none is zero.
#pragma once

#include <cstdint>

namespace rel {

// Why a number or a comparison is not known. Causes are bits, so that the union over an expression
// is one `or`; where one must be named, the highest bit has precedence.
enum Cause : uint8_t {
  cause_none = 0,
  cause_insufficient = 1,  // fewer samples than the minimum, or arithmetic without a finite result
  cause_no_data = 2,       // no sample at all
  cause_source_error = 4,  // a source that failed
};

// The verdict of a predicate. An unknown verdict is its cause shifted by one.
enum class Verdict : uint8_t {
  is_false = 0,
  is_true = 1,
  insufficient = cause_insufficient << 1,
  no_data = cause_no_data << 1,
  source_error = cause_source_error << 1,
};

constexpr bool is_unknown(Verdict v) { return static_cast<uint8_t>(v) > 1; }

// The cause with precedence among the bits of `causes` (source_error, no_data, insufficient).
constexpr Cause worst_cause(uint8_t causes) {
  if (causes & cause_source_error) return cause_source_error;
  if (causes & cause_no_data) return cause_no_data;
  return causes & cause_insufficient ? cause_insufficient : cause_none;
}

constexpr Verdict unknown_because(uint8_t causes) {
  return static_cast<Verdict>(worst_cause(causes) << 1);
}

constexpr Cause cause_of(Verdict v) {
  return is_unknown(v) ? static_cast<Cause>(static_cast<uint8_t>(v) >> 1) : cause_none;
}

}  // namespace rel
