// Strategies whose steps are worked out here, and what a stage waits for beside its times.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/context.h"
#include "runtime/plan/text.h"

namespace rel::sema {

namespace {

constexpr uint32_t million = 1'000'000;

void read_into(const Context& context, const std::optional<ast::Quantity>& quantity,
               std::string_view what, Time& time) {
  if (!quantity) return;
  if (const auto read = read_time(context, *quantity, what)) time = *read;
}

// A share of 0 is what a stage has whose steps could not be read: one step, so that later checks
// have something to look at.
void add_step(TypedStage& typed, uint32_t millionths, Span span, Time duration) {
  typed.steps.push_back({Share{millionths, span}, duration});
}

const ast::Trigger* find_smoke(const ast::Stage& stage) {
  const auto is_smoke = [](const ast::Trigger& trigger) {
    return trigger.verb == ast::TriggerVerb::smoke;
  };
  const auto found = std::find_if(stage.triggers.begin(), stage.triggers.end(), is_smoke);
  return found == stage.triggers.end() ? nullptr : &*found;
}

// A switch has nothing between nothing and everything: what it lacks is not made up for later.
void check_guards_of_switch(const Context& context, const ast::Stage& stage) {
  if (stage.incomplete) return;
  const struct {
    bool there;
    std::string_view message;
    std::string_view help;
  } guards[] = {
      {stage.mirror.has_value(), "the candidate of this switch is not tried before it",
       "say how many requests are copied to it until then: `blue_green mirror 10%`"},
      {find_smoke(stage) != nullptr, "this switch has no smoke gate",
       "say what must hold before it: `smoke when rate(failed) < 1% and samples(candidate) >= "
       "200`"},
      {stage.watch.has_value(), "nothing is watched after this switch",
       "say for how long triggers may send it back: `watch 1h`"},
  };
  for (const auto& guard : guards) {
    if (guard.there) continue;
    context.diagnostics
        .report(Code::unguarded_switch, stage.strategy_span, std::string(guard.message))
        .with_help(std::string(guard.help));
  }
}

void check_place(const Context& context, Span clause, std::string_view what,
                 std::string_view help) {
  context.diagnostics
      .report(Code::misplaced_clause, clause, fmt::format("`{}` belongs to the last stage", what))
      .with_help(std::string(help));
}

// The old side must be there as long as a trigger may send the release back to it.
void check_warmth(const Context& context, const TypedStage& typed) {
  if (typed.keep_warm.ns == 0 || typed.keep_warm.ns >= typed.watch.ns) return;
  context.diagnostics
      .report(Code::cold_baseline, typed.keep_warm.span,
              "the baseline is let go before the watch is over")
      .label(typed.watch.span, "until then a trigger may send the release back to it")
      .with_help(fmt::format("keep it at least as long: `keep baseline warm {}`",
                             exact_duration_text(typed.watch.ns)));
}

}  // namespace

// The last step is `to`, also where `by` does not lead exactly there.
void check_ramp(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  const auto from = read_share(context, stage.ramp->from, "the start of a ramp");
  const auto to = read_share(context, stage.ramp->to, "the end of a ramp");
  const auto by = read_share(context, stage.ramp->by, "the step of a ramp");
  const auto every = read_time(context, stage.ramp->every, "the time between two steps");
  if (!from || !to || !by || !every) return add_step(typed, 0, stage.strategy_span, {});
  add_step(typed, from->millionths, from->span, *every);
  if (to->millionths <= from->millionths) {
    context.diagnostics
        .report(Code::bad_ramp, to->span,
                fmt::format("this ramp goes from {} to {}", share_text(from->millionths),
                            share_text(to->millionths)))
        .with_help("a ramp gives the candidate more with each step: `linear 2% to 50%`");
    return;
  }
  const uint32_t raises = (to->millionths - from->millionths + by->millionths - 1) /
                          by->millionths;
  if (raises >= limits::steps_max) {
    context.diagnostics
        .report(Code::bad_ramp, by->span,
                fmt::format("this ramp has {} steps, a plan holds {}", raises + 1,
                            limits::steps_max))
        .with_help("take larger ones");
    return;
  }
  for (uint32_t raise = 1; raise <= raises; ++raise) {
    const uint32_t share = from->millionths + raise * by->millionths;
    add_step(typed, std::min(share, to->millionths), to->span, *every);
  }
}

// Rounded down to the millionth: the candidate never gets more than was written.
void check_weights(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  const auto baseline = read_count(context, stage.weights->baseline, "a weight");
  const auto candidate = read_count(context, stage.weights->candidate, "a weight");
  uint32_t share = 0;
  if (baseline && candidate) {
    const uint64_t sum = uint64_t{*baseline} + *candidate;
    share = static_cast<uint32_t>(uint64_t{*candidate} * million / sum);
    if (share == 0) {
      context.diagnostics
          .report(Code::out_of_range, stage.strategy_span,
                  "these weights give the candidate less than a millionth")
          .with_help("the baseline's weight stands first: `weights 9:1` is 10% for the candidate");
    }
  }
  add_step(typed, share, stage.strategy_span, {});
}

// Copies only, for as long as the soak; then everything but the holdback.
void check_switch(const Context& context, const ast::Stage& stage, TypedStage& typed) {
  check_guards_of_switch(context, stage);
  if (stage.mirror) {
    if (const auto mirror = read_share(context, *stage.mirror, "the share of a mirror")) {
      typed.mirror = *mirror;
    }
  }
  uint32_t share = million;
  if (stage.holdback) {
    const auto holdback = read_share(context, *stage.holdback, "a holdback");
    if (holdback && holdback->millionths == million) {
      context.diagnostics
          .report(Code::bad_holdback, holdback->span, "a holdback is a part of 100%")
          .with_help("write `blue_green mirror 10% holdback 1%`: everybody but one in a hundred");
    } else if (holdback) {
      typed.holdback = *holdback;
      share -= holdback->millionths;
    }
  }
  Time soak;
  read_into(context, stage.soak, "a soak", soak);
  add_step(typed, 0, stage.strategy_span, soak);
  add_step(typed, share, stage.strategy_span, {});
  if (stage.at_least) {
    context.diagnostics
        .report(Code::misplaced_clause, stage.at_least->span,
                "`at least` has no meaning in a `blue_green` stage")
        .with_help("write `soak` for the time before the switch, `watch` for that after it");
  }
}

void check_waits(const Context& context, const ast::Stage& stage, StagePlace place,
                 TypedStage& typed) {
  if (typed.kind == StageKind::blue_green) typed.soak = Time{};  // it is of the first step
  if (stage.step_samples) {
    if (const auto count = read_count(context, *stage.step_samples, "a number of samples")) {
      typed.step_samples_min = *count;
    }
    if (typed.kind != StageKind::steps) {
      context.diagnostics
          .report(Code::misplaced_clause, stage.step_samples->span,
                  "`step until` belongs to a stage of steps")
          .label(stage.strategy_span, "this stage has one share")
          .with_help("write `promote when samples(candidate) >= 1000` for the end of the stage");
    }
  }
  read_into(context, stage.watch, "a watch", typed.watch);
  read_into(context, stage.keep_warm, "the time a baseline is kept warm", typed.keep_warm);
  check_warmth(context, typed);
  if (place == StagePlace::last) return;
  if (stage.watch) {
    check_place(context, stage.watch->span, "watch",
                "write `soak` for a time that the stage must have been undisturbed");
  }
  if (stage.keep_warm) {
    check_place(context, stage.keep_warm->span, "keep baseline warm",
                "before it the baseline serves anyway");
  }
  if (stage.kind == ast::StageKind::blue_green) {
    check_place(context, stage.strategy_span, "blue_green",
                "after its switch the candidate has everything: nothing is left for a stage after "
                "it");
  }
}

}  // namespace rel::sema
