// Special functions in log space: gamma and beta functions, their incomplete forms and the normal
// distribution, with both tails good to about 1e-13 relative to max(1, |log|) however far out.
// Input: doubles. Output: natural logarithms; NaN where an argument has no meaning or a continued
// fraction did not converge (shape parameters far above 1e9 near the mode). Never a floor: -inf is
// the only value for "no mass".
//
// Boost.Math gives the inverses (normal quantile, Lambert W). Its incomplete beta and gamma
// functions underflow to 0 in the tails, where a floor under the logarithm made a one-sided test
// fire on healthy data; so those are ours.
#pragma once

#include <span>

namespace rel::stats {

// log(sum exp(x)); -inf for an empty span.
double log_sum_exp(std::span<const double> x);

// log of the arithmetic mean of exp(x).
double log_mean_exp(std::span<const double> x);

// log(exp(a) + exp(b)).
double log_add_exp(double a, double b);

// log(1 - exp(x)), x <= 0.
double log1m_exp(double x);

// log Gamma(x), x > 0.
double log_gamma(double x);

// log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2): what Stirling's formula leaves, x > 0.
double stirling_error(double x);

// x log(x / m) + m - x for x >= 0, m > 0, with excess = x - m given by the caller, who may know it
// without cancellation. Poisson deviance in the saddle-point form of Loader (2000).
double deviance(double x, double m, double excess);

// log B(a, b) - a log p - b log q with q = 1 - p and excess = a - (a + b) p. Every mixture e-value
// of counts is a difference of two of these; the large terms cancel here before they are computed.
double log_beta_over(double a, double b, double p, double q, double excess);

struct LogTails {
  double lower;  // log P(X <= x)
  double upper;  // log P(X > x)
};

// Both tails of Beta(a, b) at p: the continued fraction of DLMF 8.17.22 for the smaller one.
LogTails log_beta_tails(double a, double b, double p);

// The same with q = 1 - p and excess = a - (a + b) p given.
LogTails log_beta_tails(double a, double b, double p, double q, double excess);

// Both tails of Gamma(shape a, rate 1) at y: series of DLMF 8.7.1 below a + 1, continued fraction
// of DLMF 8.9.2 above.
LogTails log_gamma_tails(double a, double y);

// log of the upper incomplete gamma function times y^-a, for any real a, y > 0.
double log_upper_gamma_scaled(double a, double y);

// log of the lower incomplete gamma function times y^-a, that is log(M(a, a + 1, -y) / a), for a >
// 0 and any real y.
double log_lower_gamma_scaled(double a, double y);

// log Phi(z), z any.
double log_normal_cdf(double z);

// The z with 1 - Phi(z) = tail, 0 < tail < 1.
double normal_upper_quantile(double tail);

// Phi(z).
double normal_cdf(double z);

// The branch W_-1 of Lambert's function, -1/e <= x < 0.
double lambert_w_lower(double x);

}  // namespace rel::stats
