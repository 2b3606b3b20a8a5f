// The runtime of one release: opening, the data plane, the tick, looking.
#include "runtime/runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/evidence/evidence.h"
#include "runtime/ingest/collect.h"
#include "runtime/ingest/shard.h"
#include "runtime/route/decision_ring.h"
#include "runtime/route/layout.h"
#include "runtime/route/publication.h"
#include "runtime/route/release_set.h"
#include "runtime/route/request_route.h"
#include "runtime/route/route_key.h"
#include "runtime/route/shared_state.h"
#include "runtime/route/shared_words.h"
#include "runtime/stage/stage_end.h"
#include "runtime/stage/tick_record.h"
#include "runtime/windows/frame.h"
#include "runtime/windows/windows.h"

namespace rel {
namespace {

// Fresh memory takes the value, any other must have it already.
bool agree(std::atomic<uint64_t>& word, uint64_t value) {
  uint64_t fresh = 0;
  return word.compare_exchange_strong(fresh, value, std::memory_order_acq_rel) || fresh == value;
}

Status agree_on_identity(SharedIdentity& identity, uint64_t hash, uint64_t size) {
  if (!agree(identity.magic, shared_magic)) {
    return Error{"the shared memory is not a state of relc; remove the file and start again"};
  }
  if (!agree(identity.layout_version, shared_layout_version)) {
    return Error{fmt::format(
        "the shared memory has layout version {}, this program writes {}; end the old processes, "
        "then remove the file",
        identity.layout_version.load(), shared_layout_version)};
  }
  if (!agree(identity.plan_hash, hash)) {
    return Error{fmt::format(
        "the shared memory belongs to plan {:016x}, the policy given makes plan {:016x}; finish "
        "the running release first, or use another state directory",
        identity.plan_hash.load(), hash)};
  }
  if (!agree(identity.size, size)) {
    return Error{fmt::format("the shared memory holds {} bytes of state, this plan needs {}",
                             identity.size.load(), size)};
  }
  return ok();
}

}  // namespace

uint32_t bucket_of(std::string_view key, uint64_t salt) {
  return bucket_of_hash(key_hash(key, salt));
}

struct Runtime::Parts {
  Parts(const Plan& p, Evaluator e, std::byte* m, ProcessAlive a)
      : route{&reinterpret_cast<SharedState*>(m)->route, p.salt},
        waves_routed(p),
        plan(p),
        evaluator(e),
        memory(m),
        layout(p),
        publication(layout, m, a),
        alive(a),
        shared(publication.shared()),
        windows(p, layout),
        evidence(p, layout),
        collector(layout, m),
        values(p.frame_size),
        samples(p.frame_size),
        evidence_words(layout.evidence_words()),
        causes(p.frame_size + 7),
        writer(p) {}

  FrameColumns frame() {
    return {values, std::span(causes).first(plan.frame_size), samples};
  }

  // -- of a tick, in the order of use
  void settle_seat(Seat seat, int64_t now_ns);
  bool clock_went_back_a_little(int64_t now_ns) const;
  void take_observations(int64_t now_ns);
  void take_mail(int64_t now_ns, TickReport& report);
  void take_restored(int64_t now_ns);
  void begin_record(int64_t now_ns);
  void end_record(const TickReport& report);
  void apply(const HostEvent& event, int64_t now_ns, TickReport& report);
  void take_hand(HandLane lane, int64_t now_ns, TickReport& report);
  void decide(int64_t now_ns, TickReport& report);
  void take_output(int64_t now_ns, TickReport& report);
  void publish(int64_t now_ns, TickReport& report);

  void load_evidence();
  Exposure exposure() const;
  CandidateLane candidate_lane() const;
  void restart_windows(int64_t now_ns, ResetScope scope);

  RouteView route;  // first: every request reads it
  WaveTable waves_routed;

  std::vector<const SharedState*> peers;
  const Plan& plan;
  Evaluator evaluator;
  std::byte* memory;
  SharedLayout layout;
  Publication publication;
  ProcessAlive alive;
  SharedState& shared;
  Windows windows;
  RunningEvidence evidence;
  Collector collector;
  TickBuffer tick;  // the engine and what it decides, private until published
  TickVerdicts verdicts{};
  StepOutput output{};
  std::vector<double> values;
  std::vector<uint64_t> samples;
  std::vector<uint64_t> evidence_words;  // on the way from the mapping
  bool evidence_changed = false;         // since it was published
  std::vector<uint8_t> causes;  // padded to whole words
  TickWriter writer;
  bool recording = false;  // this tick
  SetPeers set_peers;      // ... as it saw them
  std::atomic_flag ticking = ATOMIC_FLAG_INIT;
};

// -- opening

Runtime::Runtime() = default;
Runtime::~Runtime() = default;

size_t Runtime::shared_size(const Plan& plan) { return SharedLayout(plan).size(); }

Result<std::unique_ptr<Runtime>> Runtime::open(const Plan& plan, Evaluator evaluator,
                                               std::span<std::byte> memory, ProcessAlive alive) {
  const size_t size = shared_size(plan);
  if (size > limits::shared_bytes_max) {
    return Error{fmt::format(
        "release {} needs {} MiB of shared memory, the limit is {} MiB; use fewer quantiles by "
        "segment, or shorter windows",
        plan.release, size >> 20, limits::shared_bytes_max >> 20)};
  }
  if (memory.size() < size) {
    return Error{fmt::format("release {} needs {} bytes of shared memory, {} were given",
                             plan.release, size, memory.size())};
  }
  if (reinterpret_cast<uintptr_t>(memory.data()) % alignof(SharedState) != 0) {
    return Error{"the shared memory is not aligned to 64 bytes"};
  }
  if (!evaluator.compiled.empty() && evaluator.compiled.size() != plan.predicates.size()) {
    return Error{fmt::format("{} compiled predicates were given for a plan with {}",
                             evaluator.compiled.size(), plan.predicates.size())};
  }
  auto* shared = reinterpret_cast<SharedState*>(memory.data());
  if (Status same = agree_on_identity(shared->identity, plan_hash(plan), size); !same) {
    return same.error();
  }
  evaluator.plan = &plan;
  std::unique_ptr<Runtime> runtime(new Runtime);
  runtime->parts_ = std::make_unique<Parts>(plan, evaluator, memory.data(), alive);
  return runtime;
}

// -- data plane

Result<uint32_t> Runtime::claim_shard(int32_t pid) {
  for (uint32_t shard = 0; shard < limits::shards_max; ++shard) {
    const ShardView view = shard_view(parts_->layout, parts_->memory, shard);
    int32_t owner = view.header->pid.load(std::memory_order_acquire);
    if (owner != 0 && parts_->alive(owner)) continue;
    if (!view.header->pid.compare_exchange_strong(owner, pid, std::memory_order_acq_rel)) continue;
    if (owner != 0) mend_shard(parts_->layout, view);
    view.header->claims.fetch_add(1, std::memory_order_acq_rel);
    return shard;
  }
  return Error{fmt::format("all {} counter blocks are taken by living processes; use fewer workers",
                           limits::shards_max)};
}

void Runtime::release_shard(uint32_t shard) {
  REL_CHECK(shard < limits::shards_max);
  shard_view(parts_->layout, parts_->memory, shard).header->pid.store(0, std::memory_order_release);
}

RouteDecision Runtime::route(std::string_view key, int64_t now_ns) const {
  return route_key(parts_->route, key, now_ns);
}

RoutedRequest Runtime::route(const RequestFacts& request, int64_t now_ns) const {
  return route_request(parts_->route, parts_->waves_routed, request, now_ns);
}

void Runtime::observe(uint32_t shard, const Observation& observation) {
  REL_CHECK(shard < limits::shards_max);
  const ShardView view = shard_view(parts_->layout, parts_->memory, shard);
  const int64_t last = parts_->shared.route.last_tick_ns.load(std::memory_order_relaxed);
  if (last != 0) {
    const int64_t bound = late_panes_max * parts_->plan.pane_ns;
    if (observation.time_ns < last - bound) {
      bump(view.header->late, uint64_t{1});
      return;
    }
    // Ticks that stand still for longer than this empty the windows anyway.
    if (observation.time_ns > last + std::max(bound, clock_gap_ns_max)) {
      bump(view.header->future, uint64_t{1});
      return;
    }
  }
  count_observation(parts_->plan, parts_->layout, view, observation);
}

void Runtime::join_set(std::vector<const SharedState*> peers) {
  parts_->peers = std::move(peers);
}

const SharedState* Runtime::shared_state() const { return &parts_->shared; }

// -- control plane

TickReport Runtime::tick(int32_t pid, int64_t now_ns) {
  Parts& p = *parts_;
  TickReport report;
  if (p.ticking.test_and_set(std::memory_order_acquire)) return report;
  if (const Seat seat = p.publication.enter(pid, now_ns); seat != Seat::refused) {
    p.settle_seat(seat, now_ns);
    if (!p.clock_went_back_a_little(now_ns)) {
      p.take_observations(now_ns);
      p.take_mail(now_ns, report);
      p.decide(now_ns, report);
      p.publish(now_ns, report);
      p.end_record(report);
    }
    p.publication.leave();
  }
  p.ticking.clear(std::memory_order_release);
  return report;
}

// Makes the private state and the windows those in force.
void Runtime::Parts::settle_seat(Seat seat, int64_t now_ns) {
  windows.use(publication.bank());
  collector.use(publication.bank());
  if (seat != Seat::known) {
    publication.load(tick);
    load_evidence();
    // What the last evaluator published but could not hand over any more.
    append_decisions(shared.ring, std::span(tick.decisions, tick.decision_count));
  }
  tick.decision_count = 0;
  if (seat == Seat::emptied) {
    evidence.clock_gap();
    restart_windows(now_ns, ResetScope::everything);
    collector.collect(windows, CollectMode::restart);
  }
  if (publication.rollback_unfinished(tick.engine)) publication.adopt_rollback(tick);
}

// Clocks of two processes differ by a little; the next tick is ahead again. A clock that went back
// further is a gap.
bool Runtime::Parts::clock_went_back_a_little(int64_t now_ns) const {
  const int64_t last = shared.route.last_tick_ns.load(std::memory_order_acquire);
  return now_ns < last && last - now_ns <= clock_gap_ns_max;
}

void Runtime::Parts::take_observations(int64_t now_ns) {
  const int64_t last = shared.route.last_tick_ns.load(std::memory_order_acquire);
  const bool gap = last != 0 && (now_ns < last || now_ns - last > clock_gap_ns_max);
  if (gap) {
    evidence.clock_gap();
    restart_windows(now_ns, ResetScope::touched);
  }
  windows.advance(now_ns);
  collector.collect(windows, gap ? CollectMode::discard : CollectMode::count);
  windows.settle();
  if (evidence.advance(now_ns, windows, exposure())) evidence_changed = true;
}

void Runtime::Parts::take_mail(int64_t now_ns, TickReport& report) {
  const MailBlock& mail = shared.mail;
  take_restored(now_ns);
  begin_record(now_ns);
  take_hand(HandLane::stop, now_ns, report);
  const auto tell = [&](HostEventKind kind, uint64_t raise_id) {
    apply({.kind = kind, .raise_id = raise_id}, now_ns, report);
  };
  const uint64_t gates = mail.gates_passed.load(std::memory_order_acquire);
  if (gates != tick.engine.gates_passed) {
    apply({.kind = HostEventKind::gates, .gates = gates}, now_ns, report);
  }
  const Raise pending = tick.engine.pending;
  if (pending.kind != RaiseKind::none) {
    if (mail.granted_raise.load(std::memory_order_acquire) == pending.id) {
      tell(HostEventKind::raise_durable, pending.id);
    } else if (mail.refused_raise.load(std::memory_order_acquire) == pending.id) {
      tell(HostEventKind::raise_refused, pending.id);
    }
  }
  take_hand(HandLane::ordinary, now_ns, report);
  const uint64_t starts = mail.starts.load(std::memory_order_acquire);
  if (starts != tick.starts_taken) {
    tick.starts_taken = starts;
    tell(HostEventKind::start, 0);
  }
}

void Runtime::Parts::apply(const HostEvent& event, int64_t now_ns, TickReport& report) {
  if (recording) writer.event(event);
  engine_event(plan, tick.engine, event, now_ns, output);
  take_output(now_ns, report);
}

// A tick is recorded from the state it is about to act on, once it has been published.
void Runtime::Parts::begin_record(int64_t now_ns) {
  recording = shared.recorded.wanted.load(std::memory_order_relaxed) != 0;
  if (recording) writer.begin(tick.engine, now_ns);
}

void Runtime::Parts::end_record(const TickReport& report) {
  if (!recording) return;
  const FrameColumns columns = frame();
  const EvidenceSource seen{columns.values, columns.causes, columns.samples};
  const bool kept = report.evaluated != 0 &&
                    append_tick(shared.recorded, writer.finish(seen, set_peers, tick.engine));
  if (!kept) writer.lost();
}

void Runtime::Parts::take_hand(HandLane lane, int64_t now_ns, TickReport& report) {
  const size_t index = static_cast<size_t>(lane);
  const MailedHand& mailed = shared.mail.hands[index];
  const uint64_t version = mailed.version.load(std::memory_order_acquire);
  if (version == 0 || version % 2 != 0) return;
  HostEvent event{.kind = HostEventKind::hand};
  copy_from_shared(&event.hand, &mailed.command, sizeof event.hand);
  if (mailed.version.load(std::memory_order_acquire) != version) return;  // written anew: next tick
  if (event.hand.sequence <= tick.engine.hands_taken[index].sequence) return;
  apply(event, now_ns, report);
}

void Runtime::Parts::take_restored(int64_t now_ns) {
  const MailBlock& mail = shared.mail;
  const uint64_t restores = mail.restores.load(std::memory_order_acquire);
  if (restores == tick.restores_taken || restores % 2 != 0) return;
  EngineState restored;
  copy_from_shared(&restored, &mail.restored, sizeof restored);
  const bool kept = mail.restored_evidence.load(std::memory_order_acquire) != 0;
  const std::span<uint64_t> checkpoint =
      std::span(evidence_words).first(kept ? layout.checkpoint_words() : 0);
  copy_from_shared(checkpoint.data(), memory + layout.restored_offset(), checkpoint.size_bytes());
  if (mail.restores.load(std::memory_order_acquire) != restores) return;  // written anew: next tick
  tick.restores_taken = restores;

  // The owner of the journal has compared both memories before it asked for this. Whatever went
  // back since then stands: a restored state never undoes a rollback or a withdrawal.
  const EngineState& present = tick.engine;
  const bool went_back =
      present.phase == Phase::rolled_back || present.phase == Phase::withdrawn;
  if (restored.epoch < present.epoch || (went_back && restored.epoch == present.epoch)) return;
  const uint64_t last_id = shared.ring.last_id.load(std::memory_order_acquire);
  const uint64_t next_raise = present.next_raise_id;
  tick.engine = restored;
  tick.engine.next_decision_id = std::max(restored.next_decision_id, last_id + 1);
  tick.engine.next_raise_id = std::max(restored.next_raise_id, next_raise);
  restart_windows(now_ns, ResetScope::touched);
  evidence.restore(checkpoint);
  evidence_changed = !evidence.state().empty();
}

void Runtime::Parts::decide(int64_t now_ns, TickReport& report) {
  const SourceHealth source{shared.mail.source_failing.load(std::memory_order_acquire) != 0,
                            shared.mail.metrics_failing.load(std::memory_order_acquire)};
  const FrameColumns columns = frame();
  build_frame(plan, layout, windows, candidate_lane(), source, columns);
  evidence.write_frame(now_ns, source, columns);
  seal_frame(columns.values, columns.causes);
  evaluate_tick(plan, evaluator, columns.values, columns.causes, tick.engine, now_ns, verdicts);
  const EvidenceSource numbers{columns.values, columns.causes, columns.samples};
  set_peers = read_peers(tick.engine, peers);
  engine_tick(plan, tick.engine, verdicts, numbers, now_ns, output, set_peers);
  take_output(now_ns, report);
}

void Runtime::Parts::take_output(int64_t now_ns, TickReport& report) {
  REL_CHECK(tick.decision_count + output.decision_count <= outbox_max);
  std::copy_n(output.decisions, output.decision_count, tick.decisions + tick.decision_count);
  tick.decision_count += output.decision_count;
  if (output.raise.kind != RaiseKind::none) report.raise = output.raise;
  if (output.stage_changed) {
    restart_windows(now_ns, ResetScope::touched);
    evidence.enter_stage(tick.engine.stage);
  }
}

void Runtime::Parts::publish(int64_t now_ns, TickReport& report) {
  const uint64_t before = shared.route.route_word.load(std::memory_order_acquire);
  const uint64_t step_before = shared.route.step_word.load(std::memory_order_acquire);
  tick.written = 1;
  if (evidence_changed) publication.place_evidence(tick, evidence.state());
  evidence_changed = false;
  if (publication.publish(plan, tick, frame()) == Publish::lost) {
    report = TickReport{};
    return;
  }
  shared.set_word.store(pack_set_word(tick.engine), std::memory_order_release);
  shared.route.last_tick_ns.store(now_ns, std::memory_order_release);
  shared.ticks.fetch_add(1, std::memory_order_relaxed);
  report.evaluated = 1;
  const bool other_step = !plan.wave_stages.empty() &&
                          shared.route.step_word.load(std::memory_order_acquire) != step_before;
  report.route_changed =
      other_step || shared.route.route_word.load(std::memory_order_acquire) != before;
}

void Runtime::Parts::load_evidence() {
  const size_t size = evidence.state().size();
  if (size == 0) return;
  publication.load_evidence(tick, evidence_words);
  evidence.load(evidence_words);
}

Exposure Runtime::Parts::exposure() const {
  const EngineState& engine = tick.engine;
  if (engine.phase != Phase::running) return {};
  return {engine.stage, candidate_lane(), route_of(plan, engine).share_millionths};
}

CandidateLane Runtime::Parts::candidate_lane() const {
  return stage::reads_shadow(plan, tick.engine) ? CandidateLane::shadow : CandidateLane::live;
}

void Runtime::Parts::restart_windows(int64_t now_ns, ResetScope scope) {
  windows.reset(scope);
  windows.advance(now_ns);
  evidence.windows_emptied();
  evidence_changed = !evidence.state().empty();
}

void Runtime::set_source_failing(bool failing) {
  parts_->shared.mail.source_failing.store(failing ? 1 : 0, std::memory_order_release);
}

void Runtime::set_metrics_failing(uint32_t metrics) {
  parts_->shared.mail.metrics_failing.store(metrics, std::memory_order_release);
}

void Runtime::request_start() {
  parts_->shared.mail.starts.fetch_add(1, std::memory_order_acq_rel);
}

void Runtime::grant_raise(uint64_t raise_id) {
  parts_->shared.mail.granted_raise.store(raise_id, std::memory_order_release);
}

void Runtime::refuse_raise(uint64_t raise_id) {
  parts_->shared.mail.refused_raise.store(raise_id, std::memory_order_release);
}

void Runtime::post_hand(const HandCommand& command) {
  MailedHand& mailed = parts_->shared.mail.hands[static_cast<size_t>(lane_of(command.kind))];
  const uint64_t writing = mailed.version.load(std::memory_order_acquire) | 1;
  mailed.version.store(writing, std::memory_order_release);
  copy_to_shared(&mailed.command, &command, sizeof command);
  mailed.version.store(writing + 1, std::memory_order_release);
}

void Runtime::set_gates(uint64_t passed) {
  parts_->shared.mail.gates_passed.store(passed, std::memory_order_release);
}

void Runtime::restore(const DurableState& state) {
  MailBlock& mail = parts_->shared.mail;
  const uint64_t writing = mail.restores.load(std::memory_order_acquire) | 1;
  mail.restores.store(writing, std::memory_order_release);
  copy_to_shared(&mail.restored, &state.engine, sizeof state.engine);
  const bool kept = !state.evidence.empty() &&
                    state.evidence.size() == parts_->layout.checkpoint_words();
  if (kept) {
    copy_to_shared(parts_->memory + parts_->layout.restored_offset(), state.evidence.data(),
                   state.evidence.size() * sizeof(uint64_t));
  }
  mail.restored_evidence.store(kept ? 1 : 0, std::memory_order_release);
  mail.restores.store(writing + 1, std::memory_order_release);
}

void Runtime::take_recorded(std::string& bytes) {
  parts_->shared.recorded.wanted.store(1, std::memory_order_relaxed);
  take_ticks(parts_->shared.recorded, bytes);
}

void Runtime::sidecar_heartbeat(int64_t now_ns) {
  parts_->shared.route.sidecar_heartbeat_ns.store(now_ns, std::memory_order_release);
}

std::optional<Decision> Runtime::next_decision() const {
  return oldest_decision(parts_->shared.ring);
}

std::optional<Decision> Runtime::decision_after(uint64_t id) const {
  return rel::decision_after(parts_->shared.ring, id);
}

void Runtime::acknowledge_decision(uint64_t id) { acknowledge_decisions(parts_->shared.ring, id); }

// -- looking

EngineState Runtime::engine_state() const {
  EngineState engine;
  parts_->publication.copy_engine(engine);
  return engine;
}

Route Runtime::published_route() const {
  const RouteBlock& block = parts_->shared.route;
  const uint64_t word = block.route_word.load(std::memory_order_acquire);
  Route route;
  route.epoch = rollback_epoch(block.rollback_word.load(std::memory_order_acquire));
  if (epoch_of(word) != (route.epoch & 0xffff)) return route;
  route.share_millionths = share_of(word);
  route.mirror_millionths = mirror_of(word);
  route.stage = stage_of(word);
  const uint64_t step = block.step_word.load(std::memory_order_acquire);
  if (is_step_of(step, word)) route.step = step_of(step);
  return route;
}

void Runtime::copy_frame(std::span<double> values, std::span<uint8_t> causes,
                         std::span<uint64_t> samples) const {
  const size_t size = parts_->plan.frame_size;
  REL_CHECK(values.size() == size && causes.size() == size && samples.size() == size);
  parts_->publication.copy_frame({values, causes, samples});
}

std::vector<uint64_t> Runtime::evidence_checkpoint() const {
  std::vector<uint64_t> words(parts_->layout.evidence_words());
  if (words.empty() || !parts_->publication.copy_evidence(words)) return {};
  words.resize(parts_->layout.checkpoint_words());
  return words;
}

Runtime::Counters Runtime::counters() const {
  Counters total;
  for (uint32_t shard = 0; shard < limits::shards_max; ++shard) {
    const ShardHeader& header = *shard_view(parts_->layout, parts_->memory, shard).header;
    if (header.claims.load(std::memory_order_acquire) == 0) continue;
    const auto read = [](const std::atomic<uint64_t>& counter) {
      return counter.load(std::memory_order_relaxed);
    };
    total.observed += read(header.observed);
    total.late += read(header.late);
    total.future += read(header.future);
    total.rejected_values += read(header.rejected_values);
    total.requests_baseline += read(header.requests[0]);
    total.requests_candidate += read(header.requests[1]);
    total.requests_forced += read(header.left_out[0]);
    total.requests_outside += read(header.left_out[1]);
    for (uint32_t s = 0; s < limits::segments_max; ++s) {
      total.requests_other[s] += read(header.other[s]);
    }
  }
  total.decisions_suppressed = parts_->shared.ring.suppressed.load(std::memory_order_relaxed);
  total.ticks = parts_->shared.ticks.load(std::memory_order_relaxed);
  return total;
}

const Plan& Runtime::plan() const { return parts_->plan; }

}  // namespace rel
