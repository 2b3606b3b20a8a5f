#include "runtime/host/hand_book.h"

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/limits.h"

namespace rel {
namespace {

bool is_stop(const HandRecord& order) {
  return order.command.kind != HandKind::none && lane_of(order.command.kind) == HandLane::stop;
}

// What only takes exposure away does not wait for the disk.
bool may_go_first(const HandRecord& order) {
  return is_stop(order) || order.command.kind == HandKind::pause;
}

const HandTaken& taken_of(const EngineState& state, const HandRecord& order) {
  return state.hands_taken[static_cast<size_t>(lane_of(order.command.kind))];
}

}  // namespace

std::string_view hand_refusal_text(HandRefusal refusal) {
  switch (refusal) {
    case HandRefusal::none: return "";
    case HandRefusal::epoch_passed:
      return "the release has gone back since you looked; look at its status again";
    case HandRefusal::not_running: return "the release does not run";
    case HandRefusal::already_paused: return "the release is paused already";
    case HandRefusal::not_paused: return "the release is not paused";
    case HandRefusal::paused: return "the release is paused; resume it first";
    case HandRefusal::held: return "something holds the release; `relc status` says what";
    case HandRefusal::rollback_pending: return "the condition of a rollback is true";
    case HandRefusal::gate_closed:
      return "a point of the checklist is missing; `relc status` says which";
    case HandRefusal::not_ahead: return "the stage does not come after the present one";
    case HandRefusal::outside_windows:
      return "the policy's windows of increase are closed now";
    case HandRefusal::no_such_trigger: return "no rollback, hold or alert has that name";
    case HandRefusal::end_out_of_range: return "the end must be in the future, at most 30d away";
  }
  REL_CHECK(false);
}

Result<HandBook> HandBook::open(Runtime& runtime, HandTable& table, int64_t release) {
  HandBook book(runtime, table, release);
  Result<uint64_t> last = table.last_sequence();
  if (!last) return last.error();
  // The engine may have taken orders that a lost journal does not know.
  const EngineState state = runtime.engine_state();
  book.next_ = *last + 1;
  for (const HandTaken& taken : state.hands_taken) {
    book.next_ = std::max(book.next_, taken.sequence + 1);
  }
  if (release == 0) return book;
  Result<std::vector<HandRecord>> open = table.open(release);
  if (!open) return open.error();
  for (HandRecord& order : *open) {
    book.lines_.push_back({.order = std::move(order), .written = true});
  }
  return book;
}

Result<std::optional<HandRecord>> HandBook::with_key(std::string_view key) {
  for (const Line& line : lines_) {
    if (line.order.key == key) return std::optional(line.order);
  }
  return table_->with_key(key);
}

Result<HandRecord> HandBook::submit(HandRecord order) {
  Result<std::optional<HandRecord>> known = with_key(order.key);
  if (known && known->has_value()) return std::move(**known);
  const bool first = may_go_first(order) && order.outcome == HandOutcome::accepted;
  if (!known && !first) return known.error();
  if (lines_.size() >= limits::hands_open_max) {
    return Error{"too many orders wait for the engine or the journal; try again"};
  }
  order.command.sequence = next_++;
  order.release = release_;
  Line line{.order = std::move(order)};
  if (Status written = table_->put(line.order); written) {
    line.written = true;
  } else if (!first) {
    return written.error();
  }
  const HandRecord answer = line.order;
  if (answer.outcome != HandOutcome::accepted) return answer;
  lines_.push_back(std::move(line));
  post_next();
  return answer;
}

// The oldest of each lane that the engine has not taken. A stop never waits for what was ordered
// before it in the other lane.
void HandBook::post_next() {
  for (const HandLane lane : {HandLane::stop, HandLane::ordinary}) {
    const auto next = std::find_if(lines_.begin(), lines_.end(), [&](const Line& line) {
      return !line.taken && line.order.outcome == HandOutcome::accepted &&
             lane_of(line.order.command.kind) == lane;
    });
    if (next == lines_.end() || next->posted) continue;
    if (!next->written && !may_go_first(next->order)) continue;
    runtime_->post_hand(next->order.command);
    next->posted = true;
  }
}

void HandBook::step(const EngineState& state) {
  for (Line& line : lines_) {
    if (line.order.outcome != HandOutcome::accepted) continue;
    if (taken_of(state, line.order).sequence < line.order.command.sequence) continue;
    line.taken = true;
    settle(line.order, state);
    if (line.order.outcome != HandOutcome::accepted) line.written = false;
  }
  post_next();
  write_down();
}

void HandBook::settle(HandRecord& order, const EngineState& state) {
  const uint64_t sequence = order.command.sequence;
  const HandTaken& taken = taken_of(state, order);
  HandRefusal refusal = HandRefusal::none;
  if (taken.sequence == sequence) refusal = taken.refusal;
  if (refusal == HandRefusal::none && order.command.kind == HandKind::promote) {
    const HandWish& wish = state.wish;
    if (wish.sequence == sequence && wish.state == WishState::open) return;
    if (wish.sequence == sequence) refusal = wish.refusal;
    if (wish.sequence > sequence) refusal = HandRefusal::not_ahead;
  }
  order.outcome = refusal == HandRefusal::none ? HandOutcome::done : HandOutcome::refused;
  order.detail = hand_refusal_text(refusal);
}

void HandBook::write_down() {
  for (Line& line : lines_) {
    if (line.written) continue;
    if (!table_->put(line.order)) return;  // the journal's failure is told where it is kept
    line.written = true;
  }
  std::erase_if(lines_, [](const Line& line) {
    return line.written && line.order.outcome != HandOutcome::accepted;
  });
}

const HandRecord* HandBook::find(uint64_t sequence) {
  if (sequence == 0) return nullptr;
  for (const Line& line : lines_) {
    if (line.order.command.sequence == sequence) return &line.order;
  }
  if (found_.command.sequence == sequence) return &found_;
  Result<std::optional<HandRecord>> known = table_->with_sequence(sequence);
  if (!known || !known->has_value()) return nullptr;
  found_ = std::move(**known);
  return &found_;
}

Result<std::optional<HandRecord>> HandBook::look_up(uint64_t sequence) {
  for (const Line& line : lines_) {
    if (line.order.command.sequence == sequence) return std::optional(line.order);
  }
  return table_->with_sequence(sequence);
}

}  // namespace rel
