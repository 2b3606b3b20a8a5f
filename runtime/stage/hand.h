// What people order: a command on its way from the control socket to the stage machine, and what
// became of it there. Plain memory: it travels through the shared mapping and the journal.
// Input: the host, which knows who and why. Output: read by the engine. Owner: EngineState.
//
// Commands that take exposure away have a lane of their own, so that they never wait behind another
// one. A lane's sequence numbers only grow: a command that was taken is never taken again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "runtime/plan/plan.h"

namespace rel {

enum class HandKind : uint8_t {
  none,
  pause,     // nothing is raised until somebody resumes
  resume,
  promote,   // to the next step or stage now, or into `stage`
  overrule,  // `override`: `trigger` does not act before `until_ns`
  rollback,  // the candidate has failed
  withdraw,  // taken back without blame
  abort,     // called off, also before it has begun
};

enum class HandLane : uint8_t { ordinary, stop };
inline constexpr size_t hand_lanes = 2;

constexpr HandLane lane_of(HandKind kind) {
  return kind >= HandKind::rollback ? HandLane::stop : HandLane::ordinary;
}

struct HandCommand {
  uint64_t sequence = 0;  // of its record in the journal; 0: none
  HandKind kind = HandKind::none;
  uint8_t reserved[3] = {};
  StageId stage;          // promote; none: the next step or stage
  TriggerId trigger;      // overrule
  uint32_t reserved2 = 0;
  uint64_t epoch = 0;     // rollbacks the person knew of
  int64_t until_ns = 0;   // overrule
};
static_assert(std::is_trivially_copyable_v<HandCommand>);

enum class HandRefusal : uint8_t {
  none,
  epoch_passed,      // the release has gone back since the person looked
  not_running,
  already_paused,
  not_paused,
  paused,            // promote: somebody has paused the release
  held,              // promote: something holds the release
  rollback_pending,  // promote: the condition of a rollback is true
  gate_closed,       // promote: a point of the checklist, a review or a hook is missing
  not_ahead,         // promote: the stage is not one that comes later
  outside_windows,   // promote: the windows of increase are closed
  no_such_trigger,   // overrule: there is none, or it does not stop anything
  end_out_of_range,  // overrule: the end is past, or too far
};

// The last command a lane has taken.
struct HandTaken {
  uint64_t sequence = 0;
  HandRefusal refusal = HandRefusal::none;
  uint8_t reserved[7] = {};
};

// A promotion that was ordered, from its being taken to its taking effect.
enum class WishState : uint8_t { none, open, granted, void_ };

struct HandWish {
  uint64_t sequence = 0;
  StageId stage;
  WishState state = WishState::none;
  HandRefusal refusal = HandRefusal::none;  // why it is void
  uint8_t reserved[2] = {};
};

}  // namespace rel
