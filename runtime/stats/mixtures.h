// The mixture supermartingales of Howard et al. (AoS 2021) and their boundaries.
// Input: a sum s of centred values, an intrinsic time v >= 0 (variance, predictable), a tuning rho
// > 0. Output: log E of the mixture; the boundary u(v) that s crosses ever with probability at most
// alpha. NaN where the inputs have no meaning.
//
// normal: sub-Gaussian s (Props 3 and S1, S2; eq 3.14). gamma-exponential: sub-exponential with
// scale c (Prop 9, S5), used for bounded means. gamma-Poisson: sub-Poisson with scale c (Prop 10,
// S4).
#pragma once

namespace rel::stats {

double normal_mixture_log_e(double s, double v, double rho);
double normal_mixture_one_sided_log_e(double s, double v, double rho);
double gamma_exponential_log_e(double s, double v, double rho, double c);
double gamma_poisson_log_e(double s, double v, double rho, double c);

double normal_mixture_bound(double v, double rho, double alpha);  // of |s|
double normal_mixture_one_sided_bound(double v, double rho, double alpha);
double gamma_exponential_bound(double v, double rho, double c, double alpha);
double gamma_poisson_bound(double v, double rho, double c, double alpha);

// Tuning for v_opt: v_opt / c(alpha) two-sided, v_opt / c(2 alpha) one-sided.
double mixture_rho(double v_opt, double alpha);
double mixture_rho_one_sided(double v_opt, double alpha);

}  // namespace rel::stats
