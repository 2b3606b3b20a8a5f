// `serves digest by header`: a flag that a gateway fills in, and the conditions that watch it. They
// are made as if the policy had written
//     rollback when count(candidate.other_digest) >= 1 over stage even if baseline
//     hold when count(baseline.other_digest) >= 1 over 1m
#include <fmt/format.h>

#include "compiler/sema/routing.h"

namespace rel::sema {

namespace {

constexpr std::string_view metric_name = "other_digest";
// A baseline that is put right is believed after a minute without a wrong answer.
constexpr int64_t baseline_window_ns = int64_t{60} * 1'000'000'000;

void check_pinned(const Context& context, const TypedReference& reference, std::string_view arm,
                  Span serves) {
  if (reference.digest.empty() || reference.digest.starts_with("sha256:")) return;
  context.diagnostics
      .report(Code::digest_unknown, reference.span,
              fmt::format("the digest of the {} is not known", arm))
      .label(serves, "so an answer cannot be checked here")
      .with_help("name the model by `file(\"...\")` or `digest(\"sha256:...\")`");
}

TypedId push(TypedPolicy& policy, TypedExpr expr) {
  policy.exprs.push_back(std::move(expr));
  return TypedId{static_cast<uint32_t>(policy.exprs.size() - 1)};
}

TypedTrigger trigger(TypedPolicy& policy, TriggerAction action, Arm arm, TypedWindow window,
                     Span span) {
  window.span = span;
  TypedAggregate count;
  count.fn = AggregateFn::count;
  count.arm = arm;
  count.metric = find_metric(policy, metric_name);
  count.unit = PlanUnit::requests;
  count.window = window;
  TypedExpr load{.op = Op::load, .span = span, .unit = requests_unit};
  load.aggregate = static_cast<uint32_t>(policy.aggregates.size());
  policy.aggregates.push_back(count);
  TypedExpr one{.op = Op::constant, .span = span, .constant = 1, .unit = requests_unit};
  TypedExpr comparison{.op = Op::ge, .span = span};
  comparison.left = push(policy, load);
  comparison.right = push(policy, one);
  comparison.window = window;
  TypedTrigger made;
  made.action = action;
  made.guard = metric_name;
  made.when = push(policy, comparison);
  made.implied = true;
  made.even_if_baseline = action == TriggerAction::rollback;
  made.span = span;
  return made;
}

}  // namespace

void check_digests(const Context& context) {
  const TypedModel* first = nullptr;
  for (const TypedModel& model : context.policy.models) {
    if (model.digest_header.empty()) continue;
    check_pinned(context, model.baseline, "baseline", model.digest_span);
    check_pinned(context, model.candidate, "candidate", model.digest_span);
    if (first == nullptr) first = &model;
  }
  if (first == nullptr) return;
  if (const auto taken = find_metric(context.policy, metric_name)) {
    context.diagnostics
        .report(Code::reserved_name, context.policy.metrics[*taken].name_span,
                fmt::format("a metric cannot be called `{}` here", metric_name))
        .label(first->digest_span, "this makes a metric of that name");
    return;
  }
  TypedMetric metric;
  metric.name = metric_name;
  metric.kind = MetricKind::flag;
  metric.unit = PlanUnit::ratio;
  metric.direction = Direction::lower_is_better;
  metric.source = MetricSource::response_digest;
  metric.name_span = first->digest_span;
  metric.span = first->digest_span;
  context.policy.metrics.push_back(std::move(metric));
}

void add_digest_triggers(const Context& context, TypedRelease& typed) {
  if (typed.model >= context.policy.models.size()) return;
  const TypedModel& model = context.policy.models[typed.model];
  if (model.digest_header.empty() || !find_metric(context.policy, metric_name)) return;
  typed.triggers.push_back(trigger(context.policy, TriggerAction::rollback, Arm::candidate,
                                   {WindowKind::stage, 0, {}}, model.digest_span));
  typed.triggers.push_back(trigger(context.policy, TriggerAction::hold, Arm::baseline,
                                   {WindowKind::sliding, baseline_window_ns, {}},
                                   model.digest_span));
}

}  // namespace rel::sema
