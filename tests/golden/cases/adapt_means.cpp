// Golden groups of means: mixtures, bounded means, asymptotic sequences, non-inferiority.
#include <cmath>

#include "runtime/stats/asymptotic.h"
#include "runtime/stats/bounded_mean.h"
#include "runtime/stats/mixtures.h"
#include "runtime/stats/noninferiority.h"
#include "tests/golden/cases/adapters.h"

namespace rel::test {
namespace {

using namespace rel::stats;

json normal_mixture(const json& in, const json&) {
  const double s = number_of(in.at("s")), v = number_of(in.at("v"));
  const double v_opt = number_of(in.at("v_opt")), alpha = number_of(in.at("alpha"));
  const double two = mixture_rho(v_opt, alpha), one = mixture_rho_one_sided(v_opt, alpha);
  return {{"rho_two", number_json(two)},
          {"log_e_two", number_json(normal_mixture_log_e(s, v, two))},
          {"rho_one", number_json(one)},
          {"log_e_one", number_json(normal_mixture_one_sided_log_e(s, v, one))},
          {"bound_two", number_json(normal_mixture_bound(v, two, alpha))},
          {"bound_one", number_json(normal_mixture_one_sided_bound(v, one, alpha))}};
}

json gamma_mixtures(const json& in, const json&) {
  const double s = number_of(in.at("s")), v = number_of(in.at("v")), c = number_of(in.at("c"));
  const double alpha = number_of(in.at("alpha"));
  const double rho = mixture_rho_one_sided(number_of(in.at("v_opt")), alpha);
  return {{"rho", number_json(rho)},
          {"log_e_gammaexp", number_json(gamma_exponential_log_e(s, v, rho, c))},
          {"log_e_gammapois", number_json(gamma_poisson_log_e(s, v, rho, c))},
          {"bound_gammaexp", number_json(gamma_exponential_bound(v, rho, c, alpha))},
          {"bound_gammapois", number_json(gamma_poisson_bound(v, rho, c, alpha))}};
}

// u, u2 = u^2, u8 = u^8, b10 = 1 if u < 0.10 else 0, and so on.
double value_of(const std::string& kind, double u) {
  if (kind == "u") return u;
  if (kind.size() < 2) throw BadCase("no kind `" + kind + "`");
  const double parameter = number_in_key(kind, kind.substr(0, 1));
  if (kind[0] == 'u') return std::pow(u, parameter);
  if (kind[0] == 'b') return u < parameter / 100 ? 1 : 0;
  throw BadCase("no kind `" + kind + "`");
}

std::vector<double> sequence_of(const json& in) {
  constexpr uint64_t modulus = uint64_t{1} << 31;
  uint64_t x = in.at("lcg_seed").get<uint64_t>();
  std::vector<double> values;
  for (uint64_t i = 0; i < in.at("n").get<uint64_t>(); ++i) {
    x = (1103515245 * x + 12345) % modulus;
    const double u = static_cast<double>(x) / static_cast<double>(modulus);
    values.push_back(value_of(in.at("kind").get<std::string>(), u));
  }
  return values;
}

json bounded_mean_sequences(const json& in, const json& out) {
  const double alpha = number_of(in.at("alpha"));
  const double rho = mixture_rho(number_of(in.at("v_opt")), alpha);
  const auto values = sequence_of(in);
  BoundedMean state;
  for (const double x : values) {
    if (!state.add(x)) throw BadCase("a value is outside [0, 1]");
  }
  const Interval interval = state.interval(rho, alpha);
  json got = {{"mean", number_json(state.mean())},
              {"V", state.v},
              {"bound", number_json(state.bound(rho, alpha))},
              {"lo", number_json(interval.low)},
              {"hi", number_json(interval.high)}};
  for (const auto& [key, unused] : out.items()) {
    if (key.find("_m0=") == std::string::npos) continue;
    Betting betting{.m = number_in_key(key, "_m0="), .alpha = alpha};
    for (const double x : values) {
      if (!betting.add(x)) throw BadCase("a bet is refused");
    }
    if (key.starts_with("log_Kplus")) got[key] = number_json(betting.log_up);
    if (key.starts_with("log_Kminus")) got[key] = number_json(betting.log_down);
    if (key.starts_with("log_e")) got[key] = number_json(betting.log_e());
  }
  return got;
}

json asymptotic_cs_two_sample(const json& in, const json&) {
  const auto moments = [&](const std::string& arm) {
    return moments_of_sums(in.at("n_" + arm).get<uint64_t>(), number_of(in.at("sum_" + arm)),
                           number_of(in.at("sumsq_" + arm)));
  };
  const MeanDifference d = mean_difference(moments("b"), moments("c"));
  const double n_opt = number_of(in.at("n_opt")), alpha = number_of(in.at("alpha"));
  const double exact = asymptotic_rho2_exact(n_opt, alpha);
  const double approximate = asymptotic_rho2(n_opt, alpha);
  const double one = asymptotic_rho2_one_sided(n_opt, alpha);
  return {{"diff", number_json(d.estimate)},
          {"se", number_json(d.standard_error)},
          {"rho2_exact", number_json(exact)},
          {"half_two_exact", number_json(asymptotic_half(d, exact, alpha))},
          {"log_e_two_exact", number_json(asymptotic_log_e(d, 0, exact))},
          {"rho2_approx", number_json(approximate)},
          {"half_two_approx", number_json(asymptotic_half(d, approximate, alpha))},
          {"log_e_two_approx", number_json(asymptotic_log_e(d, 0, approximate))},
          {"rho2_one", number_json(one)},
          {"half_one", number_json(asymptotic_half_one_sided(d, one, alpha))},
          {"log_e_greater", number_json(asymptotic_log_e_greater(d, 0, one))},
          {"log_e_t", number_json(sequential_t_log_e(d, 0, approximate))}};
}

json noninferiority_equivalence(const json& in, const json&) {
  const double alpha = number_of(in.at("alpha"));
  const MeanDifference d{number_of(in.at("est")), number_of(in.at("se")), number_of(in.at("N"))};
  const Comparison c = compare_with_margin(
      d, number_of(in.at("margin")),
      in.at("higher_is_better").get<bool>() ? Better::higher : Better::lower,
      asymptotic_rho2_one_sided(number_of(in.at("n_opt")), alpha), alpha);
  return {{"half_one", number_json(c.half_one)}, {"noninferior", c.noninferior},
          {"superior", c.superior},              {"inferior", c.inferior},
          {"equivalent", c.equivalent},          {"futile_to_promote", c.futile}};
}

}  // namespace

std::vector<Group> mean_groups() {
  return {{"normal_mixture", normal_mixture},
          {"gamma_mixtures", gamma_mixtures},
          {"bounded_mean_sequences", bounded_mean_sequences},
          {"asymptotic_cs_two_sample", asymptotic_cs_two_sample},
          {"noninferiority_equivalence", noninferiority_equivalence}};
}

}  // namespace rel::test
