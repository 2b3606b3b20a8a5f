#include "runtime/host/stage_hooks.h"

#include <algorithm>

#include <fmt/core.h>

#include "runtime/base/limits.h"
#include "runtime/base/time_text.h"
#include "runtime/stage/gates.h"

namespace rel {
namespace {

bool is_back(Phase phase) { return phase == Phase::rolled_back || phase == Phase::withdrawn; }

std::string_view stage_name(const Plan& plan, const Gate& gate) {
  const StageId stage = gate.stage.is_none() ? StageId{0} : gate.stage;
  return plan.text(plan.stages[stage.value].name);
}

std::string_view event_of(const Gate& gate) {
  if (gate.kind == GateKind::told) return "about_to_begin";
  return gate.at == GateAt::left ? "after_stage" : "before_stage";
}

std::string summary_of(const Plan& plan, const Gate& gate) {
  const std::string_view stage = stage_name(plan, gate);
  if (gate.kind == GateKind::told) {
    return fmt::format("{} is about to go out, beginning with stage `{}`: {}",
                       candidate_identity(plan), stage, plan.text(plan.stages[0].text));
  }
  return gate.at == GateAt::left ? fmt::format("stage `{}` has been left", stage)
                                 : fmt::format("stage `{}` is about to begin", stage);
}

}  // namespace

// -- what is due

const Hook& StageHooks::hook_of(WayBackStep step) const {
  return *std::find_if(parts_.plan.hooks.begin(), parts_.plan.hooks.end(),
                       [step](const Hook& hook) { return hook.action == step.action; });
}

bool StageHooks::is_open(const Hook& hook) const {
  const ActionRecord* record = steps_.find({hook.action});
  if (record == nullptr) return false;
  return record->status == ActionStatus::done ||
         (record->status == ActionStatus::failed && hook.otherwise == HookFailure::go_on);
}

bool StageHooks::is_wanted(const Hook& hook, const EngineState& state, uint64_t passed) const {
  const Plan& plan = parts_.plan;
  const Gate& gate = plan.gates[hook.gate.value];
  if (gate.at == GateAt::left) return stage::was_left(state, gate.stage);
  const Raise awaited{.kind = state.awaited, .stage = state.awaited_stage};
  const uint64_t needed = stage::gates_needed(plan, state, awaited);
  const bool others_closed = (needed & ~passed & ~stage::gates_of_hooks(plan)) != 0;
  return !others_closed && (needed >> hook.gate.value & 1) != 0;
}

// One after the other: while one waits for its next try, those after it wait as well.
std::optional<WayBackStep> StageHooks::due(const EngineState& state, uint64_t passed,
                                           HostTime now) const {
  for (const Hook& hook : parts_.plan.hooks) {
    const ActionRecord* record = steps_.find({hook.action});
    if (record != nullptr && record->is_final()) continue;
    if (!is_wanted(hook, state, passed)) continue;
    // A clock that was set back since must not make it wait for as long as it went back.
    const bool waits = record != nullptr && record->status == ActionStatus::waiting &&
                       now.now_ns < record->due_ns && now.now_ns >= record->time_ns;
    if (waits) return std::nullopt;
    return WayBackStep{hook.action};
  }
  return std::nullopt;
}

bool StageHooks::finished(const EngineState& state) const {
  if (steps_.is_running()) return false;
  if (state.phase != Phase::completed) return true;
  return std::all_of(parts_.plan.hooks.begin(), parts_.plan.hooks.end(), [&](const Hook& hook) {
    const Gate& gate = parts_.plan.gates[hook.gate.value];
    const ActionRecord* record = steps_.find({hook.action});
    return gate.at != GateAt::left || !stage::was_left(state, gate.stage) ||
           (record != nullptr && record->is_final());
  });
}

// -- carrying out

Result<bool> StageHooks::advance(const EngineState& state, uint64_t passed, HostTime now,
                                 const WriteSteps& write) {
  if (parts_.plan.hooks.empty()) return false;
  if (is_back(state.phase)) return stop_all(now, write);
  if (steps_.is_running()) return settle(state, now, write);
  const std::optional<WayBackStep> step = due(state, passed, now);
  if (!step) return false;
  if (Status s = start(*step, state, now, write); !s) return s.error();
  return settle(state, now, write);
}

Status StageHooks::start(WayBackStep step, const EngineState& state, HostTime now,
                         const WriteSteps& write) {
  if (Status s = steps_.begin(step, "", state, now, write); !s) return s;
  const Gate& gate = parts_.plan.gates[hook_of(step).gate.value];
  ActionRequest request = steps_.request_of(step, state, now);
  request.facts.stage = stage_name(parts_.plan, gate);
  request.facts.event = event_of(gate);
  request.facts.summary = summary_of(parts_.plan, gate);
  steps_.run(step, request, now);
  return ok();
}

Result<bool> StageHooks::settle(const EngineState& state, HostTime now, const WriteSteps& write) {
  std::optional<ActionSteps::Ended> ended = steps_.poll(now);
  if (!ended) {
    const WayBackStep step = steps_.running();
    const ActionRecord& record = *steps_.find(step);
    const int64_t within_ns = parts_.plan.actions[step.action.value].within_ns;
    const int64_t deadline_ns = record.first_ns + within_ns;
    // A try that began later is one of those without an end, which the host's own limit stops.
    if (record.time_ns > deadline_ns || now.now_ns < deadline_ns) return false;
    ended = steps_.stop(fmt::format("it did not end within {}", duration_text(within_ns)), now);
  }
  const bool done = ended->progress == ActionProgress::done;
  const Status written = done ? steps_.succeed(ended->record, state, now, write)
                              : fail(*ended, state, now, write);
  if (!written) return written.error();
  return true;
}

Status StageHooks::fail(const ActionSteps::Ended& ended, const EngineState& state, HostTime now,
                        const WriteSteps& write) {
  const ActionRecord& record = ended.record;
  const Plan& plan = parts_.plan;
  const Action& action = plan.actions[record.action.value];
  const Hook& hook = hook_of({record.action});
  if (ended.progress == ActionProgress::failed) {
    const auto due_ns = next_try_ns(action, record, now.now_ns);
    if (due_ns) return steps_.try_again(record, *due_ns, {}, write);
  }
  const std::string_view text = plan.text(action.text);
  switch (hook.otherwise) {
    case HookFailure::hold: {
      std::vector<JournalEntry> entries;
      if (!told_.contains(record.action.value)) {
        entries = steps_.failure(
            record, state, now,
            fmt::format("nothing is raised until `{}` has succeeded; it is tried again every {}",
                        text, duration_text(limits::hook_retry_ns)));
      }
      Status written =
          steps_.try_again(record, now.now_ns + limits::hook_retry_ns, entries, write);
      if (written) told_.insert(record.action.value);
      return written;
    }
    case HookFailure::go_on:
      return steps_.give_up(record,
                            steps_.failure(record, state, now,
                                           fmt::format("the release goes on without `{}`", text)),
                            write);
    case HookFailure::withdraw:
    case HookFailure::rollback:
      return steps_.give_up(record,
                            steps_.failure(record, state, now,
                                           fmt::format("the release goes back: `{}` failed", text)),
                            write);
  }
  return ok();
}

Result<bool> StageHooks::stop_all(HostTime now, const WriteSteps& write) {
  for (const Hook& hook : parts_.plan.hooks) {
    const ActionRecord* record = steps_.find({hook.action});
    if (record == nullptr || record->is_final()) continue;
    Status written = steps_.skip({hook.action}, "the release went back", now, write);
    if (!written) return written.error();
  }
  return false;
}

// -- what it means for the release

std::optional<StageHooks::Demand> StageHooks::demand(const EngineState& state) const {
  if (is_back(state.phase)) return std::nullopt;
  for (const Hook& hook : parts_.plan.hooks) {
    const bool ends = hook.otherwise == HookFailure::withdraw ||
                      hook.otherwise == HookFailure::rollback;
    const ActionRecord* record = steps_.find({hook.action});
    if (!ends || record == nullptr || record->status != ActionStatus::failed) continue;
    Demand made{.what = hook.otherwise};
    made.why = fmt::format("`{}` failed: {}",
                           parts_.plan.text(parts_.plan.actions[hook.action.value].text),
                           record->detail);
    if (!hook.reason.is_none()) {
      made.why = fmt::format("{}; {}", parts_.plan.text(hook.reason), made.why);
    }
    made.key = "hook/" + key_of(incident_of(parts_.plan, parts_.release, state.epoch),
                                {hook.action});
    return made;
  }
  return std::nullopt;
}

GateReading StageHooks::read(GateId gate) const {
  const Plan& plan = parts_.plan;
  const Hook& hook =
      *std::find_if(plan.hooks.begin(), plan.hooks.end(),
                    [gate](const Hook& each) { return each.gate == gate; });
  const std::string_view text = plan.text(plan.actions[hook.action.value].text);
  const ActionRecord* record = steps_.find({hook.action});
  GateReading reading;
  reading.passed = is_open(hook);
  reading.asked = text;
  if (record == nullptr) {
    reading.answered = "not carried out yet";
  } else {
    switch (record->status) {
      case ActionStatus::started:
        reading.answered = fmt::format("being carried out since {}, try {}",
                                       rfc3339_text(record->time_ns), record->attempts);
        break;
      case ActionStatus::done:
        reading.answered = fmt::format("{}, {}", record->detail, rfc3339_text(record->time_ns));
        break;
      case ActionStatus::failed: reading.answered = "failed: " + record->detail; break;
      case ActionStatus::waiting:
        reading.answered = fmt::format("failed {} times, the next try is due at {}: {}",
                                       record->attempts, rfc3339_text(record->due_ns),
                                       record->detail);
        break;
      case ActionStatus::skipped: reading.answered = record->detail; break;
    }
  }
  if (!reading.passed) reading.missing = fmt::format("`{}` ({})", text, reading.answered);
  return reading;
}

}  // namespace rel
