// Why: among a hundred requests one failure is already 1 %; a limit below that fires on it.
// Avoid: `rollback when rate(failed) > 0.5% over 1m`, whose minimum is the default of 100 samples.
// Prefer: `with at least 1000 samples`, enough for several failures below the limit.
#include <cmath>

#include <fmt/format.h>

#include "compiler/lints/analysis/interval.h"
#include "compiler/lints/analysis/triggers.h"
#include "compiler/lints/lint.h"

namespace rel::lints {

namespace {

// How many failures (or slow answers) are to be seen before a limit can be passed by chance alone.
constexpr double enough_events = 5;
constexpr uint32_t round_to = 100;

uint32_t samples_for(double share) {
  const double needed = std::ceil(enough_events / share / round_to - 1e-9) * round_to;
  return static_cast<uint32_t>(std::min(needed, 1e9));
}

void check(const sema::TypedPolicy& policy, const sema::TypedTrigger& trigger,
           sema::TypedId comparison, Diagnostics& diagnostics) {
  const auto limit = limit_of(policy, comparison);
  if (!limit || std::isfinite(limit->allowed.high)) return;  // an upper bound of what is good only
  const sema::TypedAggregate& read = policy.aggregates[limit->aggregate];
  const bool is_rate = read.fn == AggregateFn::rate;
  const bool is_quantile = read.fn == AggregateFn::quantile;
  if (!is_rate && !is_quantile) return;
  const double share = is_rate ? limit->allowed.low : 1 - read.quantile;
  // One event may not be enough: samples * share is how many the limit stands for.
  if (share <= 0 || read.samples_min * share >= 1 - 1e-9) return;
  diagnostics
      .report(Code::too_few_samples, trigger.span,
              is_rate ? fmt::format("one failure among {} samples fires this", read.samples_min)
                      : fmt::format("one answer among {} samples fires this", read.samples_min))
      .label(policy[comparison].span,
             is_rate ? "this limit is less than one of so many"
                     : "this quantile is the slowest of so many")
      .with_help(fmt::format("write `with at least {} samples`", samples_for(share)));
}

}  // namespace

void too_few_samples(const sema::TypedPolicy& policy, Diagnostics& diagnostics) {
  for (const sema::TypedRelease& release : policy.releases) {
    for_each_trigger(release, [&](const sema::TypedTrigger& trigger, const sema::TypedStage*) {
      if (trigger.action != TriggerAction::rollback || trigger.when.is_none()) return;
      for (const sema::TypedId way : operands_of(policy, trigger.when, Op::logical_or)) {
        // What stands beside it in an `and` may ask for more samples.
        const auto all = operands_of(policy, way, Op::logical_and);
        if (all.size() == 1) check(policy, trigger, all.front(), diagnostics);
      }
    });
  }
}

}  // namespace rel::lints
