// Group sequential bounds for batch comparisons with a known end: a few planned looks.
// Input: the information fraction of each look, ascending in (0, 1]; the one-sided level; how it is
// spent. Output: the level spent up to each look and the z value to exceed there. Empty where the
// inputs have no meaning.
//
// Lan and DeMets (1983) spending functions; boundaries by the recursion of Armitage, McPherson and
// Rowe (1969) on a grid, to about 1e-6.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rel::stats {

enum class Spending : uint8_t {
  obrien_fleming,  // 2 - 2 Phi(z_{alpha/2} / sqrt(t))
  pocock,          // alpha log(1 + (e - 1) t)
};

struct Look {
  double spent;
  double z;
};

std::vector<Look> group_sequential_bounds(std::span<const double> fractions, double alpha,
                                          Spending spending);

}  // namespace rel::stats
