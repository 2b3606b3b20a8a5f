// What a statistical comparison counts must be what is assigned. Where one user's requests stay on
// one arm they share its fate, and a test that takes them for independent fires on healthy
// candidates a third to half of the time (STATS 1o). Such a comparison is made of users: its metric
// becomes one of which a user is a sample once. What cannot be lifted so is refused.
// Pairs of answers, which exist only while requests are copied, are checked for that here as well.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "compiler/sema/context.h"
#include "compiler/sema/sample_unit.h"

namespace rel::sema {

namespace {

using Act = std::function<void(TypedAggregate&, Span)>;

// Every number that a condition reads.
void for_each_load(const Context& context, TypedId id, const Act& act) {
  if (id.is_none()) return;
  const TypedExpr expr = context.policy[id];
  if (expr.op == Op::load) return act(context.policy.aggregates[expr.aggregate], expr.span);
  for_each_load(context, expr.left, act);
  for_each_load(context, expr.right, act);
}

void refuse(const Context& context, const TypedRelease& release, const TypedTrigger& trigger,
            const TypedComparison& test, std::string help) {
  context.diagnostics
      .report(Code::unit_of_analysis, trigger.span,
              fmt::format("requests are compared, and `{}` is what is assigned",
                          release.sticky_by))
      .label(test.span, "takes them for independent of each other")
      .with_note(fmt::format("the requests of one `{}` stay on one arm: such a test is wrong a "
                             "third to half of the time",
                             release.sticky_by))
      .with_help(std::move(help));
}

// Why a comparison cannot be made of users, with the remedy; empty: it can.
std::string obstacle(const TypedMetric& metric, const TypedComparison& test, bool sessions) {
  if (metric.per == SampleUnit::session && !sessions) {
    return "count `per user within ...`: a user's sessions stay on one arm together";
  }
  if (metric.per == SampleUnit::user && sessions) {
    return "count `per session within ...`: a user's sessions are not on one arm";
  }
  const bool level = test.method == TestMethod::rate_level ||
                     test.method == TestMethod::event_level;
  if (level && metric.per == SampleUnit::request) {
    return fmt::format("compare it with the baseline: `{0} worse than baseline`; how many users "
                       "fail has no limit in requests. Or compare the number: `rate({0}) > 2%`",
                       metric.name);
  }
  return {};
}

std::string lifted_name(const TypedMetric& metric, OncePer once, bool sessions) {
  return fmt::format("{}, once a {}{}", metric.name, sessions ? "session" : "user",
                     once == OncePer::stage ? " and stage" : "");
}

// The comparisons of a trigger. Evidence of the release goes on through its stages, where a user
// counts once; that of a stage is its own.
void lift(const Context& context, const TypedRelease& release, const TypedTrigger& trigger,
          OncePer once) {
  const bool sessions = release.sticky_by == "session";
  for_each_load(context, trigger.when, [&](TypedAggregate& read, Span) {
    if (!read.test) return;
    TypedComparison& test = context.policy.comparisons[*read.test];
    const TypedMetric metric = context.policy.metrics[*test.metric];
    if (metric.once != OncePer::sample) {
      read.metric = test.metric;  // another number of a test that has been lifted
      return;
    }
    if (std::string help = obstacle(metric, test, sessions); !help.empty()) {
      return refuse(context, release, trigger, test, std::move(help));
    }
    if (metric.per != SampleUnit::request && metric.per != SampleUnit::label) return;
    TypedMetric derived = metric;
    derived.name = lifted_name(metric, once, sessions);
    derived.once = once;
    derived.unit_of_once = sessions ? SampleUnit::session : SampleUnit::user;
    derived.source = MetricSource::event_field;
    if (!derived.of || !derived.match.empty()) derived.of = test.metric;
    derived.match.clear();
    const uint32_t row = derived_row(context.policy, std::move(derived));
    test.metric = row;
    read.metric = row;
  });
}

bool copies_all_along(const TypedStage& stage, const TypedTrigger& trigger) {
  if (stage.kind == StageKind::mirror) return true;
  // A smoke gate is read before the switch only.
  return stage.kind == StageKind::blue_green && trigger.action == TriggerAction::step;
}

void check_pairs(const Context& context, const TypedTrigger& trigger, const TypedStage& stage) {
  if (copies_all_along(stage, trigger)) return;
  for_each_load(context, trigger.when, [&](const TypedAggregate& read, Span span) {
    if (!read.metric || context.policy.metrics[*read.metric].per != SampleUnit::pair) return;
    context.diagnostics
        .report(Code::pairs_absent, span,
                fmt::format("in the stage `{}` no request has two answers", stage.name))
        .label(stage.strategy_span, "nothing is copied here")
        .with_help("move the trigger into a stage that mirrors");
  });
}

}  // namespace

void check_unit_of_analysis(const Context& context, const TypedRelease& release) {
  for (const TypedTrigger& trigger : release.triggers) {
    for (const TypedStage& stage : release.stages) {
      if (!copies_all_along(stage, trigger)) {
        check_pairs(context, trigger, stage);
        break;
      }
    }
  }
  for (const TypedStage& stage : release.stages) {
    for (const TypedTrigger& trigger : stage.triggers) check_pairs(context, trigger, stage);
  }
  if (release.sticky_by.empty() || release.sticky_by == "request") return;
  for (const TypedTrigger& trigger : release.triggers) {
    lift(context, release, trigger, OncePer::release);
  }
  for (const TypedStage& stage : release.stages) {
    for (const TypedTrigger& trigger : stage.triggers) {
      lift(context, release, trigger, OncePer::stage);
    }
  }
}

}  // namespace rel::sema
