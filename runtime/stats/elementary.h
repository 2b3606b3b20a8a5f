// Logarithm and exponential from one routine of ours, so that an evidence value is the same bits on
// every host and in every evaluator.
// Input: any double. Output: within one unit in the last place. Only IEEE additions,
// multiplications and divisions in a fixed order, round to nearest; no table, no libm. The tree is
// compiled with -ffp-contract=off, which this depends on.
//
// Special values are those of C99: log(0) = -inf, log(x < 0) = NaN, exp(-inf) = 0, NaN stays NaN.
#pragma once

namespace rel::elementary {

double log(double x);
double log1p(double x);  // log(1 + x), accurate near 0
double exp(double x);
double expm1(double x);  // exp(x) - 1, accurate near 0

}  // namespace rel::elementary
