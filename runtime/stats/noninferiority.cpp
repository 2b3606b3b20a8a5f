// Non-inferiority, superiority and equivalence.
#include "runtime/stats/noninferiority.h"

#include <limits>

namespace rel::stats {

Comparison compare_with_margin(const MeanDifference& d, double margin, Better better, double rho2,
                               double alpha) {
  Comparison answer{};
  answer.half_one = margin >= 0 ? asymptotic_half_one_sided(d, rho2, alpha)
                                : std::numeric_limits<double>::quiet_NaN();
  const double gain = better == Better::higher ? d.estimate : -d.estimate;
  const double low = gain - answer.half_one;
  const double high = gain + answer.half_one;
  answer.noninferior = low > -margin;
  answer.superior = low > 0;
  answer.inferior = high < -margin;
  answer.equivalent = low > -margin && high < margin;
  answer.futile = high < 0;
  return answer;
}

double log_e_equivalent(const MeanDifference& d, double margin, double rho2) {
  if (!(margin >= 0)) return std::numeric_limits<double>::quiet_NaN();
  const double above_lower = asymptotic_log_e_greater(d, -margin, rho2);
  const MeanDifference mirrored{-d.estimate, d.standard_error, d.n};
  const double below_upper = asymptotic_log_e_greater(mirrored, -margin, rho2);
  // NaN in either is NaN in both: they share the difference.
  return above_lower < below_upper ? above_lower : below_upper;
}

}  // namespace rel::stats
