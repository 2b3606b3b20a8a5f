// What stands before a raise: points of the checklist, reviews, and hooks with what they carry out.
// Input: lowering or a plan file. Output: rows of a Plan. Owner: the Plan, whose header has the
// rest of its tables.
#pragma once

#include <cstdint>

#include "runtime/plan/ids.h"

namespace rel {

enum class GateKind : uint8_t {
  approval,  // `count` people of a team have approved the release
  review,    // `count` people of a team have reviewed the stage
  card,      // the model card has its sections and names the candidate
  rehearsal,  // the way back was probed, and could be gone
  evidence,   // `predicate`, over numbers of evidence files that are as they were when compiled
  hook,       // an action of Plan::hooks has succeeded, or may fail
  told,       // ... that tells somebody has been delivered
  http,       // a URL answers with a status
  rule,       // a Prometheus has an alert rule of that name loaded
};
constexpr bool is_of_hook(GateKind kind) {
  return kind == GateKind::hook || kind == GateKind::told;
}

// Where a gate stands: before every increase, only before its stage is left, before its stage is
// entered, or before every increase once its stage has been left.
enum class GateAt : uint8_t { every_raise, leaving, entering, left };

// What the world must have answered before exposure grows: a point of the checklist, or a review.
// The host asks and keeps the evidence; the engine is handed one bit for each, and asks for no
// raise while a bit it needs is missing.
struct Gate {
  GateKind kind = GateKind::approval;
  GateAt at = GateAt::every_raise;
  uint8_t reserved[2] = {};
  StageId stage;           // none: every_raise
  uint32_t count = 0;      // people
  PredicateId predicate;   // evidence: without a load
  int64_t within_ns = 0;   // what is older does not count; 0: it counts for the whole release
  StringId name;           // `approved`
  Rows<StringId> arguments;  // rows of Plan::gate_arguments: team; card: path, then sections;
                             // http: URL, status; rule: name, and where when it is said;
                             // otherwise a word for people
  StringId text;           // as written
  PlanSpan span;
};

// What becomes of the release when a hook has failed for good.
enum class HookFailure : uint8_t {
  hold,      // its gate stays closed, and it is tried again now and then
  go_on,     // its gate opens all the same
  withdraw,
  rollback,
};

// An action that a gate waits for: before or after a stage, or to tell somebody before the release.
struct Hook {
  ActionId action;
  GateId gate;
  HookFailure otherwise = HookFailure::hold;
  uint8_t reserved[3] = {};
  StringId reason;  // withdraw
};

}  // namespace rel
