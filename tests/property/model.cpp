#include "tests/property/model.h"

#include <algorithm>
#include <utility>

namespace rel::machine_test {

namespace {

uint32_t trigger_or_none(int trigger) {
  return trigger < 0 ? TriggerId::none_value : static_cast<uint32_t>(trigger);
}

}  // namespace

void Model::enter(uint32_t index, int64_t now) {
  stage = index;
  step = 0;
  entered_ = now;
  step_entered_ = now;
  last_tick_ = now;
  step_requests_ = 0;
  watching = false;
  holding = false;
  stage_clock_ = step_clock_ = 0;
  past_.clear();
  shares_ = {{now, plan_.steps[plan_.stages[index].steps.first].share_millionths}};
  alerted_.assign(plan_.triggers.size(), std::vector<uint8_t>(4, 0));
  shared_told_.assign(plan_.triggers.size(), 0);
}

Verdict Model::sustained(size_t trigger, int64_t now, Verdict present) const {
  const SustainId id = plan_.triggers[trigger].sustain;
  if (id.is_none()) return present;
  const Sustain& sustain = plan_.sustains[id.value];
  switch (sustain.kind) {
    case SustainKind::held: return held(trigger, sustain.duration_ns, now);
    case SustainKind::keep: return kept(trigger, sustain.duration_ns, now);
    case SustainKind::latch: return latched(trigger);
    case SustainKind::consecutive:
    case SustainKind::of_last:
    case SustainKind::failures_over:
    case SustainKind::failures_within:
      return counted(sustain, checks(trigger, sustain.duration_ns, now));
  }
  return present;
}

// Looks at every tick of the closed window [now - D, now] since the last clock gap.
Verdict Model::held(size_t trigger, int64_t duration, int64_t now) const {
  const int64_t from = now - duration;
  bool reaches_back = past_.back().time <= from;
  bool any_false = false;
  Verdict worst = Verdict::is_true;
  for (size_t i = past_.size(); i-- > 0;) {
    const Moment& moment = past_[i];
    if (moment.time >= from) {
      const Verdict verdict = moment.condition[trigger];
      any_false |= verdict == Verdict::is_false;
      if (is_unknown(verdict) && verdict > worst) worst = verdict;
    }
    reaches_back |= moment.time <= from;
    if (moment.first_after_gap || moment.time < from) break;
  }
  if (any_false) return Verdict::is_false;
  if (worst != Verdict::is_true) return worst;
  return reaches_back ? Verdict::is_true : Verdict::insufficient;
}

// The last known verdict that is not too old and not from before a gap.
Verdict Model::kept(size_t trigger, int64_t duration, int64_t now) const {
  for (size_t i = past_.size(); i-- > 0;) {
    const Moment& moment = past_[i];
    if (now - moment.time > duration) break;
    if (!is_unknown(moment.condition[trigger])) return moment.condition[trigger];
    if (moment.first_after_gap) break;
  }
  return past_.back().condition[trigger];
}

// Replays the stage.
Verdict Model::latched(size_t trigger) const {
  bool closed = false;
  Verdict verdict = Verdict::insufficient;
  for (const Moment& moment : past_) {
    const Verdict condition = moment.condition[trigger];
    const bool ends = moment.baseline[trigger] == Verdict::is_true;
    if (!closed) {
      closed = condition == Verdict::is_true;
      verdict = condition;
    } else if (ends) {
      closed = false;
      verdict = condition == Verdict::is_true ? Verdict::is_false : condition;
    } else {
      verdict = Verdict::is_true;
    }
  }
  return verdict;
}

// Every check that was due so far: what the first tick at or after its time saw, unless that tick
// is already that of the next check.
std::vector<Verdict> Model::checks(size_t trigger, int64_t every, int64_t now) const {
  std::vector<Verdict> made;
  for (int64_t due = entered_ + every; due <= now; due += every) {
    size_t i = 0;
    while (past_[i].time < due) ++i;
    const bool missed = past_[i].time >= due + every;
    made.push_back(missed ? Verdict::insufficient : past_[i].condition[trigger]);
  }
  return made;
}

Verdict Model::counted(const Sustain& sustain, const std::vector<Verdict>& made) const {
  const bool cumulative = sustain.kind == SustainKind::failures_over ||
                          sustain.kind == SustainKind::failures_within;
  if (cumulative) {
    const bool over = sustain.kind == SustainKind::failures_over;
    const Verdict failure = over ? Verdict::is_true : Verdict::is_false;
    size_t failures = 0;
    for (const Verdict verdict : made) failures += verdict == failure ? 1 : 0;
    if (failures > sustain.count) return failure;
    if (made.empty()) return Verdict::insufficient;
    if (is_unknown(made.back())) return made.back();
    return over ? Verdict::is_false : Verdict::is_true;
  }
  const bool all = sustain.kind == SustainKind::consecutive;
  const size_t looked_at = all ? sustain.count : sustain.of;
  size_t trues = 0;
  size_t open = 0;  // unknown, or before the stage
  Verdict worst = Verdict::insufficient;
  for (size_t back = 1; back <= looked_at; ++back) {
    const Verdict verdict =
        back <= made.size() ? made[made.size() - back] : Verdict::insufficient;
    trues += verdict == Verdict::is_true ? 1 : 0;
    if (!is_unknown(verdict)) continue;
    ++open;
    worst = std::max(worst, verdict);
  }
  if (trues >= sustain.count) return Verdict::is_true;
  return trues + open < sustain.count ? Verdict::is_false : worst;
}

// Of this stage, or of all stages and not declared anew in this one.
bool Model::is_here(size_t trigger) const {
  const Trigger& row = plan_.triggers[trigger];
  if (row.stage.is_none()) return ((row.replaced_in >> stage) & 1) == 0;
  return row.stage.value == stage;
}

bool Model::acts(size_t trigger) const {
  return is_here(trigger) && acted_at(trigger, past_.back().time);
}

bool Model::acted_at(size_t trigger, int64_t time) const {
  const Trigger& row = plan_.triggers[trigger];
  for (const auto& [since, share] : shares_) {
    if (share >= row.after_share_millionths) return time - since >= row.after_ns;
  }
  return false;
}

const UnknownRule& Model::rule_for(size_t trigger, uint8_t cause) const {
  for (const UnknownOverride& row : plan_.unknown_overrides) {
    if (row.trigger.value == trigger && row.cause == cause) return row.rule;
  }
  for (const UnknownOverride& row : plan_.unknown_overrides) {
    if (row.stage.value == stage && row.cause == cause) return row.rule;
  }
  return plan_.unknown[cause];
}

bool Model::switched() const {
  return plan_.stages[stage].kind == StageKind::blue_green && step == 1;
}

// Patience is for the way up.
bool Model::limited() const {
  return plan_.stages[stage].at_most_ns > 0 && !watching && !switched();
}

// The windows of these tests are daily, in UTC, and by the minute.
bool Model::may_grow(uint32_t to_stage, uint32_t to_step) const {
  const auto gets = [&](uint32_t in_stage, uint32_t in_step) {
    const Stage& row = plan_.stages[in_stage];
    const uint32_t share = plan_.steps[row.steps.first + in_step].share_millionths;
    const bool copies = row.kind != StageKind::blue_green || in_step == 0;
    return std::pair{std::min(share, 1'000'000 - row.holdback_millionths),
                     copies ? row.mirror_millionths : 0};
  };
  const auto now = gets(stage, step);
  const auto then = gets(to_stage, to_step);
  if (then.first <= now.first && then.second <= now.second) return true;
  const int64_t minute = past_.back().time / (60 * second) % (24 * 60);
  const auto open = [&](Rows<IncreaseWindowId> rows) {
    bool allowed = rows.count == 0, excepted = false;
    for (uint32_t i = rows.first; i < rows.first + rows.count; ++i) {
      const IncreaseWindow& window = plan_.increase_windows[i];
      if (minute < window.from_minute || minute >= window.to_minute) continue;
      (window.rule == IncreaseRule::allow ? allowed : excepted) = true;
    }
    return allowed && !excepted;
  };
  return open(plan_.increase) && open(plan_.stages[stage].increase) &&
         open(plan_.stages[to_stage].increase);
}

bool Model::shared(size_t trigger) const {
  const Trigger& row = plan_.triggers[trigger];
  return when(trigger) == Verdict::is_true && !row.even_if_baseline &&
         !row.baseline_when.is_none() && past_.back().baseline[trigger] == Verdict::is_true;
}

// Time since the first tick of the present run of one unknown cause.
int64_t Model::unknown_for(size_t trigger) const {
  int64_t since = past_.back().time;
  for (size_t i = past_.size(); i-- > 0;) {
    if (past_[i].when[trigger] != when(trigger)) break;
    if (!acted_at(trigger, past_[i].time)) break;
    since = past_[i].time;
    if (past_[i].first_after_gap) break;
  }
  return past_.back().time - since;
}

UnknownAction Model::unknown_action(size_t trigger, bool& holds) const {
  const Verdict verdict = when(trigger);
  const uint8_t index = verdict == Verdict::source_error ? 2 : verdict == Verdict::no_data ? 1 : 0;
  const UnknownRule& rule = rule_for(trigger, index);
  holds = rule.action == UnknownAction::hold;
  const bool long_enough = rule.up_to_ns > 0 && unknown_for(trigger) >= rule.up_to_ns;
  return long_enough ? rule.then : rule.action;
}

bool Model::find_rollback(std::vector<ModelDecision>& out) {
  const auto roll_back = [&](size_t trigger) {
    phase = Phase::rolled_back;
    out.push_back({DecisionKind::rolled_back, static_cast<uint32_t>(trigger)});
    return true;
  };
  for (size_t i = 0; i < plan_.triggers.size(); ++i) {
    if (plan_.triggers[i].action != TriggerAction::rollback || !acts(i)) continue;
    if (when(i) == Verdict::is_true && !shared(i)) return roll_back(i);
  }
  for (const TriggerAction action : {TriggerAction::rollback, TriggerAction::hold}) {
    for (size_t i = 0; i < plan_.triggers.size(); ++i) {
      if (plan_.triggers[i].action != action || !acts(i) || !is_unknown(when(i))) continue;
      bool holds = false;
      if (unknown_action(i, holds) == UnknownAction::rollback) return roll_back(i);
    }
  }
  return false;
}

int Model::find_holder() const {
  const auto first = [&](TriggerAction action, auto condition) {
    for (size_t i = 0; i < plan_.triggers.size(); ++i) {
      if (plan_.triggers[i].action == action && acts(i) && condition(i)) return static_cast<int>(i);
    }
    return nobody;
  };
  const auto unknown_holds = [&](size_t i) {
    bool holds = false;
    return is_unknown(when(i)) &&
           (unknown_action(i, holds) == UnknownAction::hold || holds);
  };
  const int candidates[] = {
      first(TriggerAction::rollback, [&](size_t i) { return shared(i); }),
      first(TriggerAction::hold, [&](size_t i) { return when(i) == Verdict::is_true; }),
      first(TriggerAction::rollback, unknown_holds),
      first(TriggerAction::hold, unknown_holds),
  };
  for (const int candidate : candidates) {
    if (candidate != nobody) return candidate;
  }
  const Stage& row = plan_.stages[stage];
  const bool late = row.otherwise == Otherwise::hold && limited() &&
                    past_.back().time - entered_ > row.at_most_ns;
  return late ? the_stage : nobody;
}

void Model::hold_or_resume(std::vector<ModelDecision>& out) {
  const int holder = find_holder();
  if (holder != nobody && !holding) {
    out.push_back({DecisionKind::held, trigger_or_none(holder)});
  }
  if (holder == nobody && holding) {
    out.push_back({DecisionKind::resumed, trigger_or_none(holder_)});
  }
  holding = holder != nobody;
  holder_ = holder;
}

void Model::alerts(std::vector<ModelDecision>& out) {
  for (size_t i = 0; i < plan_.triggers.size(); ++i) {
    if (!is_here(i)) continue;
    if (when(i) == Verdict::is_false) alerted_[i].assign(4, 0);
    if (!is_unknown(when(i))) alerted_[i][1] = alerted_[i][2] = alerted_[i][3] = 0;
    if (when(i) != Verdict::is_true) shared_told_[i] = 0;
  }
  const auto tell = [&](DecisionKind kind, size_t trigger, uint8_t& told) {
    if (!told) out.push_back({kind, static_cast<uint32_t>(trigger)});
    told = 1;
  };
  const auto each = [&](TriggerAction action, auto visit) {
    for (size_t i = 0; i < plan_.triggers.size(); ++i) {
      if (plan_.triggers[i].action == action && acts(i)) visit(i);
    }
  };
  each(TriggerAction::rollback, [&](size_t i) {
    if (shared(i)) tell(DecisionKind::shared_degradation, i, shared_told_[i]);
  });
  const auto tell_unknown = [&](size_t i) {
    bool holds = false;
    if (!is_unknown(when(i)) || unknown_action(i, holds) != UnknownAction::alert) return;
    const size_t cause = when(i) == Verdict::source_error ? 3 : when(i) == Verdict::no_data ? 2 : 1;
    tell(DecisionKind::alerted, i, alerted_[i][cause]);
  };
  each(TriggerAction::rollback, tell_unknown);
  each(TriggerAction::hold, tell_unknown);
  each(TriggerAction::alert, [&](size_t i) {
    if (when(i) == Verdict::is_true) tell(DecisionKind::alerted, i, alerted_[i][0]);
  });
}

bool Model::gates_pass(TriggerAction action) const {
  for (size_t i = 0; i < plan_.triggers.size(); ++i) {
    const Trigger& row = plan_.triggers[i];
    if (row.action != action || !is_here(i)) continue;
    if (!acts(i) || when(i) != Verdict::is_true) return false;
  }
  return true;
}

int Model::first_acting(TriggerAction action) const {
  for (size_t i = 0; i < plan_.triggers.size(); ++i) {
    if (plan_.triggers[i].action == action && acts(i)) return static_cast<int>(i);
  }
  return nobody;
}

void Model::overdue(std::vector<ModelDecision>& out, bool left) {
  const Stage& row = plan_.stages[stage];
  if (left || !limited() || past_.back().time - entered_ < row.at_most_ns) return;
  if (row.otherwise == Otherwise::withdraw) {
    phase = Phase::withdrawn;
    out.push_back({DecisionKind::withdrawn});
  } else if (row.otherwise == Otherwise::rollback) {
    phase = Phase::rolled_back;
    out.push_back({DecisionKind::rolled_back});
  } else if (row.otherwise == Otherwise::hold && !holding) {
    holding = true;
    holder_ = the_stage;
    out.push_back({DecisionKind::held});
  }
}

bool Model::step_is_over() const {
  const Stage& row = plan_.stages[stage];
  if (step_clock_ < plan_.steps[row.steps.first + step].duration_ns) return false;
  if (step_requests_ < row.step_samples_min) return false;
  return switched() || gates_pass(TriggerAction::step);
}

void Model::leave_step(std::vector<ModelDecision>& out) {
  const int64_t now = past_.back().time;
  if (!may_grow(stage, step + 1)) return overdue(out, false);
  const int gate = first_acting(TriggerAction::step);
  out.push_back({DecisionKind::step_advanced, trigger_or_none(gate)});
  const uint32_t next = step + 1;
  const bool anew = plan_.stages[stage].kind == StageKind::blue_green;
  if (anew) enter(stage, now);
  step = next;
  shares_.emplace_back(now, plan_.steps[plan_.stages[stage].steps.first + step].share_millionths);
  step_clock_ = 0;
  step_requests_ = 0;
  step_entered_ = last_tick_;
}

void Model::leave_stage(std::vector<ModelDecision>& out) {
  const uint32_t gate = trigger_or_none(first_acting(TriggerAction::promote));
  const bool last = stage + 1 == plan_.stages.size();
  if (!last && !may_grow(stage + 1, 0)) return overdue(out, false);
  if (last && plan_.stages[stage].watch_ns > 0) {
    watching = true;
    watch_clock_ = 0;
    out.push_back({DecisionKind::promoted, gate});
    return;
  }
  if (last) {
    phase = Phase::completed;
    out.push_back({DecisionKind::completed, gate});
    return;
  }
  out.push_back({DecisionKind::promoted, gate});
  out.push_back({DecisionKind::stage_entered});
  enter(stage + 1, past_.back().time);
}

void Model::go_on(std::vector<ModelDecision>& out) {
  const int64_t now = past_.back().time;
  const Stage& row = plan_.stages[stage];
  const bool late = limited() && now - entered_ >= row.at_most_ns;
  for (size_t i = 0; i < plan_.triggers.size(); ++i) {
    const bool rollback = plan_.triggers[i].action == TriggerAction::rollback && acts(i);
    if (rollback && past_.back().condition[i] == Verdict::is_true) return overdue(out, false);
  }
  if (watching) {
    if (watch_clock_ < row.watch_ns) return;
    phase = Phase::completed;
    out.push_back({DecisionKind::completed});
    return;
  }
  if (!step_is_over()) return overdue(out, false);
  if (step + 1 < row.steps.count) {
    if (late) return overdue(out, false);
    return leave_step(out);
  }
  const bool stage_over = stage_clock_ >= row.soak_ns && stage_clock_ >= row.at_least_ns &&
                          gates_pass(TriggerAction::promote);
  if (!stage_over) return overdue(out, false);
  leave_stage(out);
}

// The baseline is kept warm from the last step of the last stage on, and told about once.
void Model::cool_down(int64_t now, std::vector<ModelDecision>& out) {
  const int64_t warm = plan_.stages[stage].keep_warm_ns;
  if (phase != Phase::completed || warm == 0 || warm_told_ || now - step_entered_ < warm) return;
  warm_told_ = true;
  out.push_back({DecisionKind::alerted});
}

std::vector<ModelDecision> Model::tick(const Seen& seen) {
  std::vector<ModelDecision> out;
  cool_down(seen.time, out);
  if (phase != Phase::running) return out;
  const bool gap = seen.time - last_tick_ > second;
  Moment moment{seen.time, seen.condition, seen.condition, seen.baseline, gap};
  past_.push_back(moment);
  for (size_t i = 0; i < plan_.triggers.size(); ++i) {
    past_.back().when[i] = sustained(i, seen.time, seen.condition[i]);
  }
  const int64_t elapsed = gap ? 0 : seen.time - last_tick_;
  last_tick_ = seen.time;
  if (!gap) step_requests_ += seen.requests;
  if (find_rollback(out)) return out;
  hold_or_resume(out);
  alerts(out);
  if (holding) {
    overdue(out, false);
    return out;
  }
  stage_clock_ += elapsed;
  step_clock_ += elapsed;
  watch_clock_ += elapsed;
  go_on(out);
  return out;
}

}  // namespace rel::machine_test
