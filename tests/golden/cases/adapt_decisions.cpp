// Golden groups of many hypotheses, drift, planning and model quality.
#include "runtime/stats/combine.h"
#include "runtime/stats/drift.h"
#include "runtime/stats/evidence.h"
#include "runtime/stats/group_sequential.h"
#include "runtime/stats/model_quality.h"
#include "runtime/stats/power.h"
#include "runtime/stats/sample_ratio.h"
#include "tests/golden/cases/adapters.h"

namespace rel::test {
namespace {

using namespace rel::stats;

json e_merge(const json& in, const json&) {
  const auto log_e = numbers_of(in.at("log_e"));
  const double alpha = number_of(in.at("alpha"));
  const double any = log_e_any(log_e);
  return {{"log_mean", number_json(any)},
          {"global_reject", evidence_verdict(any, alpha) == Verdict::is_true},
          {"bonferroni", e_bonferroni(log_e, alpha)},
          {"e_bh", e_benjamini_hochberg(log_e, alpha)},
          {"closed_mean", closed_mean(log_e, alpha)}};
}

double fixed_reference_log_e(const std::vector<uint64_t>& reference,
                             const std::vector<uint64_t>& current, double kappa) {
  double n = 0;
  for (const uint64_t count : reference) n += static_cast<double>(count);
  std::vector<double> shares;
  for (const uint64_t count : reference) shares.push_back(static_cast<double>(count) / n);
  return multinomial_log_e(current, shares, kappa);
}

json drift_group(const json& in, const json& out) {
  const auto reference = counts_of(in.at("ref"));
  const auto current = counts_of(in.at("cur"));
  const Drift d = drift(reference, current);
  json got = {{"psi", number_json(d.psi)},   {"js_nats", number_json(d.js)},
              {"kl", number_json(d.kl)},     {"ks", number_json(d.ks)},
              {"tv", number_json(d.tv)},     {"chi2", number_json(d.chi2)},
              {"hellinger", number_json(d.hellinger)}};
  constexpr double n_opt = 1000;  // stated in the group's description
  for (const auto& [key, unused] : out.items()) {
    if (key.starts_with("log_e_fixed_ref_")) {
      got[key] = number_json(fixed_reference_log_e(reference, current,
                                                   number_in_key(key, "kappa")));
    } else if (key.starts_with("psi_lower_")) {
      const double alpha = 1 - number_in_key(key, "psi_lower_") / 100;
      got[key] = number_json(divergence_lower(Divergence::psi, reference, current, alpha, n_opt));
    } else if (key.starts_with("log_e_two_sample_")) {
      got[key] = number_json(two_sample_log_e(reference, current, number_in_key(key, "_pi"),
                                              number_in_key(key, "kappa")));
    }
  }
  return got;
}

json power_lint(const json& in, const json&) {
  const PowerAnswer a = rate_power({.base_rate = number_of(in.at("p_b")),
                                    .ratio = number_of(in.at("R")),
                                    .share = number_of(in.at("pi")),
                                    .per_second = number_of(in.at("rps")),
                                    .alpha = number_of(in.at("alpha")),
                                    .power = number_of(in.at("power")),
                                    .duration_s = number_of(in.at("duration_s"))});
  return {{"q0", number_json(a.q0)},
          {"q1", number_json(a.q1)},
          {"kappa", number_json(a.kappa)},
          {"fixed_total", number_json(a.fixed_total)},
          {"fixed_canary", number_json(a.fixed_candidate)},
          {"fixed_seconds", number_json(a.fixed_seconds)},
          {"av_events", number_json(a.events)},
          {"av_events_normal", number_json(a.events_normal)},
          {"av_seconds", number_json(a.seconds)},
          {"av_canary", number_json(a.candidate_requests)},
          {"av_median_seconds", number_json(a.median_seconds)},
          {"events_in_duration", number_json(a.events_in_duration)},
          {"power_at_duration", number_json(a.power_in_duration)},
          {"mdr_at_duration", number_json(a.detectable_ratio)},
          {"verdict", a.detects == Detects::can ? "can detect" : "cannot detect"}};
}

json group_sequential(const json& in, const json&) {
  const std::string name = in.at("spending").get<std::string>();
  if (name != "obf" && name != "pocock") throw BadCase("no spending `" + name + "`");
  const auto looks = group_sequential_bounds(
      numbers_of(in.at("t")), number_of(in.at("alpha")),
      name == "obf" ? Spending::obrien_fleming : Spending::pocock);
  json spent = json::array(), z = json::array();
  for (const Look& look : looks) {
    spent.push_back(look.spent);
    z.push_back(look.z);
  }
  return {{"spent", spent}, {"z", z}};
}

json hist_auc_ece(const json& in, const json&) {
  const auto positives = counts_of(in.at("pos"));
  const auto negatives = counts_of(in.at("neg"));
  const auto sums = numbers_of(in.at("sum_score"));
  const ScoreBuckets buckets{positives, negatives, sums};
  const Discrimination d = discrimination(buckets);
  const Calibration c = calibration(buckets);
  return {{"auc", number_json(d.auc)},
          {"auc_bin_halfwidth", number_json(d.tie_half_width)},
          {"ece", number_json(c.expected_error)},
          {"mce", number_json(c.maximum_error)}};
}

json fairness_confusion(const json& in, const json&) {
  std::vector<Confusion> groups;
  Confusion pooled;
  for (const json& group : in.at("groups_tp_fp_tn_fn")) {
    const auto n = counts_of(group);
    if (n.size() != 4) throw BadCase("a group has four counts");
    groups.push_back({n[0], n[1], n[2], n[3]});
    pooled = pooled + groups.back();
  }
  const ConfusionShares s = confusion_shares(pooled);
  const Fairness f = fairness(groups);
  return {{"accuracy", number_json(s.accuracy)},
          {"precision", number_json(s.precision)},
          {"recall", number_json(s.recall)},
          {"f1", number_json(s.f1)},
          {"mcc", number_json(s.mcc)},
          {"kappa", number_json(s.kappa)},
          {"dp_diff", number_json(f.parity_difference)},
          {"dp_ratio", number_json(f.parity_ratio)},
          {"eq_opp_diff", number_json(f.opportunity_difference)},
          {"eq_odds_diff", number_json(f.odds_difference)},
          {"pred_parity_diff", number_json(f.predictive_difference)}};
}

}  // namespace

std::vector<Group> decision_groups() {
  return {{"e_merge", e_merge},
          {"drift", drift_group},
          {"power_lint", power_lint},
          {"group_sequential", group_sequential},
          {"hist_auc_ece", hist_auc_ece},
          {"fairness_confusion", fairness_confusion}};
}

}  // namespace rel::test
