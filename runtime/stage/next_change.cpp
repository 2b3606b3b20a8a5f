#include "runtime/stage/next_change.h"

#include <algorithm>

#include "runtime/stage/permission.h"
#include "runtime/stage/stage_end.h"
#include "runtime/stage/temporal.h"

namespace rel {
namespace {

// Keeps the earliest time that is not past.
struct Earliest {
  int64_t now_ns;
  int64_t time_ns = never_ns;

  void at(int64_t candidate_ns) {
    if (candidate_ns >= now_ns) time_ns = std::min(time_ns, candidate_ns);
  }
  // Some time after something that happened; a time of 0 stands for never.
  void after(int64_t since_ns, int64_t duration_ns) {
    if (since_ns != 0) at(since_ns + duration_ns);
  }
  // A clock that goes on and is full at `full_ns`.
  void clock(int64_t clock_ns, int64_t full_ns) {
    if (clock_ns < full_ns) at(now_ns + full_ns - clock_ns);
  }
};

void add_stage_timers(const Plan& plan, const EngineState& state, Earliest& earliest) {
  const Stage& stage = plan.stages[state.stage.value];
  if (stage::has_limit(stage, state)) earliest.after(state.stage_entered_ns, stage.at_most_ns);
  if (state.holding) return;
  if (state.watching) return earliest.clock(state.step_clock_ns, stage.watch_ns);
  earliest.clock(state.step_clock_ns, plan.steps[stage.steps.at(state.step).value].duration_ns);
  earliest.clock(state.stage_clock_ns, stage.soak_ns);
  earliest.clock(state.stage_clock_ns, stage.at_least_ns);
}

void add_sustain_timers(const Plan& plan, const EngineState& state, Earliest& earliest) {
  for (size_t i = 0; i < plan.sustains.size(); ++i) {
    const SustainState& sustain = state.sustains[i];
    const int64_t duration_ns = plan.sustains[i].duration_ns;
    if (is_counted(plan.sustains[i].kind)) {
      earliest.at(state.stage_entered_ns + (int64_t{sustain.checks} + 1) * duration_ns);
      continue;
    }
    earliest.after(sustain.true_since_ns, duration_ns);
    earliest.after(sustain.last_false_ns, duration_ns);
    for (const int64_t unknown_ns : sustain.last_unknown_ns) {
      earliest.after(unknown_ns, duration_ns);
    }
  }
}

void add_trigger_timers(const Plan& plan, const EngineState& state, Earliest& earliest) {
  for (size_t i = 0; i < plan.triggers.size(); ++i) {
    const Trigger& trigger = plan.triggers[i];
    earliest.after(state.overruled_until_ns[i], 0);
    const bool from_share = trigger.after_share_millionths != 0;
    if (trigger.after_ns > 0) {
      earliest.after(from_share ? state.triggers[i].share_since_ns : state.stage_entered_ns,
                     trigger.after_ns);
    }
    const int64_t unknown_ns = state.triggers[i].unknown_since_ns;
    for (const UnknownRule& rule : plan.unknown) {
      if (rule.up_to_ns > 0) earliest.after(unknown_ns, rule.up_to_ns);
    }
    for (const UnknownOverride& inner : plan.unknown_overrides) {
      if (inner.rule.up_to_ns > 0) earliest.after(unknown_ns, inner.rule.up_to_ns);
    }
  }
}

}  // namespace

int64_t next_change_ns(const Plan& plan, const EngineState& state, int64_t now_ns) {
  Earliest earliest{now_ns};
  if (state.pending.kind != RaiseKind::none) return now_ns;
  if (state.phase == Phase::idle && state.start_wanted) {
    const bool starts =
        stage::is_permitted(plan, state, stage::next_raise(plan, state), now_ns);
    return starts ? now_ns : stage::next_calendar_ns(plan, state, now_ns);
  }
  if (state.phase == Phase::completed) return stage::baseline_release_ns(plan, state);
  if (state.phase != Phase::running) return never_ns;
  earliest.at(stage::next_calendar_ns(plan, state, now_ns));
  earliest.after(state.raise_not_before_ns, 0);
  add_stage_timers(plan, state, earliest);
  add_sustain_timers(plan, state, earliest);
  add_trigger_timers(plan, state, earliest);
  return earliest.time_ns;
}

}  // namespace rel
