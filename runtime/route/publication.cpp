// Taking the seat of the evaluator, and publishing a tick as a whole.
#include "runtime/route/publication.h"

#include <algorithm>
#include <cstddef>

#include "runtime/base/check.h"
#include "runtime/route/decision_ring.h"
#include "runtime/route/route_word.h"
#include "runtime/route/shared_words.h"

namespace rel {
namespace {

constexpr uint64_t flips_mask = (uint64_t{1} << 30) - 1;

constexpr uint32_t bank_of(uint64_t published) { return (published >> 1) & 1; }
constexpr uint32_t buffer_of(uint64_t published) { return published & 1; }
constexpr uint64_t flips_of(uint64_t published) { return (published >> 2) & flips_mask; }

constexpr uint64_t pack_published(uint32_t epoch, uint64_t flips, uint32_t bank, uint32_t buffer) {
  return uint64_t{epoch} << 32 | (flips & flips_mask) << 2 | uint64_t{bank} << 1 | buffer;
}

constexpr size_t aligned8(size_t bytes) { return (bytes + 7) / 8 * 8; }

// Never raises anything: may take effect before its record does.
bool lowers(uint64_t present, uint64_t wanted) {
  return share_of(wanted) <= share_of(present) && mirror_of(wanted) <= mirror_of(present);
}

}  // namespace

Publication::Publication(const SharedLayout& layout, std::byte* memory, ProcessAlive alive)
    : layout_(layout),
      memory_(memory),
      alive_(alive),
      shared_(*reinterpret_cast<SharedState*>(memory)) {}

TickBuffer& Publication::buffer(uint32_t bank, uint32_t index) const {
  return *reinterpret_cast<TickBuffer*>(memory_ + layout_.bank_offset(bank) +
                                        layout_.buffer_offset(index));
}

std::byte* Publication::bank() const { return memory_ + layout_.bank_offset(bank_); }

FrameColumns Publication::columns(TickBuffer& tick, size_t frame_size) const {
  auto* base = reinterpret_cast<std::byte*>(&tick + 1);
  return {.values = {reinterpret_cast<double*>(base), frame_size},
          .causes = {reinterpret_cast<uint8_t*>(base + frame_size * 16), frame_size},
          .samples = {reinterpret_cast<uint64_t*>(base + frame_size * 8), frame_size}};
}

// -- taking the seat

Seat Publication::enter(int32_t pid, int64_t now_ns) {
  grant_ = enter_lease(shared_.lease, pid, now_ns, alive_);
  if (grant_.entry == LeaseEntry::refused) return Seat::refused;
  pid_ = pid;
  // Refused from here on, the lease stays with this process, still choosing: whoever is next,
  // itself included, then knows that the banks were not made whole.
  return choose_bank(grant_.entry);
}

void Publication::leave() {
  leave_lease(shared_.lease, grant_);
  // Had this evaluator been given up as stalled, its bank is free again from here on.
  int32_t self = pid_;
  shared_.lease.stalled_pid[bank_].compare_exchange_strong(self, 0, std::memory_order_acq_rel);
}

Seat Publication::choose_bank(LeaseEntry entry) {
  const uint64_t published = shared_.published.load(std::memory_order_acquire);
  auto& stalled = shared_.lease.stalled_pid;
  bool whole = entry == LeaseEntry::same || entry == LeaseEntry::clean;
  bank_ = bank_of(published);
  for (uint32_t attempt = 0; attempt < banks; ++attempt, bank_ = 1 - bank_) {
    int32_t holder = stalled[bank_].load(std::memory_order_acquire);
    if (holder == 0) break;
    whole = false;
    if (!alive_(holder) &&
        stalled[bank_].compare_exchange_strong(holder, 0, std::memory_order_acq_rel)) {
      break;
    }
    // Both banks may still be written to by live, stalled evaluators: the route goes on as it is.
    if (attempt + 1 == banks) return Seat::refused;
  }
  const bool own = published >> 32 == lease_epoch(grant_.word);
  if (!own && !claim_published(published)) return Seat::refused;
  if (!settle_lease(shared_.lease, grant_, bank_)) return Seat::refused;
  if (!whole) return Seat::emptied;
  return shared_.published.load(std::memory_order_acquire) == seen_ ? Seat::known : Seat::inherited;
}

// From here on an evaluator of an older lease cannot flip.
bool Publication::claim_published(uint64_t word) {
  const uint64_t mine = pack_published(lease_epoch(grant_.word), flips_of(word) + 1, bank_of(word),
                                       buffer_of(word));
  return shared_.published.compare_exchange_strong(word, mine, std::memory_order_acq_rel);
}

void Publication::load(TickBuffer& tick) {
  seen_ = shared_.published.load(std::memory_order_acquire);
  const TickBuffer& in_force = buffer(bank_of(seen_), buffer_of(seen_));
  copy_from_shared(&tick, &in_force, sizeof tick);
  if (!tick.written) tick = TickBuffer{};
  REL_CHECK(tick.decision_count <= outbox_max);
}

bool Publication::rollback_unfinished(const EngineState& engine) const {
  return rollback_epoch(shared_.route.rollback_word.load(std::memory_order_acquire)) > engine.epoch;
}

void Publication::adopt_rollback(TickBuffer& tick) const {
  const uint64_t word = shared_.route.rollback_word.load(std::memory_order_acquire);
  const uint64_t decision_id = tick.engine.next_decision_id;
  const uint64_t raise_id = tick.engine.next_raise_id;
  copy_from_shared(&tick, &buffer((word >> 1) & 1, word & 1), sizeof tick);
  REL_CHECK(tick.written && tick.decision_count <= outbox_max);

  // The state in force may have gone on since: the journal sees every id once, in order.
  EngineState& engine = tick.engine;
  const uint64_t first = std::max(engine.next_decision_id - tick.decision_count, decision_id);
  for (uint64_t i = 0; i < tick.decision_count; ++i) tick.decisions[i].id = first + i;
  engine.next_decision_id = first + tick.decision_count;
  engine.next_raise_id = std::max(engine.next_raise_id, raise_id);
}

// -- evidence. A stalled evaluator writes only to places that are not in force in its own bank; the
// one that took over sits in the other bank and begins with a copy.

uint64_t* Publication::evidence_at(uint64_t place) const {
  const auto bank = static_cast<uint32_t>((place - 1) / buffers);
  const auto index = static_cast<uint32_t>((place - 1) % buffers);
  return reinterpret_cast<uint64_t*>(memory_ + layout_.bank_offset(bank) +
                                     layout_.evidence_offset(index));
}

void Publication::load_evidence(const TickBuffer& tick, std::span<uint64_t> words) const {
  if (tick.evidence_place == 0) {
    std::ranges::fill(words, 0);
    return;
  }
  REL_CHECK(tick.evidence_place <= banks * buffers);
  copy_from_shared(words.data(), evidence_at(tick.evidence_place), words.size_bytes());
}

void Publication::place_evidence(TickBuffer& tick, std::span<const uint64_t> words) const {
  const uint64_t first = 1 + uint64_t{bank_} * buffers;
  tick.evidence_place = tick.evidence_place == first ? first + 1 : first;
  copy_to_shared(evidence_at(tick.evidence_place), words.data(), words.size_bytes());
}

// -- publishing

Publish Publication::publish(const Plan& plan, const TickBuffer& tick, const FrameColumns& frame) {
  uint64_t published = shared_.published.load(std::memory_order_acquire);
  const uint32_t index = bank_ == bank_of(published) ? 1 - buffer_of(published) : 0;
  if (lease_epoch(grant_.word) != published >> 32 || !holds_lease(shared_.lease, grant_)) {
    return Publish::lost;
  }
  write_buffer(buffer(bank_, index), tick, frame);

  RouteBlock& route = shared_.route;
  const Route decided_route = route_of(plan, tick.engine);
  const uint64_t wanted = pack_route(decided_route);
  const uint64_t wanted_step = pack_step(decided_route);
  const uint64_t present = route.route_word.load(std::memory_order_acquire);
  const uint64_t present_step = route.step_word.load(std::memory_order_acquire);
  // Another wave of the same share reaches more people.
  const bool widens = !plan.wave_stages.empty() && present_step != wanted_step;
  const bool first = lowers(present, wanted) && (!widens || share_of(wanted) == 0);
  if (!holds_lease(shared_.lease, grant_)) return Publish::lost;
  if (rollback_epoch(route.rollback_word.load(std::memory_order_acquire)) != tick.engine.epoch) {
    route.rollback_word.store(pack_rollback(tick.engine.epoch, bank_, index),
                              std::memory_order_release);
  }
  if (first) move_route(present, wanted, present_step, wanted_step);
  const uint64_t mine =
      pack_published(lease_epoch(grant_.word), flips_of(published) + 1, bank_, index);
  if (!shared_.published.compare_exchange_strong(published, mine, std::memory_order_acq_rel)) {
    return Publish::lost;
  }
  seen_ = mine;
  if (!first) move_route(present, wanted, present_step, wanted_step);
  route.running.store(tick.engine.phase == Phase::running ? 1 : 0, std::memory_order_release);

  const std::span decided(tick.decisions, tick.decision_count);
  if (append_decisions(shared_.ring, decided) == AppendOutcome::raise_left_out) {
    shared_.mail.refused_raise.store(tick.engine.pending.id, std::memory_order_release);
  }
  return Publish::done;
}

void Publication::write_buffer(TickBuffer& to, const TickBuffer& tick,
                               const FrameColumns& frame) const {
  copy_to_shared(&to, &tick,
                 offsetof(TickBuffer, decisions) + tick.decision_count * sizeof(Decision));
  const FrameColumns target = columns(to, frame.values.size());
  copy_to_shared(target.values.data(), frame.values.data(), frame.values.size_bytes());
  copy_to_shared(target.samples.data(), frame.samples.data(), frame.samples.size_bytes());
  copy_to_shared(target.causes.data(), frame.causes.data(), aligned8(frame.causes.size()));
}

// An older evaluator that was stalled here must not undo what has been published since.
// The step first: whoever reads the new route finds the step it belongs to.
void Publication::move_route(uint64_t present, uint64_t wanted, uint64_t present_step,
                             uint64_t wanted_step) {
  RouteBlock& route = shared_.route;
  if (present_step != wanted_step) {
    route.step_word.compare_exchange_strong(present_step, wanted_step, std::memory_order_acq_rel);
  }
  if (present == wanted) return;
  route.route_word.compare_exchange_strong(present, wanted, std::memory_order_acq_rel);
}

// -- reading. A buffer is written again two ticks after it was in force, a copy takes microseconds:
// the loops end because ticks are 100 ms apart.

void Publication::copy_engine(EngineState& engine) const {
  for (;;) {
    const uint64_t before = shared_.published.load(std::memory_order_acquire);
    const TickBuffer& in_force = buffer(bank_of(before), buffer_of(before));
    uint64_t written = 0;
    copy_from_shared(&written, &in_force.written, sizeof written);
    copy_from_shared(&engine, &in_force.engine, sizeof engine);
    if (shared_.published.load(std::memory_order_acquire) != before) continue;
    if (!written) engine = EngineState{};
    return;
  }
}

bool Publication::copy_evidence(std::span<uint64_t> words) const {
  for (;;) {
    const uint64_t before = shared_.published.load(std::memory_order_acquire);
    const TickBuffer& in_force = buffer(bank_of(before), buffer_of(before));
    uint64_t place = 0;
    copy_from_shared(&place, &in_force.evidence_place, sizeof place);
    const bool known = place != 0 && place <= banks * buffers;
    if (known) copy_from_shared(words.data(), evidence_at(place), words.size_bytes());
    if (shared_.published.load(std::memory_order_acquire) == before) return known;
  }
}

void Publication::copy_frame(const FrameColumns& frame) const {
  for (;;) {
    const uint64_t before = shared_.published.load(std::memory_order_acquire);
    const FrameColumns from =
        columns(buffer(bank_of(before), buffer_of(before)), frame.values.size());
    copy_from_shared(frame.values.data(), from.values.data(), frame.values.size_bytes());
    copy_from_shared(frame.samples.data(), from.samples.data(), frame.samples.size_bytes());
    for (size_t i = 0; i < frame.causes.size(); ++i) {
      frame.causes[i] =
          std::atomic_ref<uint8_t>(from.causes[i]).load(std::memory_order_acquire);
    }
    if (shared_.published.load(std::memory_order_acquire) == before) return;
  }
}

}  // namespace rel
