#include "runtime/simulation/simulation.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/base/check.h"
#include "runtime/base/time_text.h"
#include "runtime/stage/next_change.h"

namespace rel {
namespace {

constexpr int64_t tick_ns_min = 10'000'000;

int64_t floor_to(int64_t time_ns, int64_t grid_ns) { return time_ns - time_ns % grid_ns; }
int64_t ceil_to(int64_t time_ns, int64_t grid_ns) {
  return floor_to(time_ns + grid_ns - 1, grid_ns);
}

// Memory as a mapping gives it: zeroed and aligned.
constexpr std::align_val_t memory_alignment{64};
struct FreeMemory {
  void operator()(std::byte* memory) const { ::operator delete[](memory, memory_alignment); }
};
using Memory = std::unique_ptr<std::byte[], FreeMemory>;

Memory zeroed_memory(size_t size) {
  auto* bytes = static_cast<std::byte*>(::operator new[](size, memory_alignment));
  std::fill_n(bytes, size, std::byte{0});
  return Memory(bytes);
}

// After this long without an event every sliding window is empty.
int64_t quiet_after(const Plan& plan) {
  int64_t longest_ns = plan.pane_ns;
  for (const Window& window : plan.windows) {
    longest_ns = std::max(longest_ns, window.length_ns + window.slot_ns + plan.pane_ns);
  }
  return longest_ns;
}

}  // namespace

struct Simulation::Parts {
  Parts(const Plan& p, const SimulationOptions& o)
      : plan(p), options(o), decoder(p), joins(p), quiet_after_ns(quiet_after(p)) {}

  void begin(int64_t time_ns);
  void reach(int64_t time_ns);
  void advance_to(int64_t time_ns);
  void tick_before(int64_t time_ns);
  void give_mature(int64_t time_ns);
  void observe(Observation observation, std::string_view id);
  int64_t tick_after(int64_t limit_ns) const;
  void tick(int64_t time_ns);
  void take_decisions();
  bool is_far_ahead(int64_t time_ns) const;

  const Plan& plan;
  SimulationOptions options;
  EventDecoder decoder;
  EventJoins joins;
  std::vector<Observation> due;  // room for what is mature
  Memory memory;
  std::unique_ptr<Runtime> runtime;
  uint32_t shard = 0;
  int32_t pid = 0;
  int64_t quiet_after_ns;
  int64_t now_ns = 0;         // last tick; 0: not begun
  int64_t last_event_ns = 0;  // newest event
  bool event_waits = false;   // since the last tick
  DecodedEvent refused;       // an event the decoder took and the clock cannot
  std::vector<Decision> decisions;
};

Simulation::Simulation() = default;
Simulation::~Simulation() = default;

Result<std::unique_ptr<Simulation>> Simulation::open(const Plan& plan, const Evaluator& evaluator,
                                                     const SimulationOptions& options) {
  if (options.tick_ns < tick_ns_min || options.tick_ns > clock_gap_ns_max) {
    return Error{fmt::format("a tick of {} is out of range; give {} to {}",
                             duration_text(options.tick_ns), duration_text(tick_ns_min),
                             duration_text(clock_gap_ns_max))};
  }
  std::unique_ptr<Simulation> simulation(new Simulation);
  simulation->parts_ = std::make_unique<Parts>(plan, options);
  Parts& parts = *simulation->parts_;
  const size_t size = Runtime::shared_size(plan);
  if (size > limits::shared_bytes_max) {
    return Error{fmt::format("release {} needs {} MiB of memory, at most {} MiB are allowed",
                             plan.release, size >> 20, limits::shared_bytes_max >> 20)};
  }
  parts.memory = zeroed_memory(size);
  parts.pid = static_cast<int32_t>(getpid());
  auto runtime = Runtime::open(plan, evaluator, {parts.memory.get(), size});
  if (!runtime) return runtime.error();
  parts.runtime = std::move(*runtime);
  const auto shard = parts.runtime->claim_shard(parts.pid);
  if (!shard) return shard.error();
  parts.shard = *shard;
  return simulation;
}

void Simulation::Parts::take_decisions() {
  while (const auto decision = runtime->next_decision()) {
    decisions.push_back(*decision);
    runtime->acknowledge_decision(decision->id);
  }
}

// A raise is durable at once: it takes effect at the very tick that asks for it.
void Simulation::Parts::tick(int64_t time_ns) {
  now_ns = time_ns;
  event_waits = false;
  if (joins.needed()) runtime->set_metrics_failing(joins.metrics_failing(time_ns));
  // Each raise leads to a later step or stage, so this ends.
  const size_t raises_max = limits::steps_max + limits::stages_max + 2;
  for (size_t raises = 0; raises <= raises_max; ++raises) {
    const TickReport report = runtime->tick(pid, time_ns);
    REL_CHECK(report.evaluated);
    take_decisions();
    if (report.route_changed != 0) joins.routed(runtime->published_route());
    if (report.raise.kind == RaiseKind::none) return;
    runtime->grant_raise(report.raise.id);
  }
  REL_CHECK(false);
}

// The next tick, at most `limit_ns`. In quiet time the frame stays as it is, so that only timers
// matter: ticks are a second apart, the most that is no clock gap, and close around timers.
int64_t Simulation::Parts::tick_after(int64_t limit_ns) const {
  const int64_t next_ns = now_ns + options.tick_ns;
  const bool quiet = now_ns - last_event_ns > quiet_after_ns && !event_waits;
  if (options.quiet == QuietTime::every_tick || !quiet) return next_ns;
  const EngineState state = runtime->engine_state();
  const int64_t due_ns = next_change_ns(plan, state, now_ns);
  int64_t far_ns = due_ns == never_ns ? limit_ns : std::min(due_ns - 1, limit_ns);
  if (state.phase == Phase::running) far_ns = std::min(far_ns, now_ns + clock_gap_ns_max);
  return std::max(next_ns, floor_to(far_ns, options.tick_ns));
}

// Ticks at every tick before `time_ns`, so that an event at a tick's own time is counted in it.
void Simulation::Parts::tick_before(int64_t time_ns) {
  for (int64_t next_ns = tick_after(time_ns - 1); next_ns < time_ns;
       next_ns = tick_after(time_ns - 1)) {
    tick(next_ns);
  }
}

// What joins have to give until then comes at its own time, as an event does.
void Simulation::Parts::advance_to(int64_t time_ns) {
  for (int64_t due_ns = joins.next_due_ns(); due_ns < time_ns; due_ns = joins.next_due_ns()) {
    give_mature(std::max(due_ns, now_ns));
  }
  tick_before(time_ns);
}

void Simulation::Parts::give_mature(int64_t time_ns) {
  tick_before(time_ns);
  due.clear();
  joins.mature(time_ns, due);
  for (Observation& observation : due) {
    observation.time_ns = time_ns;
    runtime->observe(shard, observation);
  }
  last_event_ns = std::max(last_event_ns, time_ns);
  event_waits = true;
}

void Simulation::Parts::observe(Observation observation, std::string_view id) {
  joins.take(observation, id);
  runtime->observe(shard, observation);
}

// A release that stands in a step since just now, with everything before it behind it.
EngineState state_in(const SimulationPlace& place, int64_t now_ns) {
  EngineState state;
  state.phase = Phase::running;
  state.stage = place.stage;
  state.step = place.step;
  state.started_ns = state.stage_entered_ns = state.step_entered_ns = now_ns;
  return state;
}

void Simulation::Parts::begin(int64_t time_ns) {
  last_event_ns = time_ns;
  const int64_t first_ns = floor_to(time_ns, options.tick_ns);
  // A simulation is about the triggers: whoever must say something has said it.
  runtime->set_gates(UINT64_MAX);
  if (options.place) runtime->restore({state_in(*options.place, first_ns)});
  else runtime->request_start();
  tick(first_ns);
}

// Reaches the time of an event that is counted next.
void Simulation::Parts::reach(int64_t time_ns) {
  if (now_ns == 0) begin(time_ns);
  advance_to(time_ns);
  last_event_ns = std::max(last_event_ns, time_ns);
  event_waits = true;
}

bool Simulation::Parts::is_far_ahead(int64_t time_ns) const {
  return now_ns != 0 && time_ns - last_event_ns > limits::duration_ns_max;
}

const DecodedEvent& Simulation::feed(std::string_view line) {
  Parts& parts = *parts_;
  const DecodedEvent& event = parts.decoder.decode(line);
  const bool told = event.kind == EventKind::observation || event.kind == EventKind::label ||
                    event.kind == EventKind::source;
  if (!told) return event;
  if (parts.is_far_ahead(event.time_ns)) {
    parts.refused.kind = EventKind::rejected;
    parts.refused.reason = fmt::format("`time` is {} after the newest event before it, at most {}",
                                       duration_text(event.time_ns - parts.last_event_ns),
                                       duration_text(limits::duration_ns_max));
    return parts.refused;
  }
  parts.reach(event.time_ns);
  if (event.kind == EventKind::source) parts.runtime->set_source_failing(!event.source_ok);
  else if (event.kind == EventKind::label) parts.joins.take(event.label);
  else parts.observe(event.observation, event.id);
  return event;
}

void Simulation::start(int64_t time_ns) { parts_->begin(time_ns); }

void Simulation::observe(const Observation& observation) {
  parts_->reach(observation.time_ns);
  parts_->observe(observation, {});
}

void Simulation::set_source(int64_t time_ns, bool answers) {
  parts_->reach(time_ns);
  parts_->runtime->set_source_failing(!answers);
}

void Simulation::advance(int64_t time_ns) {
  parts_->advance_to(time_ns);
  if (parts_->now_ns < time_ns) parts_->tick(time_ns);
}

void Simulation::set_tick(int64_t tick_ns) {
  REL_CHECK(tick_ns >= tick_ns_min && tick_ns <= clock_gap_ns_max);
  parts_->options.tick_ns = tick_ns;
}

void Simulation::finish() {
  Parts& parts = *parts_;
  if (parts.now_ns == 0) return;
  const int64_t end_ns = ceil_to(parts.last_event_ns, parts.options.tick_ns);
  parts.advance_to(end_ns);
  if (end_ns > parts.now_ns) parts.tick(end_ns);
}

std::span<const Decision> Simulation::decisions() const { return parts_->decisions; }
int64_t Simulation::now_ns() const { return parts_->now_ns; }
EngineState Simulation::engine_state() const { return parts_->runtime->engine_state(); }
void Simulation::copy_frame(std::span<double> values, std::span<uint8_t> causes,
                            std::span<uint64_t> samples) const {
  parts_->runtime->copy_frame(values, causes, samples);
}
Runtime::Counters Simulation::counters() const { return parts_->runtime->counters(); }
const EventCounters& Simulation::event_counters() const { return parts_->decoder.counters(); }
std::string_view Simulation::category_text(double number) const {
  return parts_->decoder.category_text(number);
}
const EventJoins& Simulation::joins() const { return parts_->joins; }

}  // namespace rel
