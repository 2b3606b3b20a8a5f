// The runtime of one release: owns the parts and ticks them. The same object serves a gateway (in a
// shared mapping, many processes), `relc run` (in a mapping of its own) and `relc simulate` (in
// plain memory).
// Input: observations and `now`. Output: the published route and decisions for the host to journal.
// Data plane: route() and observe() are wait-free, allocate nothing, take no lock.
// Control plane: one evaluator at a time, elected by lease, calls tick().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/process.h"
#include "runtime/base/result.h"
#include "runtime/eval/evaluator.h"
#include "runtime/ingest/observation.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/engine.h"

namespace rel {

struct SharedState;  // runtime/route/shared_state.h: the layout of the mapping

// How a request is to be served.
struct RouteDecision {
  uint8_t candidate = 0;       // 1: the candidate answers
  uint8_t mirror = 0;          // 1: copy the request to the candidate as a shadow
  uint8_t keyless = 0;         // no key was given: baseline
  uint8_t stale = 0;           // the control plane has been silent: last route
  uint32_t share_millionths = 0;
  uint32_t bucket = 0;         // 0 .. 999,999
  StageId stage;
  uint64_t epoch = 0;
};

// What a gateway read of a request.
struct RequestFacts {
  std::string_view key;
  RouteTarget target = RouteTarget::none;  // target_of (runtime/route/request_route.h)
  std::span<const uint8_t> segments;       // value index by segment; missing ones are `other`
};

// How a request is to be served, and whether it says anything about the candidate.
struct RoutedRequest {
  RouteDecision route;
  Population population = Population::enrolled;
  uint8_t targeted = 0;  // 1: what the request carries decided, not its bucket
};

// bucket = (XXH64(key, seed = salt) & (2^63 - 1)) mod 1,000,000
uint32_t bucket_of(std::string_view key, uint64_t salt);

// What a tick did; times in nanoseconds of the host's clock.
struct TickReport {
  uint8_t evaluated = 0;   // 0: another process holds the lease
  uint8_t route_changed = 0;
  Raise raise;             // asked for in this tick
};

// The state a sidecar journals and hands back after a restart.
struct DurableState {
  EngineState engine;
  std::vector<uint64_t> evidence;  // evidence_checkpoint(); empty: none was kept
};

class Runtime {
 public:
  // Bytes of memory the shared state of `plan` needs.
  static size_t shared_size(const Plan& plan);

  // Borrows all three. `memory` is at least shared_size() bytes, 64-byte aligned; zeroed memory is
  // a fresh state, anything else must be a state of the same plan (magic, layout version, plan
  // hash) or is refused with what differs. That a file is of this boot is open_mapping's to say.
  static Result<std::unique_ptr<Runtime>> open(const Plan& plan, Evaluator evaluator,
                                               std::span<std::byte> memory,
                                               ProcessAlive alive = process_alive);
  ~Runtime();

  // -- data plane
  // A shard is a counter block with one writer. Claims a free one, or one whose owner is dead;
  // none left: an error, and the caller must count what it cannot observe.
  Result<uint32_t> claim_shard(int32_t pid);
  void release_shard(uint32_t shard);
  RouteDecision route(std::string_view key, int64_t now_ns) const;
  RoutedRequest route(const RequestFacts& request, int64_t now_ns) const;
  // Counts one request. Left out and counted: observations more than two panes behind the last tick
  // (late) or more than two panes, at least a second, ahead of it (future), and values that are not
  // finite, not below 9.2e9 in magnitude, a negative duration or a flag other than 0 and 1.
  void observe(uint32_t shard, const Observation& observation);

  // The other members of the release's set, by the memory of their runtimes, for the time of this
  // one. Null: a member that could not be opened; nothing is raised then. Without this call a
  // member is carried out as if it were alone (a simulation). Called before the first tick.
  void join_set(std::vector<const SharedState*> peers);
  const SharedState* shared_state() const;

  // -- control plane
  // One tick of the engine if this process holds or can take the lease. Never waits. What was
  // observed since the last tick belongs to this one: with events of their own time, tick as often
  // as they are to be told apart. A clock behind the last tick by a second or less skips the tick,
  // one behind by more, or ahead by more, is a gap that empties the windows.
  TickReport tick(int32_t pid, int64_t now_ns);
  // A source failed or came back: while failing, every aggregate is a source error.
  void set_source_failing(bool failing);
  // ... of the metrics with a bit set (by row), and of those alone.
  void set_metrics_failing(uint32_t metrics);

  // Commands from whoever owns the journal; taken at the next tick of the evaluator.
  void request_start();
  void grant_raise(uint64_t raise_id);
  void refuse_raise(uint64_t raise_id);
  // Orders of people. One a lane: the next is posted once the engine has taken this one
  // (EngineState::hands_taken).
  void post_hand(const HandCommand& command);
  // Which gates of the plan are passed now, a bit each.
  void set_gates(uint64_t passed);
  // Puts a journaled state in place at the next tick, unless the mapping has gone back since: a
  // state of an older epoch, or of the epoch in which the release went back, is not taken.
  void restore(const DurableState& state);
  void sidecar_heartbeat(int64_t now_ns);

  // Decisions not yet taken by the journal, oldest first. A decision stays until acknowledged.
  std::optional<Decision> next_decision() const;
  // The oldest one not acknowledged whose id is greater than `id`: several become durable in one
  // transaction before any of them is acknowledged.
  std::optional<Decision> decision_after(uint64_t id) const;
  void acknowledge_decision(uint64_t id);

  // From now on ticks are recorded, and their bytes since the last call are appended to `bytes`
  // (stage/tick_record.h). The evaluator never waits: what nobody takes in time is left out.
  void take_recorded(std::string& bytes);

  // -- looking
  EngineState engine_state() const;  // a consistent copy
  Route published_route() const;
  // The frame of the last tick: values, causes, samples (Plan::frame_size each).
  void copy_frame(std::span<double> values, std::span<uint8_t> causes,
                  std::span<uint64_t> samples) const;
  // What the statistical comparisons have gathered, to be journaled; empty: nothing yet.
  std::vector<uint64_t> evidence_checkpoint() const;
  struct Counters {
    uint64_t observed = 0;
    uint64_t late = 0;
    uint64_t future = 0;
    uint64_t rejected_values = 0;
    uint64_t decisions_suppressed = 0;
    uint64_t ticks = 0;
    uint64_t requests_candidate = 0;
    uint64_t requests_baseline = 0;
    uint64_t requests_forced = 0;   // not counted otherwise
    uint64_t requests_outside = 0;  // not counted otherwise
    // By segment of the plan: requests that carry none of its values.
    uint64_t requests_other[limits::segments_max] = {};
  };
  Counters counters() const;
  const Plan& plan() const;

 private:
  Runtime();
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rel
