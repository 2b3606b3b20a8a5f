// Golden groups of rates: beta-binomial, ratio grids, RIPr, counts, sample ratio, quantile ranks.
#include <array>

#include "runtime/stats/beta_binomial.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/pane_grid.h"
#include "runtime/stats/poisson.h"
#include "runtime/stats/quantile.h"
#include "runtime/stats/ripr.h"
#include "runtime/stats/sample_ratio.h"
#include "runtime/stats/special.h"
#include "tests/golden/cases/adapters.h"

namespace rel::test {
namespace {

using namespace rel::stats;

json bb_log_e(const json& in, const json&) {
  const double log_e =
      beta_binomial_log_e(number_of(in.at("s")), number_of(in.at("n")), number_of(in.at("p0")),
                          number_of(in.at("kappa")));
  return {{"log_e", number_json(log_e)}, {"p_value", number_json(evidence_p_value(log_e))}};
}

json bb_log_e_onesided(const json& in, const json&) {
  const double s = number_of(in.at("s")), n = number_of(in.at("n"));
  const double p0 = number_of(in.at("p0")), kappa = number_of(in.at("kappa"));
  return {{"log_e_greater", number_json(beta_binomial_log_e_greater(s, n, p0, kappa))},
          {"log_e_less", number_json(beta_binomial_log_e_less(s, n, p0, kappa))}};
}

json interval_json(const Interval& i) {
  return {{"lo", number_json(i.low)}, {"hi", number_json(i.high)}};
}

json bb_cs_nullcentred(const json& in, const json&) {
  const double kappa = kappa_at_samples(number_of(in.at("n_opt")), number_of(in.at("alpha_opt")));
  if (std::abs(kappa - number_of(in.at("kappa"))) > 1e-9 * kappa) {
    throw BadCase("`kappa` is not the one of `n_opt` and `alpha_opt`");
  }
  return interval_json(rate_interval(number_of(in.at("s")), number_of(in.at("n")), kappa,
                                     number_of(in.at("alpha"))));
}

json bb_cs_fixedprior(const json& in, const json&) {
  return interval_json(rate_interval_fixed_prior(
      number_of(in.at("s")), number_of(in.at("n")), number_of(in.at("a")), number_of(in.at("b")),
      number_of(in.at("alpha"))));
}

json rr_conditional(const json& in, const json&) {
  const double k_c = number_of(in.at("kc")), k_b = number_of(in.at("kb"));
  const double pi = number_of(in.at("pi"));
  const double q0 = conditional_share(pi, number_of(in.at("R0")));
  const double kappa = kappa_at_effect(q0, number_of(in.at("delta")));
  const Interval ratio =
      rate_ratio_interval(k_c, k_b, pi, kappa, number_of(in.at("alpha")));
  const double n = k_c + k_b;
  return {{"q0", q0},
          {"kappa", kappa},
          {"log_e_two", number_json(beta_binomial_log_e(k_c, n, q0, kappa))},
          {"log_e_greater", number_json(beta_binomial_log_e_greater(k_c, n, q0, kappa))},
          {"log_e_less", number_json(beta_binomial_log_e_less(k_c, n, q0, kappa))},
          {"R_lo", number_json(ratio.low)},
          {"R_hi", number_json(ratio.high)}};
}

json rr_grid(const json& in, const json&) {
  std::array<double, ratio_grid_size> sum{};
  for (const json& stage : in.at("stages")) {
    std::array<double, ratio_grid_size> factors{};
    if (!known_share_factors(number_of(stage.at(0)), number_of(stage.at(1)),
                             number_of(stage.at(2)), number_of(in.at("R0")), ratio_grid,
                             factors)) {
      throw BadCase("counts or share that cannot be");
    }
    for (size_t j = 0; j < sum.size(); ++j) sum[j] += factors[j];
  }
  return {{"log_e", number_json(log_mean_exp(sum))}};
}

json rr_pane_grid(const json& in, const json&) {
  PaneGrid state;
  state.r0 = number_of(in.at("R0"));
  json log_e = json::array();
  int64_t id = 0;
  for (const json& pane : in.at("panes_nc_kc_nb_kb")) {
    const auto n = counts_of(pane);
    if (n.size() != 4) throw BadCase("a pane has four counts");
    if (state.update(id++, {n[0], n[1], n[2], n[3]}) == PaneTaken::refused) {
      throw BadCase("counts that cannot be");
    }
    log_e.push_back(number_json(state.log_e()));
  }
  return {{"log_e", log_e}};
}

json ripr_two_bernoulli(const json& in, const json&) {
  const double theta_c = number_of(in.at("theta1")), theta_b = number_of(in.at("theta0"));
  const Projection null =
      reverse_projection(theta_c, theta_b, number_of(in.at("w")), number_of(in.at("d")));
  const auto n = counts_of({in.at("nc"), in.at("kc"), in.at("nb"), in.at("kb")});
  const double log_factor = projection_log_factor({n[0], n[1], n[2], n[3]}, theta_c, theta_b, null);
  return {{"c_star", number_json(null.c)},
          {"b_star", number_json(null.b)},
          {"log_e_increment", number_json(log_factor)}};
}

json poisson_gamma(const json& in, const json&) {
  const double k = number_of(in.at("k")), seconds = number_of(in.at("T"));
  const double rate0 = number_of(in.at("lambda0")), shape = number_of(in.at("shape"));
  return {{"log_e_two", number_json(poisson_log_e(k, seconds, rate0, shape))},
          {"log_e_greater", number_json(poisson_log_e_greater(k, seconds, rate0, shape))}};
}

json srm_dirichlet_multinomial(const json& in, const json&) {
  const double log_e = multinomial_log_e(counts_of(in.at("counts")), numbers_of(in.at("theta0")),
                                         number_of(in.at("kappa")));
  return {{"log_e", number_json(log_e)}, {"p_value", number_json(evidence_p_value(log_e))}};
}

json quantile_cs_ranks(const json& in, const json&) {
  const RankInterval ranks =
      quantile_ranks(in.at("n").get<uint64_t>(), number_of(in.at("p")), number_of(in.at("kappa")),
                     number_of(in.at("alpha")));
  if (!ranks.known) return {{"k_lo", "nan"}, {"k_hi", "nan"}};
  return {{"k_lo", ranks.low}, {"k_hi", ranks.high}};
}

json dkw_time_uniform(const json& in, const json&) {
  const double scale = number_of(in.at("A"));
  const double constant = dkw_constant(number_of(in.at("alpha")), scale);
  const double bound =
      dkw_bound(number_of(in.at("t")), number_of(in.at("t_min")), constant, scale);
  return {{"C", number_json(constant)}, {"bound", number_json(bound)}};
}

// "1..1000" or "1+off..1000+off": whole numbers, ascending.
std::vector<double> range_of(const std::string& text, double offset) {
  const auto end_at = [&](const std::string& part) {
    size_t used = 0;
    const double value = std::stod(part, &used);
    const std::string rest = part.substr(used);
    if (rest != "" && rest != "+off") throw BadCase("`" + text + "` is not a range");
    return rest.empty() ? value : value + offset;
  };
  const size_t dots = text.find("..");
  if (dots == std::string::npos) throw BadCase("`" + text + "` is not a range");
  std::vector<double> values;
  const double last = end_at(text.substr(dots + 2));
  for (double x = end_at(text.substr(0, dots)); x <= last; x += 1) values.push_back(x);
  return values;
}

std::vector<double> samples_of(const json& j, double offset) {
  return j.is_string() ? range_of(j.get<std::string>(), offset) : numbers_of(j);
}

json quantile_ab_confseq(const json& in, const json&) {
  const double offset = in.contains("off") ? number_of(in.at("off")) : 0;
  const double kappa = kappa_at_samples(number_of(in.at("n_opt")), number_of(in.at("alpha_opt")));
  const double log_e =
      quantile_equal_log_e(samples_of(in.at("arm1"), offset), samples_of(in.at("arm2"), offset),
                           number_of(in.at("p")), kappa);
  return {{"p_value", number_json(evidence_p_value(log_e))}};
}

}  // namespace

std::vector<Group> rate_groups() {
  return {{"bb_log_e", bb_log_e},
          {"bb_log_e_onesided", bb_log_e_onesided},
          {"bb_cs_nullcentred", bb_cs_nullcentred},
          {"bb_cs_fixedprior", bb_cs_fixedprior},
          {"rr_conditional", rr_conditional},
          {"rr_grid", rr_grid},
          {"rr_pane_grid", rr_pane_grid},
          {"ripr_two_bernoulli", ripr_two_bernoulli},
          {"poisson_gamma", poisson_gamma},
          {"srm_dirichlet_multinomial", srm_dirichlet_multinomial},
          {"quantile_cs_ranks", quantile_cs_ranks},
          {"dkw_time_uniform", dkw_time_uniform},
          {"quantile_ab_confseq", quantile_ab_confseq}};
}

}  // namespace rel::test
