// The seat of the evaluator in the shared memory: taking it, and publishing what a tick came to as
// a whole. Input: the lease, the engine's state after a tick. Output: the state in force, the route
// and the decisions of the ring. Owner: the Runtime.
//
// A crash or a stall may cut a tick at any instruction. What is in force is one word (`published`)
// that names a buffer; an evaluator that lost its lease cannot move it. Order of a rollback: the
// buffer, the rollback word (from here on every request goes to the baseline), the route, the flip,
// the ring. Order of an increase: the buffer, the flip, the route, the ring.
#pragma once

#include <cstdint>

#include "runtime/route/layout.h"
#include "runtime/route/lease.h"
#include "runtime/windows/frame.h"

namespace rel {

enum class Seat : uint8_t {
  refused,   // not the evaluator of this tick
  known,     // the state in force is the one this process published last
  inherited, // another state is in force, its windows are whole
  emptied,   // another state is in force, the windows are not to be trusted
};

enum class Publish : uint8_t { done, lost };

class Publication {
 public:
  Publication(const SharedLayout& layout, std::byte* memory, ProcessAlive alive);

  SharedState& shared() const { return shared_; }

  // -- evaluator
  Seat enter(int32_t pid, int64_t now_ns);
  void leave();
  std::byte* bank() const;
  // The state in force; from here on it is known to this process.
  void load(TickBuffer& tick);
  // A rollback whose word is published but not its state: its evaluator was cut short, or had lost
  // the lease. Rolling back is always allowed, so its state is taken over.
  bool rollback_unfinished(const EngineState& engine) const;
  void adopt_rollback(TickBuffer& tick) const;
  // Evidence of the tick in force, for the evaluator to go on from.
  void load_evidence(const TickBuffer& tick, std::span<uint64_t> words) const;
  // Writes evidence where nothing in force stands, and names that place in the tick.
  void place_evidence(TickBuffer& tick, std::span<const uint64_t> words) const;
  // What the tick decided takes effect. `lost`: the lease is another's, nothing of it is in force.
  Publish publish(const Plan& plan, const TickBuffer& tick, const FrameColumns& frame);

  // -- everybody: consistent copies of what is in force
  void copy_engine(EngineState& engine) const;
  void copy_frame(const FrameColumns& frame) const;
  // False: nobody has published any.
  bool copy_evidence(std::span<uint64_t> words) const;

 private:
  Seat choose_bank(LeaseEntry entry);
  bool claim_published(uint64_t word);
  TickBuffer& buffer(uint32_t bank, uint32_t index) const;
  uint64_t* evidence_at(uint64_t place) const;
  FrameColumns columns(TickBuffer& tick, size_t frame_size) const;
  void write_buffer(TickBuffer& to, const TickBuffer& tick, const FrameColumns& frame) const;
  void move_route(uint64_t present, uint64_t wanted, uint64_t present_step, uint64_t wanted_step);

  const SharedLayout& layout_;
  std::byte* memory_;
  ProcessAlive alive_;
  SharedState& shared_;
  LeaseGrant grant_;
  int32_t pid_ = 0;
  uint32_t bank_ = 0;        // worked in
  uint64_t seen_ = ~0ull;    // `published` as this process left it
};

}  // namespace rel
