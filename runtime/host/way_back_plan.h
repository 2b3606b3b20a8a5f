// What the steps of a way back are, apart from how they are kept and carried out. Pure.
// Input: the plan, what is recorded of earlier steps, the time. Output: the step that is due, the
// facts that people and programs are told, when a failed try is tried again. Owner: host/way_back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "runtime/actuators/registry.h"
#include "runtime/journal/journal.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/engine.h"

namespace rel {

struct WayBackStep {
  ActionId action;
  ActionRound round = ActionRound::first;

  friend bool operator==(const WayBackStep&, const WayBackStep&) = default;
};

struct WayBackView {
  const Plan& plan;
  std::span<const ActionRecord> records;
  Phase phase = Phase::rolled_back;
  int64_t began_ns = 0;  // of the way back
  int64_t now_ns = 0;
  bool acknowledged = false;
};

const ActionRecord* find_record(std::span<const ActionRecord> records, WayBackStep step);

// Whether the way back of this phase has the action at all: a withdrawal is nobody's failure, it
// neither pages nor escalates.
bool belongs_to(const Action& action, Phase phase);

// The step to start now. Steps keep their order; while one waits for its next try only
// notifications overtake it, and a report waits for everything before it.
std::optional<WayBackStep> step_due(const WayBackView& view);

// Every step has an outcome. Escalations that are not due and alerts that stand do not count.
bool all_settled(const WayBackView& view);

// An escalation that nobody needs any more; it is recorded as skipped.
std::optional<WayBackStep> step_to_skip(const WayBackView& view);

// When the next try of a step is due whose latest try has just failed; nothing when it is given up.
std::optional<int64_t> next_try_ns(const Action& action, const ActionRecord& record,
                                   int64_t now_ns);

// `20260301T120000Z`: a time as part of a file's name or a key.
std::string compact_time_text(int64_t time_ns);

// The same for every message about one way back: release, run and epoch.
std::string incident_of(const Plan& plan, const ReleaseRecord& release, uint64_t epoch);
// The same at every try of one step, different for every other step.
std::string key_of(const std::string& incident, WayBackStep step);

std::vector<std::string> arguments_of(const Plan& plan, Rows<StringId> rows);

// Who and what; event and summary are the caller's.
ActionFacts facts_of(const Plan& plan, const Action* action);

}  // namespace rel
