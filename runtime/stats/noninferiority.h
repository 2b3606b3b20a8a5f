// Promotion's questions: not worse by more than a margin, better, the same within a margin.
// Input: an estimate with its standard error and the number of values (asymptotic.h); a margin >= 0
// in the metric's unit. Output: five answers that hold at every look at level alpha each.
//
// Two one-sided asymptotic bounds at alpha each; equivalence needs both and no correction (TOST).
// As e-processes: log_e_equivalent is the smaller of the two one-sided ones.
#pragma once

#include <cstdint>

#include "runtime/stats/asymptotic.h"

namespace rel::stats {

enum class Better : uint8_t { higher, lower };

struct Comparison {
  double half_one;    // distance of each one-sided bound from the estimate; NaN: nothing is known
  bool noninferior;   // lower bound > -margin
  bool superior;      // lower bound > 0
  bool inferior;      // upper bound < -margin
  bool equivalent;    // lower bound > -margin and upper bound < margin
  bool futile;        // upper bound < 0: it will not become better
};

// With half_one NaN every answer is false and none is known.
Comparison compare_with_margin(const MeanDifference& d, double margin, Better better, double rho2,
                               double alpha);

// H0: the difference is at or beyond either margin. The minimum of two e-processes is one.
double log_e_equivalent(const MeanDifference& d, double margin, double rho2);

}  // namespace rel::stats
