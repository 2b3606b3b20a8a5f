// A decision of the engine as a plain value: it travels through shared memory, the journal and
// replay unchanged. Text is made from it and its plan in one place, decision_text.h.
#pragma once

#include <cstdint>

#include "runtime/base/limits.h"
#include "runtime/plan/plan.h"

namespace rel {

enum class DecisionKind : uint8_t {
  stage_entered,
  step_advanced,
  held,
  resumed,
  promoted,
  rolled_back,
  completed,
  withdrawn,
  alerted,
  shared_degradation,
  approved,
  reviewed,
  paused,
  overridden,
  aborted,
  action_started,
  action_done,
  action_failed,
  quarantined,
  unquarantined,
};
inline constexpr DecisionKind decision_kind_last = DecisionKind::unquarantined;

// Why the engine decided, when no trigger says it all.
enum class Reason : uint8_t {
  release_started,
  step_time_full,
  stage_complete,        // soak, steps and gate are full
  trigger_true,          // `trigger` is true
  trigger_unknown,       // `trigger` is unknown because of `cause`
  trigger_unknown_long,  // ... for longer than `hold up to`
  baseline_also_true,    // shared degradation
  stage_overdue,         // `at most` has passed
  nothing_holds,         // resumed
  step_samples_full,     // `step until samples >= N`
  watch_begins,          // all of the last stage is full but its watch
  watch_over,
  baseline_released,     // `keep baseline warm` has passed
  recovered,             // the release went on after a restart
  action_outcome,        // see `action`
  by_hand,               // a person ordered it: see `hand`
  set_went_back,         // another member of the release's set
};

// One number the decision rests on, copied from the frame of its tick.
struct Evidence {
  AggregateId aggregate;
  uint32_t cell = 0;  // cell of the plan the number belongs to
  double value = 0;
  uint64_t samples = 0;
  uint8_t causes = 0;  // Cause bits; not zero: the value is not known
  uint8_t reserved[7] = {};
};

struct Decision {
  uint64_t id = 0;        // 1, 2, 3 ... within the release
  int64_t time_ns = 0;    // nanoseconds since the Unix epoch
  int64_t since_ns = 0;   // when its condition began to hold (0: at once)
  uint64_t epoch = 0;     // rollback epoch after the decision
  uint64_t hand = 0;      // sequence of the order that caused it; 0: none
  DecisionKind kind = DecisionKind::held;
  Reason reason = Reason::release_started;
  uint8_t cause = 0;           // Cause
  uint8_t durable_first = 0;   // 1: on disk before it takes effect (it raises exposure)
  uint32_t share_millionths = 0;  // candidate share after the decision
  StageId stage;
  TriggerId trigger;
  ActionId action;
  uint32_t evidence_count = 0;
  Evidence evidence[limits::evidence_max];
};
static_assert(std::is_trivially_copyable_v<Decision>);

}  // namespace rel
