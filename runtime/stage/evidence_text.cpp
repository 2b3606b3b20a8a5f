#include "runtime/stage/evidence_text.h"

#include <cmath>

#include <fmt/format.h>

#include "runtime/base/check.h"
#include "runtime/base/verdict.h"
#include "runtime/stage/decision_text.h"
#include "runtime/stage/named_cell.h"
#include "runtime/stage/quantity_text.h"

namespace rel {
namespace {

const Evidence* quoted(const Plan& plan, const Decision& decision, const EvidenceTest& test,
                       Arm arm) {
  for (uint32_t i = 0; i < decision.evidence_count; ++i) {
    const Evidence& evidence = decision.evidence[i];
    for (uint32_t row = test.cells.first; row < test.cells.end(); ++row) {
      const TestCell& cell = plan.test_cells[row];
      const AggregateId shown = arm == Arm::baseline ? cell.baseline : cell.candidate;
      if (shown == evidence.aggregate && cell.cell == evidence.cell) return &evidence;
    }
  }
  return nullptr;
}

std::string value_text(const Plan& plan, const Evidence& evidence) {
  return evidence.causes ? std::string{"not known"}
                         : quantity_text(evidence.value,
                                         plan.aggregates[evidence.aggregate.value].unit);
}

std::string was_text(const Plan& plan, const Evidence& evidence) {
  return fmt::format("{} was {}", aggregate_text(plan, evidence.aggregate, evidence.cell),
                     value_text(plan, evidence));
}

PlanUnit unit_of(const Plan& plan, const EvidenceTest& test) {
  const TestCell& cell = plan.test_cells[test.cells.first];
  const AggregateId shown = cell.candidate.is_none() ? cell.baseline : cell.candidate;
  return plan.aggregates[shown.value].unit;
}

// A difference of shares is one of points.
std::string difference_text(const Plan& plan, const EvidenceTest& test) {
  const PlanUnit unit = unit_of(plan, test);
  return exact_quantity_text(std::fabs(test.margin),
                             unit == PlanUnit::ratio ? PlanUnit::points : unit);
}

std::string times_text(const EvidenceTest& test, const char* more, const char* less) {
  const bool above = test.finding == Finding::above;
  if (test.margin == 1) return above ? "above it" : "below it";
  return fmt::format("{} {:.6g} times it", above ? more : less, test.margin);
}

// What is found of the candidate, where `it` is the baseline.
std::string found_text(const Plan& plan, const EvidenceTest& test) {
  const bool above = test.finding == Finding::above;
  switch (test.method) {
    case TestMethod::rate_ratio:
    case TestMethod::mean_ratio:
    case TestMethod::quantile_ratio: return times_text(test, "more than", "less than");
    case TestMethod::order:
      return fmt::format("its values run {}{}", above ? "higher" : "lower",
                         test.margin == 1 ? std::string{}
                                          : fmt::format(" than {:.6g} times the baseline's",
                                                        test.margin));
    case TestMethod::rate_difference:
    case TestMethod::mean_difference:
      if (test.margin == 0) return above ? "above it" : "below it";
      return fmt::format("{} {} {} it", above == (test.margin > 0) ? "more than" : "less than",
                         difference_text(plan, test), test.margin > 0 ? "above" : "below");
    case TestMethod::rate_level:
    case TestMethod::mean_level:
      return fmt::format("{} {}", above ? "above" : "below",
                         exact_quantity_text(test.margin, unit_of(plan, test)));
    case TestMethod::quantile_level:
      return fmt::format("{} the {} it may be", above ? "more than" : "less than",
                         quantity_text(1 - test.quantile, PlanUnit::ratio));
    case TestMethod::event_level:
      return fmt::format("more than {} a second", quantity_text(test.margin, PlanUnit::number));
    case TestMethod::sample_ratio: break;
  }
  return {};
}

// An e-value for people: beyond a trillion its size says nothing more.
std::string e_value_text(double log_e) {
  constexpr double log_e_shown = 27.6;
  if (log_e > log_e_shown) return "over a trillion";
  return quantity_text(std::exp(log_e), PlanUnit::number);
}

}  // namespace

std::string finding_text(const Plan& plan, const Decision& decision, const EvidenceTest& test,
                         const Evidence& evidence) {
  const std::string strength =
      fmt::format("e-value {}, {} needed", e_value_text(evidence.value),
                  quantity_text(1 / test.alpha, PlanUnit::number));
  const Evidence* baseline = quoted(plan, decision, test, Arm::baseline);
  const Evidence* candidate = quoted(plan, decision, test, Arm::candidate);
  if (test.method == TestMethod::sample_ratio && baseline && candidate) {
    return fmt::format("the candidate had {} of the requests, the route gives it {} ({})",
                       value_text(plan, *candidate), value_text(plan, *baseline), strength);
  }
  const std::string sure = fmt::format("at {} confidence",
                                       quantity_text(1 - test.alpha, PlanUnit::ratio));
  const Evidence* shown = candidate ? candidate : baseline;
  if (!shown) return fmt::format("{} ({})", plan.text(test.text), strength);
  const auto samples = [](const Evidence& of) {
    return exact_quantity_text(static_cast<double>(of.samples), PlanUnit::requests);
  };
  if (!candidate || !baseline) {
    return fmt::format("{}, {} {} ({}; {} samples)", was_text(plan, *shown),
                       found_text(plan, test), sure, strength, samples(*shown));
  }
  return fmt::format("{} and {} {}, {} {} ({}; {} and {} samples)", was_text(plan, *candidate),
                     plan.text(plan.aggregates[baseline->aggregate.value].text),
                     value_text(plan, *baseline), found_text(plan, test), sure, strength,
                     samples(*candidate), samples(*baseline));
}

std::string unknown_finding(const Plan& plan, const EvidenceTest& test, Cause cause) {
  const std::string what = fmt::format("`{}`", plan.text(test.text));
  switch (cause) {
    case cause_none: return {};
    case cause_no_data: return "no data for " + what + ", or none any more";
    case cause_source_error: return "the source of " + what + " is failing";
    case cause_insufficient: break;
  }
  return "too little to judge " + what;
}

}  // namespace rel
