// The predicate of the performance targets as a person would write it in C++ for speed.
#pragma once

#include <cstdint>

namespace rel::bench {

// `p99_c > 1.2 * p99_b && err_c > 0.02 && n_c > 1000 || drift > 0.2 && acc_c < acc_b - 0.02`, with
// three values, over the frame in the order p99_c, p99_b, err_c, n_c, drift, acc_c, acc_b.
// The form of PredicateFn; without branches; compiled with -O3.
uint8_t reference_predicate(const double* values, const uint8_t* causes, const uint8_t* sustained);

}  // namespace rel::bench
